"""Refused calls: counted, reported up to a bound, throttled caller by caller, and never in the way of an allowed call."""

import json
import random
from typing import Any

import pytest

from shared.envelope import Answer
from shared.hub import Hub
from shared.intake import admission
from shared.intake.admission import CALLERS, LIMIT, REPORTED, WINDOW, Refusals, admit
from shared.intake.triggers.http import accept_http
from shared.ledger.reporting import counters
from shared.ops.desk.door import Call, ops
from shared.privacy import keyed
from shared.security import Partner
from shared.storage.memory import MemoryStore
from tests import ledger_world
from tests.callers.kinds import PARTNERS, key

NAME = "notes-to-test"


class Hearing:
    """A hub in Azure, its clock, and the events that it emitted."""

    def __init__(self) -> None:
        self.clock = ledger_world.NOW
        self.events: list[tuple[str, dict[str, Any]]] = []
        notes = ledger_world.integration(ledger_world.Remembering(), NAME)
        self.hub = Hub(MemoryStore(self._now), {NAME: notes}, self._now, random.Random(1), self._note)

    def _now(self) -> float:
        return self.clock

    def _note(self, name: str, **keys: Any) -> None:
        self.events.append((name, keys))

    def call(self, address: str = "192.0.2.1", secret: str = "wrong") -> Partner | Answer:
        return admit(NAME, {**key(secret), "x-forwarded-for": f"203.0.113.7, {address}:4711"}, self.hub)

    def statuses(self, times: int, address: str = "192.0.2.1", secret: str = "wrong") -> list[int]:
        answers = [self.call(address, secret) for _ in range(times)]
        return [answer.status if isinstance(answer, Answer) else 200 for answer in answers]


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Hearing:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_HASH_KEY", "a key of the tests")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal,certificate")
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(PARTNERS))
    return Hearing()


@pytest.mark.parametrize(("secret", "status"), [("wrong", 401), ("key-elsewhere", 403)])
def test_a_caller_is_throttled_after_so_many_refusals(hearing: Hearing, secret: str, status: int) -> None:
    assert hearing.statuses(LIMIT, secret=secret) == [status] * LIMIT
    hearing.clock += WINDOW - 0.5
    answer = hearing.call(secret=secret)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    hearing.clock += 0.5
    assert hearing.statuses(LIMIT + 1, secret=secret) == [status] * LIMIT + [429]


def test_only_the_caller_itself_is_throttled(hearing: Hearing) -> None:
    hearing.statuses(LIMIT)
    assert hearing.statuses(1) == [429]
    assert hearing.statuses(1, "192.0.2.2") == [401]
    assert hearing.statuses(1, secret="key-elsewhere") == [403]  # a partner is known by its name, not by its address


def test_an_allowed_call_is_never_throttled(hearing: Hearing) -> None:
    """Partners share network addresses: the failures of one must not keep the messages of another out."""
    hearing.statuses(10 * LIMIT)
    hearing.statuses(10 * LIMIT, secret="key-elsewhere")
    assert hearing.statuses(2 * LIMIT, secret="key-own") == [200] * 2 * LIMIT


def test_a_caller_cannot_choose_the_address_by_which_it_is_counted(hearing: Hearing) -> None:
    for n in range(LIMIT):
        admit(NAME, {"x-forwarded-for": f"198.51.100.{n}, 192.0.2.1"}, hearing.hub)
    assert hearing.statuses(1) == [429]


def test_memory_is_bounded_whoever_calls(hearing: Hearing) -> None:
    for n in range(CALLERS + 50):
        hearing.statuses(1, f"10.0.{n // 250}.{n % 250}")
    assert len(hearing.hub.remembered(Refusals).windows) == CALLERS
    assert len(hearing.events) == REPORTED


def test_who_was_quiet_longest_is_forgotten_first() -> None:
    refusals = Refusals()
    for n in range(CALLERS):
        refusals.add(str(n), 0.0)
    refusals.add("0", 0.0)
    refusals.add("new", 0.0)
    assert "0" in refusals.windows
    assert "1" not in refusals.windows


