"""How much memory a large message takes in the host, by its way in: the peak of a real process above what it has when idle.

Each way has a host of its own, which has delivered one small message before. Linux only: the peak is ``VmHWM`` of the process,
reset before the large message. Settings: ``HUB_BENCH_DOCUMENT`` (50 MiB of a document, before base64; a referral takes 19 at
most), ``HUB_BENCH_ROWS`` (4,000 rows of CSV), ``HUB_BENCH_AT_ONCE`` (100 messages of 5 MiB), ``HUB_BENCH_WAY`` (only the ways
that have this text in their name).
"""

import asyncio
import base64
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from integrations import load
from shared.settings import SettingInvalid, number, setting
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from toolkit.bench import csv_rows
from toolkit.local import drops
from toolkit.local.stack import Stack
from toolkit.samples import samples

MIB = 1024 * 1024
PATIENCE = 240.0
"""Seconds for which the delivery of one message is waited for."""
SENDER = 900.0
"""Seconds for which a message that is refused is sent again: many at once have one processor."""
ATTACHMENT = 19.0
"""MiB of a document in a referral: its rules allow 20 MB."""
GOAL = 60.0
"""MiB above idle for a document of 50 MiB."""
FIRST = "MDM^T02 with a document in base64, a file"
"""The way that the goal is for."""
FILES, REFERRALS, LISTS, CALLS = "documents-to-cdr", "referrals-to-pas", "clinic-appointments-to-cdr", "lims-demographics-to-mpi"


class Way(NamedTuple):
    """One way in: which integration, and what sends a large message and waits until it is delivered; its size in bytes."""

    label: str
    integration: str
    send: Callable[[Stack, float], Awaitable[int]]
    large: float


class Peak(NamedTuple):
    """What one way took: bytes sent, MiB of the process when idle, and MiB above that at its peak."""

    label: str
    sent: int
    idle: float
    grown: float

    def line(self) -> str:
        size = self.sent / MIB
        return f"  {self.label:<44} {size:7.1f}   {self.idle:7.0f}   {self.grown:7.0f}   {self.grown / size:7.1f}"


def main() -> int:
    if sys.platform != "linux":
        print("this benchmark needs Linux")
        return 2
    only = setting("HUB_BENCH_WAY")
    chosen = [way for way in ways(number("HUB_BENCH_DOCUMENT", 50)) if only in way.label]
    if not chosen:
        raise SettingInvalid(f"the setting HUB_BENCH_WAY is in none of: {'; '.join(way.label for way in ways(0))}")
    print("Memory of the host at its peak above idle. Sizes in MiB; the last column is bytes for each byte that was sent.")
    print(f"  {'way':<44} {'sent':>7}   {'idle':>7}   {'peak':>7}   {'ratio':>7}")
    peaks = [_shown(way) for way in chosen]
    return 0 if all(peak and (peak.label != FIRST or peak.grown <= GOAL) for peak in peaks) else 1


def _shown(way: Way) -> Peak | None:
    """One way, shown as soon as it is measured; ``None``: it failed, and the others are measured all the same."""
    try:
        peak = asyncio.run(measure(way))
    except (RuntimeError, TimeoutError) as problem:
        print(f"  {way.label:<44} not measured: {str(problem) or 'it was not delivered in time'}", flush=True)
        return None
    print(peak.line(), flush=True)
    return peak


def ways(document: float) -> tuple[Way, ...]:
    """The ways that are measured. ``document``: its size in MiB."""
    return (
        Way(FIRST, FILES, mdm, document),
        Way("MDM^T02 with a report as text, a file", FILES, report, 20),
        Way("document and sidecar, two files", FILES, pair, document),
        Way("FHIR bundle with a document, HTTP", REFERRALS, bundle, min(document, ATTACHMENT)),
        Way("the same, compressed with gzip", REFERRALS, compressed_bundle, min(document, ATTACHMENT)),
        Way("CSV, HTTP", LISTS, table, number("HUB_BENCH_ROWS", 4000)),
        Way("SOAP, HTTP", CALLS, call, 5),
        Way("5 MiB messages at once, HTTP", REFERRALS, many, number("HUB_BENCH_AT_ONCE", 100)),
    )


