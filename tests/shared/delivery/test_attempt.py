"""One attempt: what it reports, whole, and a lane that was to probe a destination and sends nothing."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.budget import Short
from shared.codes.table import Unmapped
from shared.delivery import attempt, breaker, pause
from shared.delivery.breaker import Breakers
from shared.delivery.pace import NoPlace
from shared.delivery.process import process
from shared.delivery.rows import Breaker
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.issue import Issue
from shared.ledger.claims.claim import Claim
from shared.ledger.ended import Later
from shared.ledger.rows import Waiting
from shared.problems import Fault, Undelivered
from shared.storage import names
from shared.storage.store import Row
from shared.telemetry.tracing import Finished, unwatch, watch
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
LEDGER = names.tables(NAME).ledger
NO_CODE = Issue(severity="error", code="code-invalid", where="name", text="not in its table", rule="unmapped")


class World:
    """One integration whose receiver does not take a message while ``problem`` is set, and a clock that is set."""

    def __init__(self, **declared: Any) -> None:
        self.at, self.events = NOW, list[tuple[str, dict[str, Any]]]()
        self.problem: Undelivered | None = None
        self.notes = integration(Remembering(behave=self._behave), NAME, **declared)
        self.hub = hub(self.notes, now=lambda: self.at, emit=lambda name, **keys: self.events.append((name, keys)))

    def _behave(self, read: dict[str, Any]) -> None:
        self.at += 0.25
        if self.problem:
            raise self.problem

    async def send(self, id: str) -> str:
        answer = await accept(self.notes, envelope(note(id), correlation_id=f"x{id}"), self.hub)
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)
        return answer.headers["X-Message-Id"]

    def of_delivery(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of attempts and ends."""
        return [(name, keys) for name, keys in self.events if name == "hub.attempt" or keys.get("stage") == "deliver"]


def refused(kind: Any, ambiguous: bool) -> Undelivered:
    return Undelivered(kind=kind, code="ack-AE", text="refused", ambiguous=ambiguous)


async def test_what_is_reported_of_each_attempt_and_of_the_end() -> None:
    world = World(delivery=Delivery(attempts=9, first_wait=1, longest_wait=1))
    keys = {"integration": NAME, "destination": "TEST", "correlation_id": "x1"}
    world.problem = refused("transient", ambiguous=True)
    keys["message_id"] = id = await world.send("1")
    waits = {**keys, "outcome": "waiting", "error_code": "ack-AE", "attempt": 1, "ambiguous": True, "ms": 250.0}
    assert world.of_delivery() == [("hub.attempt", waits)]
    world.problem, world.at = None, NOW + 60
    await process(world.notes, id.partition(".")[0], world.hub)
    end = {"stage": "deliver", "outcome": "delivered", "error_code": "accepted", "attempt": 2, "e2e_ms": 60250.0}
    assert world.of_delivery()[1:] == [("hub.message", {**keys, **end, "ambiguous": True, "ms": 250.0})]
    assert {name: count for (_, name), count in world.hub.counts.items()} == {"accepted": 1, "delivered": 1, "ms600000": 1}


@pytest.mark.parametrize("ambiguous", [False, True])
async def test_what_is_reported_of_a_message_that_is_refused(ambiguous: bool) -> None:
    world = World()
    world.problem = refused("permanent", ambiguous)
    id = await world.send("1")
    ((name, keys),) = world.of_delivery()
    assert (name, keys) == (
        "hub.message",
        {
            "integration": NAME,
            "destination": "TEST",
            "stage": "deliver",
            "outcome": "dead",
            "error_code": "ack-AE",
            "attempt": 1,
            "ambiguous": ambiguous,
            "ms": 250.0,
            "e2e_ms": 250.0,
            "correlation_id": "x1",
            "message_id": id,
        },
    )
    assert {name: count for (_, name), count in world.hub.counts.items()} == {"accepted": 1, "dead": 1}


SPANS: dict[str, tuple[Undelivered | None, float, str]] = {  # the failure, the seconds that it takes, and the code of the span
    "accepted": (None, 0, "accepted"),
    "refused": (refused("permanent", ambiguous=False), 0, "ack-AE"),
    "away": (Undelivered(kind="transient", code="http-503", text="away"), 0, "http-503"),
    "too late": (None, 3600, "timeout"),
}