def test_refusals_are_counted_and_reported_without_the_caller(hearing: Hearing) -> None:
    hearing.statuses(LIMIT + 30)
    hearing.statuses(1, secret="key-elsewhere")
    assert hearing.hub.counts == {(NAME, "refused-unauthenticated"): LIMIT + 30, (NAME, "refused-forbidden"): 1}
    codes = [keys.pop("error_code") for name, keys in hearing.events if name == "hub.refused"]
    assert codes == ["unauthenticated"] * LIMIT + ["throttled", "forbidden"]
    assert all(keys == {"integration": NAME} for _, keys in hearing.events)
    kept = repr(hearing.hub.remembered(Refusals).windows)
    assert "192.0.2.1" not in kept
    assert "elsewhere" not in kept


async def test_the_count_is_written_down(hearing: Hearing) -> None:
    hearing.statuses(3)
    await counters.write(NAME, hearing.hub)
    read = await counters.read(NAME, hearing.clock - 60, hearing.clock + 60, hearing.hub)
    assert sum(each["refused-unauthenticated"] for each in read.values()) == 3


async def test_every_door_throttles(hearing: Hearing) -> None:
    from shared.ops.dead_letter_api import administer
    from shared.ops.message_status import status

    notes, headers = hearing.hub.integrations[NAME], {"x-forwarded-for": "192.0.2.9"}
    doors = (
        lambda: accept_http(notes, headers, b"{}", hearing.hub),
        lambda: status(notes, headers, "none.0", hearing.hub),
        lambda: administer(notes, headers, "GET", {}, hearing.hub),
        lambda: ops(Call("GET", "", {}, headers, b""), hearing.hub),
    )
    for door in doors:
        hearing.hub.remembered(Refusals).forget()
        seen = [(await door()).status for _ in range(LIMIT + 1)]
        assert seen == [seen[0]] * LIMIT + [429]
        assert seen[0] in (401, 403)
    assert {keys["integration"] for _, keys in hearing.events} == {NAME, "ops"}


async def test_a_wrong_token_of_a_form_is_counted_too(hearing: Hearing) -> None:
    from tests.callers.kinds import person

    call = Call("POST", "act", {}, {**person("Hub.Admin"), "x-forwarded-for": "192.0.2.9"}, b"")
    assert [(await ops(call, hearing.hub)).status for _ in range(LIMIT + 1)] == [403] * LIMIT + [429]


def test_a_clock_that_goes_back_begins_a_new_window(hearing: Hearing) -> None:
    hearing.statuses(LIMIT + 1)
    hearing.clock -= 3600
    assert hearing.statuses(1) == [401]


def test_the_answers_to_refused_calls(hearing: Hearing) -> None:
    answers = [hearing.call() for _ in range(LIMIT + 1)]
    assert answers[0] == Answer(status=401, content_type="text/plain", body=b"")
    assert answers[-1] == Answer(status=429, content_type="text/plain", body=b"", headers={"Retry-After": "60"})
    assert hearing.call(secret="key-elsewhere") == Answer(status=403, content_type="text/plain", body=b"")
    assert list(hearing.hub.remembered(Refusals).windows) == [
        keyed("caller", "address 192.0.2.1"),
        keyed("caller", "partner elsewhere"),
    ]


@pytest.mark.parametrize(("later", "wait"), [(0, "60"), (0.1, "60"), (1, "59"), (59, "1"), (59.9, "1")])
def test_a_throttled_caller_is_to_come_back_when_its_window_ends(hearing: Hearing, later: float, wait: str) -> None:
    hearing.statuses(LIMIT)
    hearing.clock += later
    answer = hearing.call()
    assert isinstance(answer, Answer)
    assert answer.headers == {"Retry-After": wait}


def test_the_limits() -> None:
    assert (LIMIT, WINDOW, REPORTED, CALLERS) == (20, 60.0, 300, 1024)


def test_limits_leave_room_for_a_mistake_and_none_for_a_search() -> None:
    assert 5 <= LIMIT <= 60
    assert LIMIT < admission.REPORTED
