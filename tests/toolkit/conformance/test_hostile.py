"""A folder that someone filled carelessly or with intent: the report ends, says what was not read, and holds no value."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from integrations import load, load_all
from shared.envelope import LARGEST
from shared.integration import Integration
from tests.toolkit.conformance.served import NOW
from toolkit.conformance import judges, page, terminal
from toolkit.conformance.report import report
from toolkit.conformance.tally import tally
from toolkit.samples import samples

PHW = load("phw-to-mpi")
SAMPLE = samples(PHW)[0].body


def made(integration: Integration, folder: Path) -> dict[str, Any]:
    with judges.local(integration, lambda: NOW) as judge:
        return report(tally(integration, folder, judge), "1.2.3")


def rules(found: dict[str, Any]) -> set[str]:
    return {each["rule"] for each in found["rules"]}


@pytest.mark.parametrize("integration", load_all(), ids=lambda each: each.name)
def test_binary_and_empty_files_are_refused_by_every_integration(integration: Integration, tmp_path: Path) -> None:
    for number, body in enumerate(
        (b"", bytes(range(256)) * 8, b"\xff" * 1000, b"\x0b", b"\x1f\x8b\x08", b"{", b"<", b"MSH|", b"[" * 9999)
    ):
        (tmp_path / f"{number}.bin").write_bytes(body)
    found = made(integration, tmp_path)
    assert (found["counts"]["files"], found["counts"]["accepted"], found["score"], found["ready"]) == (9, 0, 0, False)


def test_an_empty_folder_is_not_ready(tmp_path: Path) -> None:
    found = made(PHW, tmp_path)
    assert (found["score"], found["ready"]) == (0, False)
    assert "messages: the folder has none" in found["missing"]


def test_a_file_beyond_the_limit_is_refused_as_at_the_door(tmp_path: Path) -> None:
    with (tmp_path / "huge.hl7").open("wb") as file:
        file.truncate(LARGEST + 1)
    (tmp_path / "bomb.hl7.gz").write_bytes(gzip.compress(bytes(LARGEST + 1), mtime=0))
    found = made(PHW, tmp_path)
    assert rules(found) == {"too-large"}
    assert (found["counts"]["messages"], found["counts"]["accepted"]) == (1, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_what_is_no_file_is_not_opened_and_a_loop_of_links_ends(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.hl7").write_bytes(SAMPLE)
    (folder / "deep" / "loop").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "away").symlink_to(tmp_path / "absent")
    (tmp_path / "outside.hl7").write_bytes(SAMPLE)
    (folder / "outside.hl7").symlink_to(tmp_path / "outside.hl7")
    os.mkfifo(folder / "pipe")
    found = made(PHW, folder)
    assert sorted(each["why"] for each in found["not_read"]) == ["a link"] * 4 + ["not a file"]
    assert found["counts"]["messages"] == 1
    assert "files that can be read: 5 cannot" in found["missing"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read every file")
def test_a_file_without_permission_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(SAMPLE)
    (tmp_path / "a.hl7").chmod(0)
    assert made(PHW, tmp_path)["not_read"] == [{"file": 1, "why": "no permission to read it"}]


def test_a_file_that_fails_while_it_is_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.hl7").write_bytes(SAMPLE)

    def denied(*_: object) -> int:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("os.open", denied)
    assert made(PHW, tmp_path)["not_read"] == [{"file": 1, "why": "no permission to read it"}]


def test_no_value_and_no_name_of_a_file_is_in_a_report(tmp_path: Path) -> None:
    """Each value of every sample of an integration that a person could be known by, under names that hold one too."""
    secret = "QZXWVUTS9990400008"
    for number, each in enumerate(samples(PHW)):
        body = each.body.replace(b"PID|", b"PID|" + secret.encode(), 1).replace(
            b"ADT^", b"ADT^" + secret.encode()[: number % 3 * 8], 1
        )
        (tmp_path / f"{secret}-{number}.hl7").write_bytes(body + b"\rZ" + secret.encode() + b"|" + secret.encode())
    found = made(PHW, tmp_path)
    assert found["counts"]["messages"] == len(samples(PHW))
    assert found["rules"]
    for text in (json.dumps(found), page.page(found, "2026-05-01", "this machine"), terminal.text(found)):
        assert "QZX" not in text
        assert "9990400008" not in text
