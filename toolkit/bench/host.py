"""One host as it is simulated and as it is: latency at three rates, and the most that it delivers, in one run on this machine.

What goes into the simulation is measured first: the processor time that a message takes in the hub and in the storage emulator,
and how long its operations take with nothing around them. The figures are of this machine alone, and of a quiet one: the ratio
of simulated to real is what counts. Needs ``/proc``. Setting: ``HUB_BENCH_SECONDS`` (10) for each rate.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from shared.settings import number
from toolkit.bench import operations, path
from toolkit.scale.counted import rounds
from toolkit.scale.host import Host, Simulation, evenly

PARTS = (0.2, 0.4, 0.7)  # of the most that the simulation says
WITHIN = 2.0  # a simulated figure is this many times the real one at most, or this part of it


def main() -> int:
    try:
        return asyncio.run(_measure())
    except TimeoutError as late:
        print(f"{late}: a goal is missed")
        return 1


class Compared(NamedTuple):
    """One line: what, the simulated figure, the real one."""

    what: str
    simulated: float
    real: float

    @property
    def is_near(self) -> bool:
        return 1 / WITHIN <= self.simulated / self.real <= WITHIN


async def _measure() -> int:
    from integrations import load
    from toolkit.local.stack import Stack

    for setting in ("MPI__HOST", "MPI__PORT"):
        os.environ.pop(setting, None)
    found = await operations.path(load(path.NAME), path.numbered(path.sample(), "BENCH000001"), path.sample())
    with tempfile.TemporaryDirectory() as folder:
        async with Stack([load(path.NAME)], Path(folder)) as stack, aiohttp.ClientSession() as session:
            run = path.Run(stack, session)
            await run.arrivals(5, 3)  # warm
            host = await _host(run, found)
            lines = [line for part in PARTS for line in await _at(run, host, max(1, round(part * host.most)))]
            lines.append(await _most(run, host))
    return tell(host, lines)


async def _host(run: path.Run, found: operations.Path) -> Host:
    """What the simulation needs, measured."""
    emulator, count = run.stack.storage.process.pid, int(5 * number("HUB_BENCH_SECONDS", 10))
    before = _processor(run.stack.host.pid), _processor(emulator)
    await run.arrivals(5, count / 5)
    hub, storage = _processor(run.stack.host.pid) - before[0], _processor(emulator) - before[1]
    alone = await _messages(found)
    return Host(
        *rounds(found),
        cpu=hub / count,
        storage_rate=count * len(found.steps) / storage,
        storage_time=1 / alone / found.ended,
        destination=0.001,
    )


def _processor(process: int) -> float:
    """Seconds of the processor that a process has used."""
    after_name = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


async def _messages(found: operations.Path, seconds: float = 3) -> float:
    """How often a second storage does the operations of one message after the other, with its round trips, rows and kinds."""
    from shared.storage.accounts import account
    from shared.storage.azure import AzureStore

    store, done = AzureStore(account()), 0
    await store.prepare(["benchraw"], ["bench-raw"], [])
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done += 1
        for turn in range(1, found.ended + 1):
            steps = [step for step in found.steps if step.turn == turn]
            await asyncio.gather(*(_one(store, step, f"{done}-{turn}-{n}") for n, step in enumerate(steps)))
    await store.close()
    return done / seconds


async def _one(store: Any, step: operations.Step, name: str) -> None:
    from shared.storage.store import insert

    if step.action == "commit":
        rows = len(step.rows.split(",")) if step.place == "ledger" else 1
        await store.commit("benchraw", name, *(insert(f"k{n}", {"b": "x" * 400}) for n in range(rows)))
    elif step.action == "send":
        await store.settle(await store.send("bench-raw", b"x" * 100))  # the two are of the same cost; the other is left out
    elif step.action != "settle":
        await store.get("benchraw", name, "k0")


async def _at(run: path.Run, host: Host, rate: int) -> list[Compared]:
    seconds = number("HUB_BENCH_SECONDS", 10)
    real = await run.arrivals(rate, seconds)
    simulated = [1000 * each for each in Simulation(host).run(evenly(rate, seconds)).delivered]
    return [
        Compared(f"{rate} a second, p{percent}, ms", path.percentile(simulated, percent), path.percentile(real, percent))
        for percent in (50, 95)
    ]


async def _most(run: path.Run, host: Host) -> Compared:
    """Three seconds of messages at twice the rate that it can deliver, and how many it delivers a second."""
    rate = max(2, round(2 * host.most))
    began = time.time()
    late = await run.arrivals(rate, 3)
    real = len(late) / (time.time() - began)
    simulated = Simulation(host).run(evenly(rate, 3))
    return Compared("the most, messages a second", len(simulated.delivered) / simulated.ended, real)


def tell(host: Host, lines: list[Compared]) -> int:
    """Print it; 1 when a figure is not near."""
    print(
        f"Measured: {1000 * host.cpu:.1f} ms of the hub's processor a message, {host.operations} operations; the emulator does "
        f"{host.storage_rate:.0f} of them a second, and needs {1000 * host.storage_time:.1f} ms for one alone. "
        f"At most {host.most:.1f} messages a second"
    )
    print(f"{'':<32}{'simulated':>10}{'real':>10}{'ratio':>8}")
    for line in lines:
        print(f"{line.what:<32}{line.simulated:>10.1f}{line.real:>10.1f}{line.simulated / line.real:>8.2f}")
    met = all(line.is_near for line in lines)
    print("goals met" if met else f"a goal is missed (each figure within a factor of {WITHIN:.0f})")
    return 0 if met else 1
