"""The watchdog's own route: an event on the alarms topic for what is dead or overdue, and none on a good day."""

from typing import Any

import pytest

from shared.delivery.upkeep import alarms, watchdog
from shared.destinations.event_grid import Topic
from shared.envelope import Outgoing, Receipt
from shared.intake.inbox import watching
from shared.ledger.reporting import counters
from shared.problems import Undelivered
from shared.storage import names
from shared.storage.store import put
from tests import ledger_world as world

NAME = "notes-to-test"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []

    async def deliver(self: Topic, outgoing: Outgoing) -> Receipt:
        sent.append(dict(outgoing.properties))
        return Receipt("published")

    monkeypatch.setattr(Topic, "deliver", deliver)
    monkeypatch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    return sent


@pytest.mark.parametrize(("age", "is_told"), [(10, True), (300, True), (300.1, False)])
async def test_a_dead_letter_is_an_alarm_while_it_is_news(published: list[Any], age: float, is_told: bool) -> None:
    hub = world.hub(world.integration(world.Remembering()))
    await hub.store.commit(names.tables(NAME).find, names.DEAD, put("1-a.b", {"at": hub.now() - age}))
    await watchdog.tick(hub, watching.look)
    assert published == ([{"integration": NAME, "reason": "dead"}] if is_told else [])


@pytest.mark.parametrize(("overdue", "reasons"), [(1, ["overdue"]), (0, [])])
async def test_what_is_overdue_is_an_alarm(published: list[Any], overdue: int, reasons: list[str]) -> None:
    await alarms.raise_alarms(NAME, {"overdue": overdue}, world.hub(world.integration(world.Remembering())))
    assert [each["reason"] for each in published] == reasons


async def test_a_topic_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deliver(self: Topic, outgoing: Outgoing) -> Receipt:
        raise Undelivered(kind="transient", code="http-503", text="away")

    monkeypatch.setattr(Topic, "deliver", deliver)
    monkeypatch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    emitted: list[tuple[str, dict[str, Any]]] = []
    one = world.integration(world.Remembering())
    hub = world.hub(one, emit=lambda name, **keys: emitted.append((name, keys)))
    await alarms.alarm(NAME, "overdue", hub)
    keys = {"integration": NAME, "destination": alarms.ALARMS.name, "outcome": "waiting", "error_code": "http-503"}
    assert emitted == [("hub.attempt", keys)]


async def test_an_alarm_holds_the_integration_and_the_reason_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Outgoing] = []

    async def deliver(self: Topic, outgoing: Outgoing) -> Receipt:
        sent.append(outgoing)
        return Receipt("published")

    monkeypatch.setattr(Topic, "deliver", deliver)
    monkeypatch.setenv("HUB_ALARMS__ENDPOINT", "https://alarms.example")
    hub = world.hub(world.integration(world.Remembering()))
    for reason in ("dead", "overdue", "dead"):
        await alarms.alarm(NAME, reason, hub)
    ids = [each.control_id for each in sent]
    assert len(set(ids)) == 3  # the same trouble later is another alarm
    assert [each.rpartition("-")[0] for each in ids] == [f"{NAME}-dead", f"{NAME}-overdue", f"{NAME}-dead"]
    whole = [Outgoing(content_type="application/json", body=b"{}", control_id=id) for id in ids]
    assert [each._replace(properties={}) for each in sent] == [each._replace(properties={}) for each in whole]
    assert [dict(each.properties) for each in sent[:2]] == [{"integration": NAME, "reason": each} for each in ("dead", "overdue")]


async def test_off_without_the_setting(published: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two is called, and whatever is wrong."""
    monkeypatch.delenv("HUB_ALARMS__ENDPOINT")
    emitted: list[str] = []
    hub = world.hub(world.integration(world.Remembering()), emit=lambda name, **keys: emitted.append(name))
    await hub.store.commit(names.tables(NAME).find, names.DEAD, put("1-a.b", {"at": hub.now()}))
    await alarms.alarm(NAME, "overdue", hub)
    await alarms.raise_alarms(NAME, {"overdue": 1}, hub)
    assert (published, emitted) == ([], [])


@pytest.mark.parametrize(("outcome", "age", "is_told"), [("fault", 0, True), ("unavailable", 240, True), ("fault", 400, False)])
async def test_a_message_without_a_verdict_is_an_alarm_while_it_is_news(
    published: list[Any], outcome: str, age: float, is_told: bool
) -> None:
    """By the counts in storage: the process that counted may be another one."""
    clock = [world.NOW]
    hub = world.hub(world.integration(world.Remembering()), now=lambda: clock[0])
    hub.count(NAME, outcome)
    await counters.write(NAME, hub)
    clock[0] += age
    await alarms.raise_alarms(NAME, {"overdue": 0}, hub)
    assert published == ([{"integration": NAME, "reason": "no-verdict"}] if is_told else [])
