"""Elements that no sample has: those that reach nothing are counted when they turn up."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from integrations import load
from shared import bounds
from shared.delivery import afterwards
from shared.destinations.memory import Memory
from shared.envelope import Envelope
from shared.fate import unforeseen
from shared.formats import leaves
from shared.hl7 import parse
from shared.hub import Hub
from shared.intake.accept import accept
from shared.leaves import place
from shared.storage.memory import MemoryStore
from toolkit.samples import accepted

PIMS = load("pims-to-mpi")
BODY = next(sample.body for sample in accepted(PIMS) if sample.name == "a08_no_address")
NEW = BODY.replace(b"PV1|1|O|OPD^^^BROMOR", b"PD1|||||||||Y\rPV1|1|O||||||||||||||||X")


STAMP = "2026-05-01T09:30:00.000Z"


async def counted(body: bytes, **changes: Any) -> dict[str, int]:
    integration = replace(PIMS, destination=Memory("MPI"), **changes)
    hub = Hub(MemoryStore(lambda: 0.0), {PIMS.name: integration}, lambda: 0.0, random.Random(1), lambda name, **keys: None)
    await accept(integration, Envelope(integration=PIMS.name, body=body, received_at="2026-05-01T09:30:00.000Z"), hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    assert hub.counts[PIMS.name, "delivered"] == 1
    return {key: count for (_, key), count in hub.counts.items() if key.startswith("dropped")}


async def test_a_place_that_no_sample_has_and_that_reaches_nothing_is_counted() -> None:
    assert await counted(NEW) == {"dropped PD1-9": 1, "dropped PV1-18": 1}


async def test_what_the_samples_have_is_not_counted() -> None:
    assert await counted(BODY) == {}


async def test_a_fault_in_the_counting_is_no_matter_of_the_message() -> None:
    calls = iter(range(10))

    def once(message: Any) -> Any:
        if next(calls):
            raise RuntimeError
        return PIMS.transform(message)

    assert await counted(NEW, transform=once) == {}


def test_a_new_place_that_is_copied_is_not_dropped() -> None:
    phw = load("phw-to-mpi")
    message = parse(b"MSH|^~\\&|252|PHW|||20260501101112||ADT^A31|1|P|2.5\rPV1|1|N" + b"|" * 30 + b"Z\r")
    assert "PV1-32" not in phw.seen
    assert unforeseen(phw, message, {}) == []


@pytest.mark.parametrize(("path", "expected"), [("PID[2]-3[4].1", "PID-3"), ("OBX-5.2.1", "OBX-5.2"), ("a[0].b", "a.b")])
def test_a_place_has_no_indices(path: str, expected: str) -> None:
    assert place(path) == expected


def test_a_leaf_changes_alone() -> None:
    message = parse(b"MSH|^~\\&|A\rPID|||1^^^X&Y&Z~2\rPID|||3\r")
    changed = {leaf.path: leaf.changed("!").encode() for leaf in leaves(message)}
    assert list(changed) == ["MSH-3", "PID-3.1", "PID-3.4.1", "PID-3.4.2", "PID-3.4.3", "PID-3[2]", "PID[2]-3"]
    assert changed["PID-3.4.2"] == b"MSH|^~\\&|A\rPID|||1^^^X&!&Z~2\rPID|||3\r"
    assert changed["PID[2]-3"] == b"MSH|^~\\&|A\rPID|||1^^^X&Y&Z~2\rPID|||!\r"


async def test_the_keys_of_the_counters_are_bounded_whatever_a_sender_fills() -> None:
    fields = "|" * 30 + "|".join(f"x{n}" for n in range(900))
    body = BODY.replace(b"PV1|1|O|", f"PD1{fields}\rPV1|1|O|".encode())
    assert len(await counted(body)) == bounds.PROBES


def test_no_integration_ever_has_more_keys_than_its_bound() -> None:
    known: dict[tuple[str, str], bool] = {("another", "PID-1"): True}
    for first in range(1, 900, 10):
        fields = "|" * first + "|".join("x" * 30)
        message = PIMS.source.read(
            Envelope(integration=PIMS.name, body=BODY.replace(b"PV1|1|O|", f"PD1{fields}\rPV1|1|O|".encode()), received_at=STAMP)
        )
        unforeseen(PIMS, message, known)
    assert sum(name == PIMS.name for name, _ in known) == bounds.PLACES


async def test_the_loop_goes_on_while_a_message_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """An element of 18 KB once held the loop for seven seconds after its delivery and before it was settled."""
    waited = asyncio.Event()

    def slowly(*_: Any) -> list[str]:
        asyncio.run_coroutine_threadsafe(_set(waited), loop).result(5)  # only a loop that is free can answer
        return []

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(afterwards, "unforeseen", slowly)
    await counted(NEW)
    assert waited.is_set()


async def _set(event: asyncio.Event) -> None:
    event.set()


async def test_one_message_of_an_integration_is_looked_through_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that arrives meanwhile is not; one after it is, also when the first could not be read."""
    monkeypatch.setattr(afterwards, "_unforeseen", lambda *_: ["PD1-9"])
    hub = Hub(MemoryStore(lambda: 0.0), {PIMS.name: PIMS}, lambda: 0.0, random.Random(1), lambda name, **keys: None)
    sent = Envelope(integration=PIMS.name, body=BODY, received_at=STAMP)
    await asyncio.gather(*(afterwards.count_dropped(PIMS, sent, hub) for _ in range(3)))
    assert hub.counts == {(PIMS.name, "dropped PD1-9"): 1}
    with monkeypatch.context() as broken:
        broken.setattr(afterwards, "_unforeseen", lambda *_: 1 / 0)
        await afterwards.count_dropped(PIMS, sent, hub)
    await afterwards.count_dropped(PIMS, sent, hub)
    assert hub.counts == {(PIMS.name, "dropped PD1-9"): 2}
