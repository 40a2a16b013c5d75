"""Mode observe: everything but the delivery, decided when a message is accepted and kept with it."""

import asyncio
from typing import Any

import pytest

from shared import mode
from shared.delivery import dead
from shared.delivery.dead import Person
from shared.delivery.process import process
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers.http import accept_http
from shared.integration import Delivery
from shared.ledger.reporting import conservation, search
from shared.ops.replay import replay
from shared.problems import Undelivered
from shared.storage import names
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
SETTING = mode.setting_name(NAME)


class Tried:
    """A hub with one integration whose mode is changed with ``observing``."""

    def __init__(self, behave: Any = lambda note: None, **declared: Any) -> None:
        self.took = Remembering(behave=behave)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.observing = True
        self.notes = integration(self.took, **declared)
        self.at = NOW
        self.hub: Hub = hub(self.notes, now=lambda: self.at, emit=lambda name, **keys: self.events.append((name, keys)))
        self.hub.is_observed = lambda name: self.observing

    async def send(self, *bodies: bytes, **values: Any) -> str:
        """The id of the last message."""
        for body in bodies:
            answer = await accept(self.notes, envelope(body, **values), self.hub)
            while self.hub.tasks:
                await asyncio.gather(*self.hub.tasks)
        return answer.headers["X-Message-Id"]

    async def outcomes(self) -> dict[str, int]:
        balance = await conservation.balance(self.notes, self.hub)
        assert balance.holds, balance.unexplained
        return dict(balance.outcomes)

    def rows(self, kind: str) -> list[str]:
        ledger = self.hub.store.tables[names.tables(NAME).ledger]  # type: ignore[attr-defined]
        return [key for rows in ledger.values() for key in rows if key.startswith(kind)]


async def test_an_observed_message_is_settled_and_nothing_leaves() -> None:
    world = Tried()
    message = await world.send(note("1"))
    assert not world.took.took
    assert await world.outcomes() == {"observed": 1}
    assert not world.rows("c|")
    assert not world.rows("w|")
    story = await search.status(NAME, message, world.hub)
    assert story
    assert (story["outcome"], story["attempts"]) == ("observed", 0)


async def test_the_mode_of_its_acceptance_stays_with_a_message() -> None:
    """Switched to live and back: what was accepted under observe is never delivered, what was accepted live is, in order."""
    world = Tried()
    await world.send(note("1"), note("2"))
    world.observing = False
    await world.send(note("3"), note("4"))
    world.observing = True
    await world.send(note("5"))
    assert [one["id"] for one in world.took.took] == ["3", "4"]
    assert await world.outcomes() == {"observed": 3, "delivered": 2}


async def test_a_live_message_that_waits_is_delivered_after_the_switch_back() -> None:
    away = [True]

    def behave(read: Any) -> None:
        if away:
            away.pop()
            raise Undelivered(kind="transient", code="busy", text="busy")

    world = Tried(behave)
    world.observing = False
    await world.send(note("1"))
    world.observing = True
    world.at += 60
    await world.send(note("2"))
    assert [one["id"] for one in world.took.took] == ["1"]
    assert await world.outcomes() == {"delivered": 1, "observed": 1}


async def test_receipts_are_kept_over_the_switch() -> None:
    """The old engine has delivered it: a resend after the switch is a duplicate, as it would be after a delivery."""
    world = Tried()
    await world.send(note("1"))
    world.observing = False
    await world.send(note("1"))
    assert not world.took.took
    assert await world.outcomes() == {"observed": 1, "duplicate": 1}


async def test_a_mapping_that_breaks_is_observed_and_holds_no_lane() -> None:
    def broken(read: Any) -> Any:
        if read["id"] == "1":
            raise KeyError(read["id"])
        return read

    world = Tried(transform=broken, delivery=Delivery(on_dead="hold"))
    await world.send(note("1"), note("2"))
    assert await world.outcomes() == {"observed": 2}
    assert await dead.dead_letters(NAME, world.hub) == []
    observed = [keys for name, keys in world.events if name == "hub.message" and keys["stage"] == "deliver"]
    assert [keys["error_code"] for keys in observed] == ["observed-fault", ""]


async def test_an_open_breaker_delays_no_observed_message() -> None:
    def away(read: Any) -> None:
        raise Undelivered(kind="misconfigured", code="http-401", text="no")

    world = Tried(away)
    world.observing = False
    await world.send(note("1"))
    world.observing = True
    await world.send(note("2", "B"))
    assert (await world.outcomes())["observed"] == 1


async def test_a_replayed_message_keeps_its_mode() -> None:
    def refuse(read: Any) -> None:
        raise Undelivered(kind="permanent", code="ack-AR", text="no")

    world = Tried(refuse)
    world.observing = False
    message = await world.send(note("1"))
    world.observing, world.took.behave = True, lambda read: None
    await replay(world.notes, message, Person("p", "fixed"), world.hub)
    await process(world.notes, message.partition(".")[0], world.hub)
    assert [one["id"] for one in world.took.took] == ["1"]


async def test_a_batch_is_observed_if_it_was_acknowledged_under_observe() -> None:
    world = Tried()
    world.observing = False
    await world.send(note("1"), mode=mode.OBSERVE)
    world.observing = True
    await world.send(note("2"), mode=mode.LIVE)
    assert [one["id"] for one in world.took.took] == ["2"]


@pytest.mark.parametrize(("text", "observed"), [("", False), ("live", False), ("observe", True)])
def test_the_setting(monkeypatch: pytest.MonkeyPatch, text: str, observed: bool) -> None:
    monkeypatch.setenv(SETTING, text)
    assert mode.is_observed(NAME) is observed


@pytest.mark.parametrize("text", ["Observe", "obsreve", "off", " observe"])
def test_a_misspelt_mode_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(SETTING, text)
    with pytest.raises(ValueError, match=SETTING):
        mode.is_observed(NAME)


@pytest.mark.parametrize("observing", [True, False])
async def test_a_refused_message_of_a_parallel_run_leaves_no_content(observing: bool) -> None:
    world = Tried()
    world.observing = observing
    await world.send(b'{"id": "1"}', trigger="queue")
    await world.send(b'{"id": "2"}', acknowledged="AA")
    assert await world.outcomes() == ({"rejected": 2} if observing else {"rejected": 1, "dead": 1})
    assert bool(world.rows("c|")) is not observing


@pytest.mark.parametrize("observing", [True, False])
async def test_the_answer_over_http_names_the_mode(observing: bool) -> None:
    world = Tried()
    world.observing = observing
    answer = await accept_http(world.notes, {"content-type": "application/json"}, note("1"), world.hub)
    assert answer.headers.get("X-Hub-Mode") == ("observe" if observing else None)
