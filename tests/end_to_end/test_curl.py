"""The front door as `curl` knows it: a compressed bundle, its status until it is processed, and rejected requests."""

import asyncio
import base64
import gzip
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from integrations import load_all
from shared.budget import COST
from tests.waiting import LONGEST, eventually
from toolkit.local.stack import Stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not shutil.which("curl"), reason="needs curl"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
REFERRAL = (ROOT / "integrations/referrals_to_pas/samples/urgent_with_letter.in.json").read_bytes()
MESSAGE = (ROOT / "integrations/phw_to_mpi/samples/a31_null.in.hl7").read_bytes()
REFERRALS, PHW = "/api/v1/referrals-to-pas", "/api/v1/phw-to-mpi"
FHIR = "Content-Type: application/fhir+json"
GZIP = "Content-Encoding: gzip"
LARGE = 10 << 20
TOO_LARGE = b"101 MiB of zeros, compressed"  # made by its test: not in each process that collects it


class Said(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(load_all(["referrals-to-pas", "phw-to-mpi"]), tmp_path_factory.mktemp("stack")) as running:
        yield running


async def curl(url: str, *headers: str, body: bytes | None = None) -> Said:
    asked = [part for header in headers for part in ("-H", header)]
    sent = [] if body is None else ["--data-binary", "@-"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("curl", "-si", *asked, *sent, url, stdin=pipe, stdout=pipe)
    out, _ = await asyncio.wait_for(process.communicate(body or b""), LONGEST)
    head, _, rest = out.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        head, _, rest = rest.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return Said(int(first.split()[1]), {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}, rest)


async def test_a_packed_bundle_is_followed_to_its_end(stack: Stack) -> None:
    pas = stack.simulators.running["PAS"]
    await pas.stop()
    sent = await curl(stack.url + REFERRALS, FHIR, GZIP, "Prefer: respond-async", body=gzip.compress(REFERRAL, mtime=0))
    assert (sent.status, sent.headers["preference-applied"]) == (202, "respond-async")
    where = sent.headers["content-location"]
    assert where.startswith(f"{stack.url}{REFERRALS}/messages/")
    answer = await curl(where, "Accept: application/fhir+json")
    assert (answer.status, answer.json["resourceType"]) == (202, "OperationOutcome")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["x-progress"]
    await pas.start()
    for _ in range(200):
        answer = await curl(where, "Accept: application/fhir+json")
        if answer.status == 200:
            break
        await asyncio.sleep(0.1)
    assert answer.json["entry"][0]["response"]["status"] == "200"
    assert (await curl(where)).json["outcome"] == "delivered"


async def test_the_calls_of_the_onboarding_page(stack: Stack, tmp_path: Path) -> None:
    """Each curl of onboarding.md, as it is written; ID is that of the message before."""
    from tests.documents import blocks

    bundle = json.loads(REFERRAL)
    bundle["identifier"]["value"] = "CURL-ONBOARDING"
    (tmp_path / "referral.json").write_text(json.dumps(bundle), "utf-8")
    (tmp_path / "my-message.hl7").write_bytes(MESSAGE)
    found = [each.text for each in blocks(ROOT / "docs" / "onboarding.md") if each.why == "tests/end_to_end/test_curl.py"]
    calls = [call for text in found for call in re.split(r"\n(?=curl )", text)]
    answers, number = list[str](), ""
    for call in calls:
        text = call.replace("http://127.0.0.1:7071", stack.url).replace("messages/ID", f"messages/{number}")
        answers.append(await shell(text, tmp_path))
        number = found[1] if (found := re.search(r"messages/([\w.-]+)", answers[-1])) else number
    statuses = [match[1] for each in answers if (match := re.match(r"HTTP/1.1 (\d+)", each))]
    assert len(calls) == 4
    assert statuses[:2] == ["200", "202"]
    assert statuses[2] in ("200", "202")  # done, or still on its way
    assert json.loads(answers[3])["accepted"] is True


async def shell(text: str, folder: Path) -> str:
    pipe, environment = asyncio.subprocess.PIPE, {**os.environ, "HUB_KEY": "any"}
    process = await asyncio.create_subprocess_exec("bash", "-ec", text, cwd=folder, stdout=pipe, stderr=pipe, env=environment)
    out, _ = await asyncio.wait_for(process.communicate(), LONGEST)
    assert process.returncode == 0, text
    return out.decode()


async def test_a_broken_bundle_is_told_where(stack: Stack) -> None:
    bundle = json.loads(REFERRAL)
    patient = next(n for n, each in enumerate(bundle["entry"]) if each["resource"]["resourceType"] == "Patient")
    bundle["entry"][patient]["resource"]["birthDate"] = "yesterday"
    answer = await curl(stack.url + REFERRALS, FHIR, body=json.dumps(bundle).encode())
    assert (answer.status, answer.headers["content-type"]) == (422, "application/fhir+json")
    assert any(f"entry[{patient}].resource.birthDate" in where for issue in answer.json["issue"] for where in issue["expression"])


async def test_an_attachment_of_ten_megabytes_passes_in_bounded_memory(stack: Stack) -> None:
    # One without it first: what the host imports for its first message is no part of what a large one takes.
    await deliver(stack, "CURL-FIRST", base64.b64encode(b"a letter").decode())
    data = base64.b64encode(os.urandom(LARGE)).decode()
    assert stack.host
    before, most = resident(stack.host.pid, "VmRSS"), []
    for number in range(5):
        Path(f"/proc/{stack.host.pid}/clear_refs").write_text("5")  # the peak begins anew
        await deliver(stack, f"CURL-LARGE-{number}", data)
        most.append(resident(stack.host.pid, "VmHWM") - before)
    print(f"\na referral with {LARGE >> 20} MiB attached: {[each >> 20 for each in most]} MiB more at most")  # noqa: T201
    # The last is no more than the first, but for small things: nothing of one message is in memory when the next one comes.
    assert max(most) < COST * len(data)


async def deliver(stack: Stack, number: str, data: str) -> None:
    bundle = json.loads(REFERRAL)
    bundle["identifier"]["value"] = number
    letter = next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "DocumentReference")
    letter["content"][0]["attachment"]["data"] = data
    answer = await curl(stack.url + REFERRALS, FHIR, body=json.dumps(bundle).encode())
    assert answer.status == 202

    async def arrived() -> list[bytes]:
        return [got.body for got in stack.simulators.running["PAS"].received if got.control_id == number]

    assert data.encode() in (await eventually(arrived))[0]


def resident(pid: int, kind: str) -> int:
    """Bytes of memory of a process: now (``VmRSS``), or at most (``VmHWM``)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (REFERRALS, REFERRAL, ("Content-Type: application/fhir+xml",), 415),
        (REFERRALS, REFERRAL, (FHIR, "Accept: text/turtle"), 406),
        (REFERRALS, REFERRAL, (FHIR, GZIP), 400),
        (REFERRALS, REFERRAL, (FHIR, "Content-Encoding: zstd"), 415),
        (REFERRALS, TOO_LARGE, (FHIR, GZIP), 413),
        (PHW, MESSAGE, ("Content-Type: application/pdf",), 415),
        (PHW, MESSAGE, (GZIP,), 400),
        (PHW, MESSAGE, ("Accept: image/png",), 406),
        (PHW, gzip.compress(MESSAGE, mtime=0), (GZIP,), 200),
        (PHW, MESSAGE.replace(b"|PHW000007|", b"|CURL1|"), ("Accept: application/json",), 202),
    ],
)
async def test_what_http_says(stack: Stack, path: str, body: bytes, headers: tuple[str, ...], status: int) -> None:
    made = gzip.compress(bytes(101 << 20), mtime=0) if body is TOO_LARGE else body
    answer = await curl(stack.url + path, *headers, body=made)
    assert answer.status == status
    if path == REFERRALS or status == 202:
        assert answer.json["resourceType"] == "OperationOutcome"
    else:
        assert answer.body.startswith(b"MSH|")