async def measure(way: Way) -> Peak:
    """The memory that one large message takes, in a host that has delivered a small one."""
    with tempfile.TemporaryDirectory() as folder:
        async with Stack([load(way.integration)], Path(folder)) as stack:
            assert stack.host
            await way.send(stack, 0)
            await asyncio.sleep(1)
            status = Path(f"/proc/{stack.host.pid}")
            (status / "clear_refs").write_text("5", "ascii")
            idle = memory(status, "VmRSS")
            sent = await way.send(stack, way.large)
            return Peak(way.label, sent, idle / MIB, (memory(status, "VmHWM") - idle) / MIB)


def memory(process: Path, what: str) -> int:
    """Bytes of a process, as Linux counts them: ``VmRSS`` now, ``VmHWM`` at most."""
    text = (process / "status").read_text("ascii")
    return int(text.partition(f"{what}:")[2].split()[0]) * 1024


def noise(mib: float) -> bytes:
    """Bytes that cannot be compressed, as those of a scan, after the mark of a PDF."""
    return b"%PDF-1.7\n" + random.Random(1).randbytes(int(mib * MIB))


def sample(integration: str, name: str) -> bytes:
    return next(each.body for each in samples(load(integration)) if each.name == name)


async def mdm(stack: Stack, mib: float) -> int:
    data = base64.b64encode(noise(mib)) if mib else b"JVBERi0xLjQK"
    return await letter(stack, mib, lambda line: line.partition(b"Base64^")[0] + b"Base64^" + data)


async def report(stack: Stack, mib: float) -> int:
    """No base64: the text of the document is in the message, and becomes base64 on its way out."""
    text = b"Seen on the ward. " * int(mib * MIB / 18) or b"Seen on the ward."
    return await letter(stack, mib, lambda line: b"OBX|1|TX|11488-4^Letter^LN||" + text + b"||||||F")


async def letter(stack: Stack, mib: float, observation: Callable[[bytes], bytes]) -> int:
    """An MDM^T02 whose OBX ``observation`` makes of that of the sample."""
    number = f"DS26-{int(mib):04}"
    lines = sample(FILES, "mdm_pdf").replace(b"DS26-0001", number.encode()).replace(b"MDM0001", number.encode()).split(b"\r")
    body = b"\r".join(observation(line) if line.startswith(b"OBX") else line for line in lines)
    await drop(stack, f"letter{mib}", {"hl7": body})
    await until(lambda: document_of(stack, number))
    return len(body)


async def pair(stack: Stack, mib: float) -> int:
    halves = drops.halves(sample(FILES, "clinic_letter"), "json")
    sidecar, number = json.loads(halves["json"]), f"D{int(mib)}"
    sidecar |= {"id": f"EVT-{number}", "document": {**sidecar["document"], "id": number}}
    pdf = noise(mib)
    await drop(stack, number, {"pdf": pdf, "json": json.dumps(sidecar).encode()})
    await until(lambda: document_of(stack, number))
    return len(pdf)


def referral(mib: float, control: str) -> bytes:
    made = json.loads(sample(REFERRALS, "urgent_with_letter"))
    made["identifier"]["value"] = control
    letter = next(each["resource"] for each in made["entry"] if each["resource"]["resourceType"] == "DocumentReference")
    letter["content"][0]["attachment"]["data"] = base64.b64encode(noise(mib)).decode()
    return json.dumps(made).encode()


async def bundle(stack: Stack, mib: float) -> int:
    body = referral(mib, f"MEMORY-{mib}")
    await post(stack, REFERRALS, body, "application/fhir+json")
    await until(lambda: is_received(stack, "PAS", f"MEMORY-{mib}"))
    return len(body)


