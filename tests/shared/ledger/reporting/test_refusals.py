"""Rejected messages are counted by sender and rule, whatever a sender writes."""

import pytest

from shared.hub import Hub
from shared.intake.accept import accept
from shared.issue import Issue, Verdict
from shared.ledger.reporting import refusals
from tests import ledger_world as world

NAME = "notes-to-test"
ONE = world.integration(world.Remembering())


def error(rule: str) -> Issue:
    return Issue(severity="error", code="value", where="PID-3", text="x", rule=rule)


@pytest.fixture
def hub() -> Hub:
    return world.hub(ONE)


def counted(hub: Hub) -> dict[str, int]:
    return {name: count for (_, name), count in hub.counts.items() if name.startswith(refusals.PREFIX)}


def test_a_message_counts_once_for_its_sender_and_once_for_each_rule(hub: Hub) -> None:
    warning = Issue(severity="warning", code="value", text="x", rule="padding")
    refusals.count(ONE, "224", Verdict("AE", (error("a"), error("a"), error("b"), warning)), hub)
    refusals.count(ONE, "224", Verdict("AE", (error("a"),)), hub)
    assert counted(hub) == {"rejected-by * 224": 2, "rejected-by a 224": 2, "rejected-by b 224": 1}
    assert {refusals.of(name) for name in counted(hub)} == {("*", "224"), ("a", "224"), ("b", "224")}


def test_what_a_sender_writes_never_becomes_a_name(hub: Hub) -> None:
    refusals.count(ONE, "Jones Ann 9990000018", Verdict("AE", (error("9990000018"),)), hub)
    assert not [name for name in counted(hub) if "Jones" in name or "9990000018" in name]
    assert all(found and found.sender.startswith("hash-") for found in map(refusals.of, counted(hub)))


def test_names_are_bounded_and_every_message_is_counted(hub: Hub) -> None:
    for n in range(refusals.MOST):
        refusals.count(ONE, f"S{n}", Verdict("AE", (error("a"),)), hub)
    assert len(counted(hub)) <= refusals.MOST + 1
    assert sum(count for name, count in counted(hub).items() if " * " in name) == refusals.MOST


def test_a_name_that_is_known_keeps_its_own_count_when_there_is_no_room_for_another(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of other kinds and of other integrations take no room."""
    monkeypatch.setattr(refusals, "MOST", 3)
    other = world.integration(world.Remembering(), name="another-to-test")
    for name in ("accepted", "warned a - S1"):
        hub.count(ONE.name, name)
    refusals.count(other, "S9", Verdict("AE", (error("a"),)), hub)
    for sender in ("S1", "S2", "S3", "S1"):
        refusals.count(ONE, sender, Verdict("AE", (error("a"),)), hub)
    own = {name: count for (which, name), count in hub.counts.items() if which == ONE.name and name.startswith("rejected-by")}
    assert own == {"rejected-by * S1": 2, "rejected-by a S1": 2, "rejected-by * S2": 1, refusals.OTHERS: 1}


async def test_a_message_that_is_rejected_is_counted_and_one_that_is_accepted_is_not(hub: Hub) -> None:
    await accept(ONE, world.envelope(b'{"id":"1","sender":"224"}'), hub)
    await accept(ONE, world.envelope(b"no json", partner="pas"), hub)
    await accept(ONE, world.envelope(b"no json"), hub)
    await accept(ONE, world.envelope(world.note("2")), hub)
    assert counted(hub) == {
        "rejected-by * 224": 1,
        "rejected-by name-required 224": 1,
        "rejected-by * pas": 1,
        "rejected-by unreadable pas": 1,
        "rejected-by * -": 1,
        "rejected-by unreadable -": 1,
    }
    await hub.drain()
