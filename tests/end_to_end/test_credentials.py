"""The page on credentials is followed as it is written: credentials are made and registered, and curl provokes each refusal."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from integrations import load_all
from shared import security
from tests.documents import ROOT, Block, blocks
from tests.waiting import LONGEST
from toolkit.commands.operate.rehearse import order
from toolkit.local.outage import Outage
from toolkit.local.stack import Stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl, openssl"),
]
PAGE = ROOT / "docs" / "credentials.md"
MESSAGE = ROOT / "integrations" / "phw_to_mpi" / "samples" / "a31_null.in.hl7"
STATUS = re.compile(r"# (\d{3})$", re.M)
LOCAL = "http://127.0.0.1:7071"
COMMAND = "rehearse"


async def shell(text: str, folder: Path) -> str:
    """What the commands print; any that fails is red."""
    pipe = asyncio.subprocess.PIPE
    words = ("bash", "-euo", "pipefail", "-c", text)
    process = await asyncio.create_subprocess_exec(*words, cwd=folder, stdout=pipe, stderr=pipe)
    out, wrong = await asyncio.wait_for(process.communicate(), LONGEST)
    assert process.returncode == 0, f"{text}\n{wrong.decode()}"
    return out.decode()


def steps() -> list[Block]:
    return [each for each in blocks(PAGE) if each.mark != "not run"]


async def test_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_STORAGE_PATIENCE", "1")
    shutil.copy(MESSAGE, tmp_path / "my-message.hl7")
    before, after = split(steps())
    for block in before:
        await shell(block.text, tmp_path)
    holds_what_the_hub_expects(tmp_path, monkeypatch)
    stack = Stack(load_all(["phw-to-mpi", "pims-to-mpi"]), tmp_path / "stack")
    async with stack, Outage(stack.storage, tmp_path / "outage.port"):
        for block in after:
            if block.text.startswith(f"./hub {COMMAND} "):
                await asyncio.to_thread(order, block.text.split()[2], tmp_path / "outage.port")
                continue
            printed = await shell(block.text.replace(LOCAL, stack.url), tmp_path)
            assert [line for line in printed.split() if len(line) == 3 and line.isdecimal()] == STATUS.findall(block.text)
        assert STATUS.findall(" ".join(f"{each.text}\n" for each in after)) != []
    assert json.loads((tmp_path / "answer.json").read_text("utf-8"))["accepted"] is True


def split(listed: list[Block]) -> tuple[list[Block], list[Block]]:
    """The steps before the hub is up, and those after."""
    at = next(n for n, each in enumerate(listed) if each.text.startswith("./hub up --partners"))
    return listed[:at], listed[at + 1 :]


def holds_what_the_hub_expects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the owner can read the key; the hash and the fingerprint are those by which the hub knows a caller."""
    assert os.name == "nt" or (folder / "hub.key").stat().st_mode & 0o077 == (folder / "client.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv(security.SETTING, (folder / "partners.json").read_text("utf-8"))
    [partner] = security.partners()
    key = (folder / "hub.key").read_text("utf-8").strip()
    found = security.caller({"x-hub-key": key}, 0.0)
    assert found == partner
    certificate = load_pem_x509_certificate((folder / "client.crt").read_bytes())
    from cryptography.hazmat.primitives.hashes import SHA256

    assert partner.certificates == (certificate.fingerprint(SHA256()).hex(),)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[]", "names no partner"), ("", "names no partner"), ("[{}]", "entry 1: name is missing"), ("{", "is not JSON")],
)
def test_a_file_of_partners_that_would_refuse_every_call_stops_the_start(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from toolkit.commands.operate.up import up

    monkeypatch.setenv(security.SETTING, "")
    (tmp_path / "partners.json").write_text(text, "utf-8")
    with pytest.raises(SystemExit) as ended:
        up(partners=tmp_path / "partners.json")
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_without_a_hub_that_is_up_nothing_can_be_rehearsed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        order("503", tmp_path / "outage.port")
    assert "start it with ./hub up" in capsys.readouterr().err
