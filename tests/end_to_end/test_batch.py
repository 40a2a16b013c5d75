"""A large batch file through the real thing: a verdict for each message, each delivered once in its patient's order, flat memory.

``HUB_TEST_BATCH`` (300) is how many messages are in the file; 10000 of them make 10 MB.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from integrations import load
from shared.hub import connect
from shared.ledger.reporting import conservation
from shared.storage import names
from tests.end_to_end.test_kill import SAMPLE, is_idle
from tests.waiting import Timed, eventually
from toolkit.local.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
NAME = "phw-to-mpi"
MESSAGES = int(os.environ.get("HUB_TEST_BATCH", "300"))
PATIENTS = 50
REFUSED_EACH = 25  # every so manieth message is of a version that is not taken
PHONES = b"~".join(b"029200%05d^PRN^PH" % n for n in range(41))
MIB = 1024.0
PLATFORM = 230  # seconds that Azure's front end waits for an answer
MAY_GROW = 30  # MiB of the host, from the first deliveries to the last


def message(n: int) -> bytes:
    """The nth message of the file, a kilobyte."""
    segments = SAMPLE.strip(b"\r\n").split(b"\r")
    header, patient = segments[0].split(b"|"), segments[2].split(b"|")
    header[9], patient[3] = b"B%06d" % n, b"BATCH%d^^^252^PI" % (n % PATIENTS)
    patient[13] = PHONES
    if n % REFUSED_EACH == 0:
        header[11] = b"2.9"
    return b"\r".join([b"|".join(header), segments[1], b"|".join(patient), *segments[3:]])


def file() -> bytes:
    header = b"|^~\\&|252|PHW|100|MPI|20260501101112"
    ends = b"BTS|%d\rFTS|1\r" % MESSAGES
    return b"\r".join([b"FHS" + header, b"BHS" + header, *(message(n) for n in range(1, MESSAGES + 1)), ends])


def resident(pid: int) -> float:
    """MiB of a process and its children in memory now."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text().split() if children.exists() else []
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB**2 + sum(resident(int(child)) for child in below)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with Stack([load(NAME)], tmp_path) as running:
        yield running


async def arrivals(stack: Stack, expected: int) -> list[float]:
    """The host's memory, watched until so many have arrived."""
    mpi, watched = stack.simulators.running["MPI"], []
    assert stack.host
    for _ in range(int(PLATFORM * 5 / 0.2)):
        watched.append(resident(stack.host.pid))
        if sum(got.taken for got in mpi.received) >= expected:
            return watched
        await asyncio.sleep(0.2)
    raise AssertionError(f"{len(mpi.received)} of {expected} arrived")


async def test_a_large_batch(stack: Stack) -> None:
    body, refused = file(), MESSAGES // REFUSED_EACH
    assert stack.host
    assert stack.storage.process
    before, began = resident(stack.host.pid), time.monotonic()
    timed = Timed(os.getpid(), stack.host.pid, stack.storage.process.pid)
    async with aiohttp.ClientSession(stack.url) as session, session.post(f"/api/v1/{NAME}", data=body) as answer:
        lines = (await answer.read()).split(b"\r")
    answered = timed.seconds
    verdicts = Counter(line.split(b"|")[1][-1:] for line in lines if line.startswith(b"MSA"))
    assert (answer.status, verdicts) == (200, {b"A": MESSAGES - refused, b"R": refused})
    assert [line for line in lines if line[:3] in (b"BTS", b"FTS")] == [b"BTS|%d" % MESSAGES, b"FTS|1"]
    assert answered < PLATFORM * MESSAGES / 10_000 + 2
    watched = await arrivals(stack, MESSAGES - refused)
    took = time.monotonic() - began
    await judge(stack, refused)
    quarter = max(1, len(watched) // 4)
    print(  # noqa: T201
        f"\nbatch: {len(body) / MIB**2:.1f} MiB, {MESSAGES} messages: answered in {answered:.1f} s, delivered in {took:.0f} s; "
        f"host {before:.0f} MiB before, {watched[0]:.0f} at the answer, {max(watched):.0f} at most, {watched[-1]:.0f} at the end"
    )
    assert max(watched[-quarter:]) - max(watched[:quarter]) < MAY_GROW
    assert max(watched) - before < MAY_GROW + 6 * len(body) / MIB**2


async def judge(stack: Stack, refused: int) -> None:
    """Each one once, in its patient's order, and the books balance; nothing of the file is left."""
    order = [got.control_id for got in stack.simulators.running["MPI"].received if got.taken]
    expected = {f"B{n:06d}" for n in range(1, MESSAGES + 1) if n % REFUSED_EACH}
    assert (len(order), set(order)) == (len(expected), expected)
    for patient in range(PATIENTS):
        own = [control_id for control_id in order if int(control_id[1:]) % PATIENTS == patient]
        assert own == sorted(own)
    hub = connect([load(NAME)])
    try:
        assert await eventually(lambda: is_idle(hub))
        balance = await conservation.balance(load(NAME), hub)
        assert balance.holds, balance.unexplained
        assert balance.outcomes == {"delivered": MESSAGES - refused, "rejected": refused}
        assert await eventually(lambda: hub.store.blobs(names.CONTENT), lambda found: not found) == []
    finally:
        await hub.drain(0)