@pytest.mark.parametrize("case", SPANS)
async def test_the_span_of_an_attempt_has_the_code_of_its_end(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, seconds, code = SPANS[case]
    world, ended = World(delivery=Delivery(timeout=0.05) if seconds else Delivery()), list[Finished]()
    deliver, world.problem = world.notes.destination.deliver, problem

    async def slow(outgoing: Any) -> Any:
        await asyncio.sleep(seconds)
        return await deliver(outgoing)

    monkeypatch.setattr(world.notes.destination, "deliver", slow)
    watch(ended.append)
    try:
        await world.send("1")
    finally:
        unwatch(ended.append)
    (span,) = [each for each in ended if each.name == "deliver"]
    assert (span.attributes["destination"], span.attributes["error_code"]) == ("TEST", code)


async def test_a_process_that_is_woken_after_its_claim_has_ended_says_nothing_of_the_destination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker has the lane by then: that this one has no answer is no failure, and opens no breaker."""
    world = World(delivery=Delivery(timeout=0.05, breaker_failures=1))

    async def stopped(outgoing: Any) -> Any:
        world.at += 3600
        await asyncio.sleep(3600)

    monkeypatch.setattr(world.notes.destination, "deliver", stopped)
    await world.send("1")
    assert [(name, keys["outcome"]) for name, keys in world.of_delivery()] == [("hub.attempt", "lost")]
    assert await world.hub.store.get(names.SHARED_TABLE, "TEST", names.BREAKER) is None


@pytest.mark.parametrize("problem", [None, "transient", "permanent"])
async def test_what_is_delivered_is_given_to_a_second_reader_and_nothing_else_is(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, given = World(), list[tuple[bytes, list[bytes]]]()
    world.problem = refused(problem, ambiguous=False) if problem else None

    def ask(_: Any, envelope: Any, outgoing: Any, __: Any) -> None:
        given.append((envelope.body, [part.body for part in outgoing]))

    monkeypatch.setattr(attempt, "ask_second_reader", ask)
    await world.send("1")
    assert given == ([] if problem else [(note("1"), [note("1")])])


def without(what: str, problem: type[Exception]) -> Callable[[World, pytest.MonkeyPatch], None]:
    """What an attempt needs is not free."""

    @asynccontextmanager
    async def taken(*_: Any) -> Any:
        raise problem
        yield

    return lambda world, patch: patch.setattr(attempt, what, taken)


def paused(world: World, patch: pytest.MonkeyPatch) -> None:
    """The delivery is paused while the message waits for its place."""
    looks = iter([False, True])

    async def is_paused(*_: Any) -> bool:
        return next(looks, True)

    patch.setattr(pause, "is_paused", is_paused)


def above_the_rate(world: World, patch: pytest.MonkeyPatch) -> None:
    async def permit(*_: Any) -> float:
        return 7

    patch.setattr(attempt, "permit", permit)


def raises(problem: Exception) -> Callable[[World, pytest.MonkeyPatch], None]:
    def transform(*_: Any) -> Any:
        raise problem

    def plant(world: World, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(Claim, "made", lambda *_: ())  # as in a process that did not accept it
        patch.setattr(attempt, "transform", transform)

    return plant


NOTHING_IS_SENT = {
    "no place": without("slot", NoPlace),
    "no memory": without("memory", Short),
    "paused": paused,
    "above the rate": above_the_rate,
    "a code that waits": raises(Unmapped((NO_CODE, "X"), waits=True)),
    "a code that does not wait": raises(Unmapped((NO_CODE, "X"), waits=False)),
    "a mapping that fails": raises(Fault(NO_CODE)),
}


@pytest.mark.parametrize("why", NOTHING_IS_SENT)
async def test_a_lane_that_was_to_probe_and_sends_nothing_lets_another_one_probe(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    opened = Breaker(state="open", until=NOW - 1000, lanes="another", opens=1, since=NOW - 2000)
    await world.hub.store.commit(names.SHARED_TABLE, "TEST", opened.inserted(names.BREAKER))
    NOTHING_IS_SENT[why](world, monkeypatch)
    world.notes.destination.took.clear()
    await world.send("1")
    assert [keys["state"] for name, keys in world.events if name == "hub.breaker"] == ["half-open", "open"]
    row = await world.hub.store.get(names.SHARED_TABLE, "TEST", names.BREAKER)
    assert (row["state"], row["probe"], row["until"]) == ("open", "", NOW)
    assert not world.notes.destination.took


@pytest.mark.parametrize(("state", "probe"), [("half-open", "another"), ("open", "a1"), ("closed", "a1")])
async def test_a_lane_gives_back_no_probe_that_is_not_its_own(state: Any, probe: str) -> None:
    world = World()
    known = Breaker.of(Row("TEST", names.BREAKER, "1", {"state": state, "probe": probe, "until": NOW + 5}))
    world.hub.remembered(Breakers).read["TEST"] = (NOW, known)
    await breaker.give_back(world.notes, "a1", world.hub)
    assert await world.hub.store.get(names.SHARED_TABLE, "TEST", names.BREAKER) is None
    assert world.events == []


OPENERS = [
    # the code of the failure; whether another lane was answered since the message first failed; the owner of the failure
    # that the breaker receives; and whether the failure costs the message an attempt
    ("http-422", False, "message", True),
    ("entry-403", False, "access", False),
    ("entry-403", True, "access", False),
    ("http-401", False, "set-up", False),
    ("http-401", True, "unclear", True),
    ("http-503", False, "destination", False),
    ("http-503", True, "destination", False),
]


@pytest.mark.parametrize(("code", "answers_others", "whose", "is_counted"), OPENERS)
async def test_whose_fault_a_failure_is_for_the_breaker_and_for_the_message(
    code: str, answers_others: bool, whose: str, is_counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(delivery=Delivery(attempts=9))
    reported: list[tuple[str, float, str]] = []

    async def failed(_: Any, lane: str, owner: str, retry_after: float, *__: Any, code: str) -> None:
        reported.append((owner, retry_after, code))

    monkeypatch.setattr(breaker, "failed", failed)
    monkeypatch.setattr(breaker, "answers_others", lambda *_: answers_others)
    message = Waiting.of(Row("1-a", names.row("w", 1), "1", {"at": NOW, "attempts": 2}))
    problem = Undelivered(kind="transient", code=code, text="x", retry_after=77)
    outcome = await attempt._undelivered(world.notes, message, problem, 3, NOW, world.hub)
    assert reported == [(whose, 77, code)]
    assert isinstance(outcome, Later)
    assert (outcome.attempted, outcome.sent, outcome.failed, outcome.code) == (is_counted, 3, True, code)
    assert outcome.wait >= 77
