"""What is reported and counted of each message, batch and file that arrives, each event whole: alerts read the keys."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.delivery import load
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake import batches
from shared.intake.accept import accept
from shared.intake.batch_decision import Decided
from shared.intake.inbox import files
from shared.issue import Issue
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.arrivals.batch_rows import Given
from shared.ledger.rows import Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Row
from tests.ledger_world import NO_NAME, NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger
GOOD, BAD = note("1"), note("1", name="")
WARNED = Issue(severity="warning", code="value", where="id", text="a warning", rule="odd-id")
NOTED = Issue(
    severity="information", code="informational", where="id", text="a repair", rule="noted"
)  # counted, and in no report
CALLED = {"correlation_id": "x1", "partner": "clinic"}


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"name": "clinic", "keys": ["0" * 64], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known]))


class Warns:
    name = "warns"

    def check(self, content: Any) -> list[Issue]:
        return [WARNED, NOTED, WARNED, *([] if content["name"] else [NO_NAME])]


class World:
    def __init__(self, **declared: Any) -> None:
        self.events = list[tuple[str, dict[str, Any]]]()
        self.one = integration(Remembering(), NAME, **declared)
        self.hub: Hub = hub(self.one, emit=lambda name, **keys: self.events.append((name, keys)))
        assert isinstance(self.hub.store, MemoryStore)
        self.store = self.hub.store

    async def send(self, body: bytes, trigger: str = "http", **values: Any) -> Answer:
        self.hub.start = lambda work: work.close()  # type: ignore[method-assign]
        return await accept(self.one, envelope(body, trigger=trigger, **CALLED, **values), self.hub)

    def away(self) -> None:
        async def commit(*_: Any) -> Any:
            raise Away

        self.store.commit = commit  # type: ignore[method-assign]


async def new(world: World) -> Answer:
    return await world.send(GOOD)


async def duplicate(world: World) -> Answer:
    await world.send(GOOD)
    world.events.clear()
    world.hub.counts.clear()
    return await world.send(GOOD, trigger="queue")


async def rejected(world: World) -> Answer:
    return await world.send(BAD, trigger="event")


async def busy(world: World) -> Answer:
    waits = {"a": (NOW - 60, names.row("w", 1))}
    world.hub.remembered(load.Loads).of[NAME] = load.Load(waiting=waits, busy_since=NOW - 60)
    await world.store.commit(LEDGER, "a", Waiting.of(Row("", "", "", {"at": NOW})).inserted(names.row("w", 1)))
    return await world.send(GOOD)


async def unavailable(world: World) -> Answer:
    world.away()
    return await world.send(BAD)


# How it arrives, then: status, outcome, acknowledgement, rules, bytes, whether it has an id, and what else is counted.
Way = Callable[[World], Awaitable[Answer]]
ARRIVALS: dict[str, tuple[Way, int, str, str, str, str, bytes, bool, dict[str, int]]] = {
    "new": (new, 202, "accepted", "AA", "odd-id", "http", GOOD, True, {"warned odd-id - S": 1, "warned noted - S": 1}),
    "duplicate": (duplicate, 202, "duplicate", "AA", "odd-id", "queue", GOOD, True, {}),
    "rejected": (
        rejected,
        422,
        "rejected",
        "AE",
        "odd-id name-required",
        "event",
        BAD,
        True,
        {"rejected-by * S": 1, "rejected-by name-required S": 1},
    ),
    "busy": (busy, 429, "busy", "AE", "busy", "http", GOOD, False, {}),
    "unavailable": (unavailable, 503, "unavailable", "AE", AWAY.rule, "http", BAD, False, {}),
}


@pytest.mark.parametrize("case", ARRIVALS)
async def test_what_is_reported_of_a_message_that_arrives(case: str) -> None:
    way, status, outcome, acknowledgement, rules, trigger, body, has_id, counted = ARRIVALS[case]
    world = World(profile=Warns(), source=integration(Remembering()).source)
    answer = await way(world)
    message_id = answer.headers.get("X-Message-Id", "")
    assert (answer.status, bool(message_id)) == (status, has_id)
    assert [event for event in world.events if event[0] == "hub.message"] == [
        (
            "hub.message",
            {
                "integration": NAME,
                "stage": "accept",
                "trigger": trigger,
                "outcome": outcome,
                "acknowledgement": acknowledgement,
                "rule": rules,
                "bytes": len(body),
                "message_id": message_id,
                **CALLED,
            },
        )
    ]
    assert {key: count for (_, key), count in world.hub.counts.items()} == {outcome: 1, **counted}
    if has_id:
        assert answer.headers["Location"] == f"/api/v1/{NAME}/messages/{message_id}"


@pytest.mark.parametrize("rules", [(), ("a",), ("a", "b", "a")])
def test_what_is_reported_of_a_batch(rules: tuple[str, ...]) -> None:
    world = World()
    issues = tuple(Issue(severity="error", code="value", text="odd", rule=rule) for rule in rules)
    decided = Decided(members=3, issues=issues, given=Given("AAA", b"", "text/plain", 200))
    batches._emit(world.one, envelope(b"12345", trigger="queue", **CALLED), decided, world.hub)
    keys = {"integration": NAME, "trigger": "queue", "count": 3, "rule": " ".join(dict.fromkeys(rules)), "bytes": 5, **CALLED}
    assert world.events == [("hub.batch", keys)]


def test_what_is_reported_of_a_file_that_has_no_message() -> None:
    world = World()
    for outcome in ("rejected", "unpaired"):
        files.report(world.one, WARNED, outcome, world.hub)
    keys = {"integration": NAME, "stage": "accept", "error_code": "odd-id"}
    assert world.events == [("hub.message", {**keys, "outcome": outcome}) for outcome in ("rejected", "unpaired")]
    assert {key: count for (_, key), count in world.hub.counts.items()} == {"rejected": 1, "unpaired": 1}


async def test_a_message_that_is_brought_again_is_not_counted() -> None:
    world = World()
    values = {"reference": "batch-1", "acknowledged": "AA"}
    first = await world.send(GOOD, **values)
    again = await world.send(GOOD, **values)
    assert first.headers["X-Message-Id"] == again.headers["X-Message-Id"]
    assert [keys["outcome"] for name, keys in world.events if name == "hub.message"] == ["accepted"]
    await asyncio.gather(*world.hub.tasks)
