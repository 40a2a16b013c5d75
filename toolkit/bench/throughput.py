"""How many messages hosts deliver where only the hub's own protocol limits them: one patient, many patients, a batch, an outage.

Storage and destination are stand-ins with a set time for each request, and time is virtual (``toolkit/bench/stand_in.py``):
nothing depends on the machine. Two storages: one that takes any number of requests at once, and one as slow as the emulator.

Settings: ``HUB_BENCH_MESSAGES`` (2000 in one run, 500 in the outage), ``HUB_BENCH_BATCH`` (1000 members).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from shared.intake import batches
from shared.intake.accept import accept
from shared.settings import number
from toolkit.bench import path
from toolkit.bench.stand_in import Region, Storage, run

LATENCY, TAKES = 0.005, 0.010  # seconds: of a request of storage, of a delivery
EMULATOR = 160.0  # requests a second of the slow storage, as ``./hub bench path`` finds them for Azurite
SENDERS = 64  # of one host, each with one message at a time
AT_ONCE = 16  # requests at once with which raw storage is measured
AWAY = 180.0  # seconds of the outage
PATIENCE = 3600.0
HOSTS = (1, 2, 4)


class Load(NamedTuple):
    """What one run came to: messages a second, requests of storage a message."""

    rate: float
    requests: float

    def line(self, raw: float) -> str:
        """Its figures in words. ``raw``: requests a second of storage with nothing around it."""
        part = self.rate * self.requests / raw
        return f"{self.rate:>8.1f} messages a second {self.requests:>6.1f} requests each, {part:.2f} of raw"


class Outage(NamedTuple):
    """Seconds from the end of an outage to the first delivery, from there to that of nine in ten (``most``) and to the last, and
    what the destination alone needs."""

    first: float
    most: float
    rest: float
    least: float


def spread(hosts: int = 1, rate: float = 0.0, count: int = 0) -> Load:
    """Messages of as many patients."""
    return _load(lambda n: f"P{n:06d}", hosts, rate, count)


def hot(hosts: int = 1, rate: float = 0.0, count: int = 0) -> Load:
    """Messages of one patient."""
    return _load(lambda n: "P000000", hosts, rate, count)


def _load(patient: Callable[[int], str], hosts: int, rate: float, count: int) -> Load:
    count = count or _messages()

    async def work(region: Region) -> None:
        following = iter(range(count))
        senders = (_send(region, region.hubs[n % hosts], following, patient) for n in range(SENDERS * hosts))
        await asyncio.gather(*senders)

    return run(_measured(work, hosts, rate, count))  # type: ignore[no-any-return]


async def _send(region: Region, hub: Any, following: Any, patient: Callable[[int], str]) -> None:
    """A sender: its next message when the one before is acknowledged; again what the hub cannot take now."""
    for n in following:
        body = message(n, patient(n))
        while True:
            answer = await accept(region.integration, region.envelope(body), hub)
            if answer.status not in (429, 503):
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))


def batch(hosts: int = 1, rate: float = 0.0, count: int = 0) -> Load:
    """One file of messages of as many patients."""
    count = count or int(number("HUB_BENCH_BATCH", 1000))

    async def work(region: Region) -> None:
        body = b"BHS|^~\\&|S|F\r" + b"".join(message(n, f"P{n:06d}") for n in range(count)) + b"BTS|%d\r" % count
        answer = await batches.take(region.integration, region.envelope(body), region.hubs[0])
        if answer.status != 200:
            raise RuntimeError(f"the batch was answered {answer.status}")

    return run(_measured(work, hosts, rate, count))  # type: ignore[no-any-return]


async def _measured(work: Callable[[Region], Awaitable[None]], hosts: int, rate: float, count: int) -> Load:
    region = _region(hosts, rate)
    region.start()
    sending = asyncio.ensure_future(work(region))
    ended = await region.until(count, PATIENCE)
    await sending
    return Load(count / ended, region.storage.counts.total() / count)


def outage(hosts: int = 1, count: int = 0) -> Outage:
    """Messages of as many patients, which came while the destination was away."""
    count = count or min(500, _messages())

    async def work() -> Outage:
        region = _region(hosts, 0.0)
        region.door.end = AWAY
        region.start()
        for n in range(count):
            await accept(region.integration, region.envelope(message(n, f"P{n:06d}")), region.hubs[n % hosts])
            await asyncio.sleep(AWAY / 2 / count)
        last = await region.until(count, PATIENCE)
        first, most = region.door.took[0], sorted(region.door.took)[count * 9 // 10]
        return Outage(first - AWAY, most - first, last - first, count * TAKES / hosts / region.integration.delivery.concurrency)

    return run(work())  # type: ignore[no-any-return]


def _region(hosts: int, rate: float) -> Region:
    from integrations import load

    return Region.of(load(path.NAME), Storage(LATENCY, rate), hosts, TAKES)


def message(n: int, patient: str) -> bytes:
    """The sample as message ``n`` of a patient."""
    return path.numbered(path.sample(), f"{patient}").replace(patient.encode(), b"BENCH%06d" % n, 1)


def _messages() -> int:
    return int(number("HUB_BENCH_MESSAGES", 2000))


def main() -> int:
    print(f"Virtual time: a request of storage takes {1000 * LATENCY:.0f} ms, a delivery {1000 * TAKES:.0f} ms")
    for title, rate in (
        ("Storage takes any number of requests", 0.0),
        (f"Storage takes {EMULATOR:.0f} requests a second", EMULATOR),
    ):
        print("\n".join([title, *_lines(rate)]))
    rates = [spread(hosts, count=hosts * _messages()).rate for hosts in HOSTS]
    shown = (f"{hosts} host(s): {each / rates[0]:.2f}" for hosts, each in zip(HOSTS, rates, strict=True))
    print(f"Many patients, times the rate of one host: {', '.join(shown)}")
    for hosts in HOSTS[:2]:
        first, most, rest, least = outage(hosts)
        print(
            f"After an outage, {hosts} host(s): the first message after {first:.1f} s, nine in ten {most:.1f} s later, "
            f"all {rest:.1f} s later; the destination alone needs {least:.2f} s"
        )
    return 0


def _lines(rate: float) -> list[str]:
    """Messages a second, requests a message, and which part of what raw storage does in the same time those are."""
    raw = rate or AT_ONCE / LATENCY
    found = {"many patients": spread(rate=rate), "one patient": hot(rate=rate), "a batch": batch(rate=rate)}
    shown = [f"  {what:<14}{load.line(raw)}" for what, load in found.items()]
    return [*shown, f"  one patient to many: {found['one patient'].rate / found['many patients'].rate:.2f}"]
