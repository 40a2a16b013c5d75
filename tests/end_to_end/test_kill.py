"""The host is killed (-9) at random moments under load, again and again, two of them on one storage: nothing acknowledged is
lost, nothing is doubled without a word, no older message of a patient overtakes a newer one.

``HUB_TEST_KILLS`` (60) is how often, ``HUB_TEST_HOSTS`` (2) how many hosts there are, ``HUB_TEST_STOPS`` (6) how often one
stands still and wakes up, ``HUB_TEST_LANES`` (8) how many patients there are. The kills are spread over ``HUB_TEST_MESSAGES``
(120) messages at least, however slow the machine is. Azurite keeps its last seconds in memory, so it is stopped and never killed.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest

from integrations import load
from shared.hub import Hub, connect
from shared.ledger.reporting import conservation, search
from shared.storage import names
from tests.waiting import LONGEST, eventually
from toolkit.local.azurite import Azurite
from toolkit.local.ports import free_port
from toolkit.local.simulators.mpi import Mpi
from toolkit.local.stack import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLS = int(os.environ.get("HUB_TEST_KILLS", "60"))
HOSTS, STOPS = int(os.environ.get("HUB_TEST_HOSTS", "2")), int(os.environ.get("HUB_TEST_STOPS", "6"))
MESSAGES, LANES = int(os.environ.get("HUB_TEST_MESSAGES", "120")), int(os.environ.get("HUB_TEST_LANES", "8"))
SHORT = {"HUB_LONGEST_DELIVERY": "1", "HUB_CLAIM_MARGIN": "0.5", "HUB_KNOCK_DELAY": "0.3", "HUB_STORAGE_PATIENCE": "3"}
NAME = "phw-to-mpi"
SAMPLE = (ROOT / "integrations/phw_to_mpi/samples/a31_date_of_death.in.hl7").read_bytes()


def message(lane: int, n: int) -> bytes:
    """The nth message of a patient."""
    segments = SAMPLE.split(b"\r")
    header, patient = segments[0].split(b"|"), segments[2].split(b"|")
    assert patient[0] == b"PID"
    header[9] = f"L{lane}N{n}".encode()
    patient[3] = f"KILL{lane}^^^252^PI".encode()
    return b"\r".join([b"|".join(header), segments[1], b"|".join(patient), *segments[3:]])


class Host:
    """A host that is killed at random moments and started again."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "toolkit.local.host", "--port", str(self.port), "--app", str(ROOT), "--quiet"]
        command += ["--state", str(self.folder / f"host{self.port}")]
        log = (self.folder / f"{self.port}.log").open("ab")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env=environment, cwd=ROOT)

    async def is_up(self, session: aiohttp.ClientSession) -> None:
        for _ in range(600):
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{self.port}/api/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)
        raise AssertionError("the host does not come up")

    async def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stand_still(self) -> None:
        """Stopped for longer than a claim lasts, and woken up: it sends nothing that is another host's by then."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(random.uniform(0.5, 3))
        self.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.3)

    async def stop(self) -> None:
        assert self.process
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), LONGEST)


class Reached(Protocol):
    """A host that senders can reach."""

    port: int


class Load:
    """Senders, one for each lane: the next message when the one before was acknowledged, the same again when nothing is heard."""

    def __init__(self, hosts: Sequence[Reached], session: aiohttp.ClientSession) -> None:
        self.hosts, self.session, self.is_over = hosts, session, False
        self.acknowledged: dict[int, list[str]] = defaultdict(list)

    async def lane(self, lane: int) -> None:
        n = 0
        while not self.is_over:
            n += 1
            body = self.message(lane, n)
            while not await self._taken(body):
                await asyncio.sleep(0.05)
            self.acknowledged[lane].append(f"L{lane}N{n}")

    def message(self, lane: int, n: int) -> bytes:
        return message(lane, n)

    async def reaches(self, count: int) -> None:
        """Wait until so many messages have been acknowledged."""
        while sum(map(len, self.acknowledged.values())) < count:
            await asyncio.sleep(0.05)

    async def _taken(self, body: bytes) -> bool:
        url = f"http://127.0.0.1:{random.choice(self.hosts).port}/api/v1/{NAME}"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self.session.post(url, data=body, timeout=aiohttp.ClientTimeout(5)) as answer:
                return self.heard(answer.status, await answer.read())
        return False

    def heard(self, status: int, said: bytes) -> bool:
        """Whether it was acknowledged."""
        return status == 200 and b"MSA|AA" in said


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Mpi, Path]]:
    mpi = Mpi()
    await mpi.start()
    storage = Azurite(tmp_path / "storage")
    await asyncio.to_thread(storage.start)
    settings = {"MPI__HOST": "127.0.0.1", "MPI__PORT": str(mpi.port), "AzureWebJobsStorage": storage.connection_string}
    for name, value in {**settings, **SHORT, "HUB_INTEGRATIONS": NAME}.items():
        monkeypatch.setenv(name, value)
    yield mpi, tmp_path
    await mpi.stop()
    await asyncio.to_thread(storage.stop)


async def hunt(host: Host, session: aiohttp.ClientSession, kills: int, stops: int, load_on: Load) -> None:
    """Up, some work, dead; sometimes dead before it is up, and first stopped for a while, as often as ``stops`` says.

    The kills are spread over the messages that the storm is to have.
    """
    stopped = set(random.sample(range(kills), min(stops, kills)))
    for number in range(kills):
        await host.start()
        if random.random() < 0.9:
            await host.is_up(session)
        await asyncio.sleep(random.uniform(0, 1))
        await load_on.reaches(MESSAGES * number // kills)
        if number in stopped:
            await host.stand_still()
        await host.kill()
    await host.start()
    await host.is_up(session)


async def is_idle(hub: Hub) -> bool:
    return not [row async for row in hub.store.scan(names.tables(NAME).open)]


async def story(hub: Hub, control_id: str) -> dict[str, Any]:
    found = await search.find(NAME, "control", control_id, hub)
    assert len(found) == 1, f"{control_id}: {len(found)} records"
    return found[0]


async def test_kill_storm(world: tuple[Mpi, Path]) -> None:
    mpi, folder = world
    hub = connect([load(NAME)])
    await hub.prepare()
    hosts = [Host(folder) for _ in range(HOSTS)]
    async with aiohttp.ClientSession() as session:
        load_on = Load(hosts, session)
        senders = [asyncio.create_task(load_on.lane(lane)) for lane in range(LANES)]
        await asyncio.gather(*(hunt(host, session, KILLS // HOSTS, STOPS // HOSTS, load_on) for host in hosts))
        load_on.is_over = True
        await asyncio.gather(*senders)
    await eventually(lambda: is_idle(hub))
    arrived = [got.control_id for got in mpi.received if got.taken]
    try:
        sent, doubled = await judge(hub, load_on.acknowledged, arrived)
        assert sent > KILLS
        summary = f"{HOSTS} hosts, {KILLS} kills, {STOPS} stops, {sent} messages"
        print(f"\nkill storm: {summary}, {doubled} sent again and marked ambiguous")  # noqa: T201
    finally:
        await asyncio.gather(*(host.stop() for host in hosts))
        await hub.drain(0)


async def judge(hub: Hub, acknowledged: dict[int, list[str]], arrived: list[str]) -> tuple[int, int]:
    """Nothing lost, no unrecorded duplicate, no overtaking, and the totals balance. Returns how many were sent and resent."""
    sent = [control_id for lane in acknowledged.values() for control_id in lane]
    times = Counter(arrived)
    assert [control_id for control_id in sent if control_id not in times] == []
    doubled = [control_id for control_id, count in times.items() if count > 1]
    assert [control_id for control_id in doubled if not (await story(hub, control_id))["ambiguous"]] == []
    for lane, expected in acknowledged.items():
        first_seen = list(dict.fromkeys(control_id for control_id in arrived if control_id.startswith(f"L{lane}N")))
        assert first_seen == expected
    balance = await conservation.balance(load(NAME), hub)
    assert balance.holds, balance.unexplained
    return len(sent), len(doubled)
