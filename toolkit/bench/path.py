"""How long a message takes from HTTP to delivered, on this machine: open arrivals, latency from the intended time.

Azurite is the ceiling of every figure here, so what it can do raw is measured in the same run. Settings: ``HUB_BENCH_SECONDS``
(20), ``HUB_BENCH_IDLE`` (120 seconds of silence), ``HUB_BENCH_BACKLOG`` (500 messages put on the in-queue at once).
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

import aiohttp

from shared.settings import number
from toolkit.bench import operations

NAME = "phw-to-mpi"
SAMPLE = "a31_date_of_death"
GOAL_MS = 500.0
RATE = 20
PATIENCE = 60
"""Seconds for which a message is sent again, and for which its arrival is waited for."""
AGAIN = 1.0
"""Seconds between two tries to send one message."""


def main() -> int:
    try:
        return asyncio.run(_measure())
    except TimeoutError as late:
        print(f"{late}: a goal is missed")
        return 1


async def _measure() -> int:
    from integrations import load
    from toolkit.local.stack import Stack

    for setting in ("MPI__HOST", "MPI__PORT"):
        os.environ.pop(setting, None)  # the figures are those of the simulated index
    with tempfile.TemporaryDirectory() as folder:
        async with Stack([load(NAME)], Path(folder)) as stack, aiohttp.ClientSession() as session:
            run = Run(stack, session)
            seconds = number("HUB_BENCH_SECONDS", 20)
            await run.arrivals(RATE, min(3, seconds))  # warm
            steady = await run.arrivals(RATE, seconds)
            spike = await run.arrivals(2 * RATE, min(5, seconds))
            await asyncio.sleep(number("HUB_BENCH_IDLE", 120))
            idle = await run.arrivals(1, 1)
            drained = await run.backlog(int(number("HUB_BENCH_BACKLOG", 500)))
            raw = await _raw(min(4, seconds))
    return Figures(steady, spike, idle, drained, raw, await _operations(), await _recovery()).tell()


class Run:
    """Messages sent to one stack, and when each arrived at the destination."""

    def __init__(self, stack: Any, session: aiohttp.ClientSession) -> None:
        self.stack, self.session, self.sent = stack, session, 0
        self.mpi = stack.simulators.running["MPI"]
        self.body = sample()

    async def arrivals(self, rate: int, seconds: float) -> list[float]:
        """Milliseconds from when each message was meant to be sent to when the other end had it.

        A message that the hub cannot take now is sent again, as its sender would do, and the wait counts.
        """
        begin, count = time.time() + 0.05, int(rate * seconds)
        intended = {self._next(): begin + n / rate for n in range(count)}
        await asyncio.gather(*(self._post(control, at) for control, at in intended.items()))
        arrived = await self._arrived(set(intended), PATIENCE)
        return [(arrived[control] - at) * 1000 for control, at in intended.items()]

    async def backlog(self, count: int) -> float:
        """Messages a second, from a queue that holds them all to the last one delivered."""
        from shared.storage.accounts import account
        from shared.storage.azure import AzureStore

        store, controls = AzureStore(account()), [self._next() for _ in range(count)]
        began = time.time()
        for some in range(0, count, 16):
            bodies = (numbered(self.body, control) for control in controls[some : some + 16])
            await asyncio.gather(*(store.send(f"{NAME}-in", body.replace(b"\r", b"\n")) for body in bodies))
        arrived = await self._arrived(set(controls), 600)
        await store.close()
        return count / (max(arrived.values()) - began)

    def _next(self) -> str:
        self.sent += 1
        return f"BENCH{self.sent:06d}"

    async def _post(self, control: str, at: float) -> None:
        """Send one message when its time comes; raises ``TimeoutError`` when the hub never takes it."""
        await asyncio.sleep(max(0.0, at - time.time()))
        end = time.monotonic() + PATIENCE
        while True:
            async with self.session.post(f"{self.stack.url}/api/v1/{NAME}", data=numbered(self.body, control)) as answer:
                await answer.read()
            if answer.ok:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"the hub answered {answer.status} to a message for {PATIENCE} s")
            await asyncio.sleep(AGAIN)

    async def _arrived(self, expected: set[str], patience: float) -> dict[str, float]:
        """When each came in; raises ``TimeoutError`` when one does not."""
        end = time.monotonic() + patience
        while missing := expected - {one.control_id for one in self.mpi.received}:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(missing)} of {len(expected)} messages did not arrive within {patience:.0f} s")
            await asyncio.sleep(0.05)
        return {one.control_id: one.at for one in self.mpi.received if one.control_id in expected}


def sample() -> bytes:
    from integrations import load
    from toolkit.samples import samples

    return next(one.body for one in samples(load(NAME)) if one.name == SAMPLE)


def numbered(body: bytes, control: str) -> bytes:
    """The sample under another control id and for another patient, so that lanes differ."""
    old = body.split(b"|")[9]
    patient = next(line for line in body.split(b"\r") if line.startswith(b"PID")).split(b"|")[3].split(b"^")[0]
    return body.replace(old, control.encode(), 1).replace(patient, control.encode(), 1)


async def _raw(seconds: float = 4, at_once: int = 16) -> float:
    """Transactions of four rows a second, as storage and its SDK do them with nothing around."""
    from shared.storage.accounts import account
    from shared.storage.azure import AzureStore
    from shared.storage.store import insert

    store, done, end = AzureStore(account()), 0, time.monotonic() + seconds

    await store.prepare(["benchraw"], [], [])

    async def work(worker: int) -> None:
        nonlocal done
        while time.monotonic() < end:
            done += 1
            await store.commit("benchraw", f"p{worker}-{done}", *(insert(f"k{n}", {"b": b"x" * 400}) for n in range(4)))

    await asyncio.gather(*(work(n) for n in range(at_once)))
    await store.close()
    return done / seconds


async def _operations() -> operations.Path:
    """Storage operations of one accepted and delivered message."""
    from integrations import load

    body = sample()
    return await operations.path(load(NAME), numbered(body, "BENCH000001"), body)


async def _recovery() -> list[float]:
    """Seconds until another process delivers a message whose process was killed after its acknowledgement."""
    from integrations import load

    return await operations.recovery(load(NAME), sample())


class Figures(NamedTuple):
    """What was measured: milliseconds to delivery, messages and operations a second, operations a message by kind."""

    steady: list[float]
    spike: list[float]
    idle: list[float]
    drained: float
    raw: float
    operations: operations.Path
    recovery: list[float]

    def tell(self) -> int:
        """Print them; 1 when a goal is missed."""
        each = len(self.operations.steps)
        ceiling = self.raw / max(1, each)
        kinds = ", ".join(f"{count} {name}" for name, count in self.operations.counts.most_common())
        print("From HTTP to delivered, milliseconds from the intended time, on Azurite (which is the ceiling here)")
        for what, found in (
            (f"{RATE} a second", self.steady),
            (f"{2 * RATE} a second", self.spike),
            ("after silence", self.idle),
        ):
            p50, p95 = percentile(found, 50), percentile(found, 95)
            print(f"  {what:<16} p50 {p50:7.1f}   p95 {p95:7.1f}   n {len(found)}")
        print(f"Storage operations a message: {each} ({kinds})")
        print("\n".join(self.operations.lines()))
        print(f"A killed first attempt is made by another process after {min(self.recovery):.0f} to {max(self.recovery):.0f} s")
        drained = f"Backlog drained at {self.drained:.1f} messages a second"
        print(f"{drained}; raw storage does {self.raw:.0f} operations a second, so at most {ceiling:.1f}")
        quick = percentile(self.steady, 95) < GOAL_MS and percentile(self.idle, 95) < GOAL_MS
        met = quick and self.drained >= ceiling / 2
        print("goals met" if met else f"a goal is missed (p95 under {GOAL_MS:.0f} ms, backlog at half of the ceiling)")
        return 0 if met else 1


def percentile(values: list[float], percent: int) -> float:
    """In the unit of the values, of which there is at least one."""
    return values[0] if len(values) < 2 else quantiles(values, n=100)[percent - 1]