async def compressed_bundle(stack: Stack, mib: float) -> int:
    body = referral(mib, f"MEMORY-{mib}")
    await post(stack, REFERRALS, gzip.compress(body, 1), "application/fhir+json", {"Content-Encoding": "gzip"})
    await until(lambda: is_received(stack, "PAS", f"MEMORY-{mib}"))
    return len(body)


async def table(stack: Stack, rows: float) -> int:
    """The file until it is answered, and its rows while the first of them are delivered."""
    body = csv_rows.table(int(rows) or 1)
    await post(stack, LISTS, body, "text/csv")
    await asyncio.sleep(10 if rows else 3)
    return len(body)


async def call(stack: Stack, mib: float) -> int:
    """A call with a long comment before its body: the envelope is read whole, and the message in it is a usual one."""
    body = sample(CALLS, "a28_new_patient")
    if mib:
        at = body.index(b"<", body.index(b"Body"))
        body = body[:at] + b" " * int(mib * MIB) + body[at:]
    await post(stack, CALLS, body, "text/xml")
    await asyncio.sleep(2)
    return len(body)


async def many(stack: Stack, count: float) -> int:
    """Messages of 5 MiB, all at once, each sent again after a refusal until it is accepted; then all are delivered."""
    controls = [f"MANY-{number}" for number in range(int(count))] or ["MANY"]
    bodies = [referral(5 * 3 / 4 if count else 0, control) for control in controls]
    refused = await asyncio.gather(*(post(stack, REFERRALS, body, "application/fhir+json") for body in bodies))
    await until(lambda: all(is_received(stack, "PAS", control) for control in controls))
    if count:
        print(f"  {int(count)} messages of 5 MiB at once: refused and sent again {sum(refused)} times, all delivered")
    return sum(map(len, bodies))


async def post(stack: Stack, integration: str, body: bytes, media: str, headers: dict[str, str] | None = None) -> int:
    """Send until it is accepted, as a sender does; how often it was refused because the hub or storage was busy."""
    refused, end = 0, time.monotonic() + SENDER
    async with aiohttp.ClientSession() as session:
        while True:
            sent = {"Content-Type": media, **(headers or {})}
            async with session.post(f"{stack.url}/api/v1/{integration}", data=body, headers=sent) as answer:
                text = await answer.read()
            if answer.ok:
                return refused
            if answer.status not in (429, 503) or time.monotonic() > end:
                raise RuntimeError(f"the hub answered {answer.status} to {integration}: {text[:300]!r}")
            refused += 1
            await asyncio.sleep(min(int(answer.headers.get("Retry-After", "1")), 5))


async def drop(stack: Stack, stem: str, files: dict[str, bytes]) -> None:
    """The files of a message into the inbox, and the event of each."""
    url = f"{stack.url}/runtime/webhooks/eventgrid?functionName=documents_to_cdr_event"
    headers = {"aeg-event-type": "Notification", "Content-Type": "application/cloudevents+json"}
    store = AzureStore(Account(stack.storage.connection_string))
    async with aiohttp.ClientSession() as session:
        for name in await drops.leave(load(FILES), store, stem, files):
            async with session.post(url, json=drops.created(name), headers=headers) as answer:
                await answer.read()
    await store.close()


async def until(is_there: Callable[[], bool]) -> None:
    """Raises ``TimeoutError`` when it does not come."""
    async with asyncio.timeout(PATIENCE):
        while not is_there():  # noqa: ASYNC110 the simulators have no event for it
            await asyncio.sleep(0.05)


def document_of(stack: Stack, number: str) -> bool:
    cdr: Any = stack.simulators.running["CDR"]
    return any(each["masterIdentifier"]["value"] == number for each in cdr.store.of_type("DocumentReference"))


def is_received(stack: Stack, name: str, control: str) -> bool:
    simulator: Any = stack.simulators.running[name]
    return any(each.control_id == control for each in simulator.received)
