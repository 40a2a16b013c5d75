"""One trace on the real local host: HTTP in, a retry, FHIR out; and over a topic into a second integration, MLLP out."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from integrations import load_all
from tests.waiting import eventually
from toolkit.local import spans
from toolkit.local.stack import Stack
from toolkit.say import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    integrations = load_all(["pas-adt-to-cdr", "mpi-outbound", "mpi-to-phw"])
    async with Stack(integrations, tmp_path_factory.mktemp("stack")) as running:
        yield running


async def post(stack: Stack, name: str, sample: str) -> str:
    """Send a sample in the caller's trace; its control id."""
    body = Path(ROOT / "integrations" / name.replace("-", "_") / "samples" / f"{sample}.in.hl7").read_bytes()
    async with aiohttp.ClientSession(stack.url) as session, session.post(f"/api/v1/{name}", data=body, headers=CALLER) as answer:
        assert (await answer.read()).split(b"MSA|")[1][:2] in (b"AA", b"CA")
    return body.split(b"|")[9].decode()


async def traced(control_id: str, name: str) -> list[dict[str, Any]]:
    """The spans that ``./hub trace --spans`` shows, in the order of the tree; all of them in the trace of the caller."""
    command = [sys.executable, "-m", "toolkit", "trace", control_id, "-i", name, "--spans", "--json"]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    traces = json.loads(done.stdout)["traces"]
    assert {one["trace"] for one in traces} == {TRACE}
    return [span for one in traces for top in one["spans"] for span in flat(top)]


async def delivered(*names: str) -> None:
    """Wait for the end of each attempt that delivers, and of each acceptance: an answer or a delivery comes before its span."""
    expected = {(name, "accept") for name in names} | {(name, "delivered") for name in names}

    async def missing() -> set[tuple[str, str]]:
        ended = [(one.attributes.get("integration", ""), one) for one in spans.read(spans.path())]
        return expected - {(name, str(key)) for name, one in ended for key in (one.name, one.attributes.get("outcome"))}

    assert await eventually(missing, lambda left: not left) == set()


def flat(span: dict[str, Any]) -> list[dict[str, Any]]:
    return [span, *(each for child in span["children"] for each in flat(child))]


async def test_from_the_senders_request_over_a_retry_to_the_repository(stack: Stack) -> None:
    cdr = stack.simulators.running["CDR"]
    cdr.script.will("away:0")
    control = await post(stack, "pas-adt-to-cdr", "a01_admission")
    await delivered("pas-adt-to-cdr")
    found = await traced(control, "pas-adt-to-cdr")
    accepted, *_ = found
    attempts, requests = ([span for span in found if span["name"] == name] for name in ("attempt", "deliver"))
    assert (accepted["name"], accepted["kind"]) == ("accept", "SERVER")
    first = attempts[0]["attributes"]
    assert (first["outcome"], first["error_code"]) == ("waiting", "http-503")
    assert {span["name"] for span in accepted["children"]} == {"record", "attempt"}
    assert all(span["ms"] > 0 for span in found)
    sent = {context.split("-")[2] for context in cdr.traceparents if context.split("-")[1] == TRACE}
    assert sent == {span["span"] for span in requests}
    assert len(sent) == len([span for span in attempts if span["children"]]) >= 2


async def test_over_a_topic_into_another_integration(stack: Stack) -> None:
    control = await post(stack, "mpi-outbound", "a31_for_phw_and_chemocare")
    await delivered("mpi-outbound", "mpi-to-phw")
    found = await traced(control, "mpi-outbound")
    assert [(span["name"], span["attributes"].get("integration", "")) for span in found if span["name"] != "record"] == [
        *(("accept", "mpi-outbound"), ("attempt", "mpi-outbound"), ("deliver", "")),
        *(("accept", "mpi-to-phw"), ("attempt", "mpi-to-phw"), ("deliver", "")),
    ]
    assert [span["attributes"]["destination"] for span in found if span["name"] == "deliver"] == ["MPI_OUTBOUND", "PHW"]
    same = await traced(control, "mpi-to-phw")  # from the other end of it
    assert [span["span"] for span in same] == [span["span"] for span in found]
