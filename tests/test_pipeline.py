"""The journey of one message, on the store in memory."""

import asyncio

import orjson
import pytest

from shared.check import check, run
from shared.delivery.process import process
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.issue import Issue
from shared.problems import Undelivered
from shared.storage import names
from tests.ledger_world import Remembering, envelope, hub, integration, note

LEDGER = names.tables("notes-to-test").ledger


async def settled(world):
    while world.tasks:
        await asyncio.gather(*world.tasks)


def rows(world, kind):
    return [row for lane in world.store.tables[LEDGER].values() for key, (_, row) in lane.items() if key.startswith(kind)]


def test_check_and_run_are_pure_and_agree():
    notes = integration(Remembering())
    ran = run(notes, envelope(note("1")))
    assert check(notes, envelope(note("1"))).verdict == ran.verdict
    assert [orjson.loads(out.body)["id"] for out in ran.outgoing] == ["1"]
    assert run(notes, envelope(b"{}")).outgoing == ()


def test_a_broken_mapping_is_a_fault_that_says_where_and_nothing_of_the_message():
    def mapping(read):
        raise ValueError(read["name"])

    ran = run(integration(Remembering(), transform=mapping), envelope(note("1", name="secret-name")))
    assert [fault.rule for fault in ran.faults] == ["fault"]
    assert "test_pipeline.py" in ran.faults[0].text
    assert "secret-name" not in str(ran.faults)


async def test_an_accepted_message_is_delivered_and_leaves_no_content():
    destination = Remembering()
    notes = integration(destination)
    world = hub(notes)
    answer = await accept(notes, envelope(note("1")), world)
    assert answer.status == 202
    assert answer.headers["X-Message-Id"]
    await settled(world)
    assert [taken["id"] for taken in destination.took] == ["1"]
    assert rows(world, "w|") == rows(world, "c|") == rows(world, "claim") == []
    assert [row["outcome"] for row in rows(world, "d|")] == ["delivered"]
    assert not any(world.store.tables[names.tables("notes-to-test").open].values())
    assert not world.store.queues["notes-to-test-work"]


async def test_the_same_message_again_gets_the_stored_answer_and_goes_nowhere():
    destination = Remembering()
    notes = integration(destination)
    world = hub(notes)
    first = await accept(notes, envelope(note("1")), world)
    await settled(world)
    again = await accept(notes, envelope(note("1")), world)
    await settled(world)
    assert (again.status, again.body, again.headers) == (first.status, first.body, first.headers)
    assert len(destination.took) == 1
    assert rows(world, "r|")[0]["duplicates"] == 1


async def test_on_resend_deliver_sends_it_again():
    destination = Remembering()
    notes = integration(destination, on_resend="deliver")
    world = hub(notes)
    for _ in range(2):
        await accept(notes, envelope(note("1")), world)
        await settled(world)
    assert len(destination.took) == 2


@pytest.mark.parametrize("lane", ["A", "B"])
async def test_a_reused_control_id_is_a_new_message_with_a_warning(lane):
    destination = Remembering()
    notes = integration(destination)
    world = hub(notes)
    await accept(notes, envelope(note("1")), world)
    answer = await accept(notes, envelope(note("1", lane, more=1)), world)
    await settled(world)
    assert orjson.loads(answer.body) == {"ack": "AA", "rules": ["control-id-reuse"]}
    assert len(destination.took) == 2


async def test_a_refused_message_is_recorded_without_content_over_http_and_with_it_by_queue():
    notes = integration(Remembering())
    world = hub(notes)
    await accept(notes, envelope(b'{"id": "1"}', trigger="http"), world)
    assert [row["outcome"] for row in rows(world, "d|")] == ["rejected"]
    assert rows(world, "c|") == []
    await accept(notes, envelope(b'{"id": "2"}', trigger="queue"), world)
    assert len(rows(world, "c|")) == 1


async def test_a_test_message_never_reaches_a_destination_that_takes_none():
    notes = integration(Remembering())
    answer = await accept(notes, envelope(note("1", test=True)), hub(notes))
    assert orjson.loads(answer.body) == {"ack": "AR", "rules": ["synthetic"]}


async def test_a_failure_waits_and_a_knock_is_left_then_the_retry_delivers():
    now = [1_770_000_000.0]
    refusals = ["ack-AE", "ack-AE"]

    def behave(_):
        if refusals:
            raise Undelivered(kind="transient", code=refusals.pop(), text="not now")

    destination = Remembering(behave=behave)
    notes = integration(destination)
    world = hub(notes, now=lambda: now[0])
    await accept(notes, envelope(note("1")), world)
    await settled(world)
    (waiting,) = rows(world, "w|")
    assert (waiting["state"], waiting["attempts"], waiting["code"]) == ("waiting", 1, "ack-AE")
    lane = next(iter(world.store.tables[LEDGER]))
    for _ in range(2):
        now[0] += 30
        await process(notes, lane, world)
    assert len(destination.took) == 1
    assert rows(world, "d|")[0]["attempts"] == 3


async def test_out_of_attempts_is_a_dead_letter_that_keeps_its_content_and_lets_the_lane_go_on():
    now = [1_770_000_000.0]

    def behave(read):
        if read["id"] == "1":
            raise Undelivered(kind="permanent", code="ack-AR", text="refused", detail="its own words")

    destination = Remembering(behave=behave)
    notes = integration(destination)
    world = hub(notes, now=lambda: now[0])
    for id in "12":
        await accept(notes, envelope(note(id)), world)
    await settled(world)
    assert sorted(row["outcome"] for row in rows(world, "d|")) == ["dead", "delivered"]
    assert [taken["id"] for taken in destination.took] == ["2"]
    assert len(rows(world, "c|")) == 1
    assert rows(world, "e|")[0]["detail"] == "its own words"


async def test_a_dead_letter_holds_its_lane_where_that_is_declared():
    def behave(read):
        if read["id"] == "1":
            raise Undelivered(kind="permanent", code="ack-AR", text="refused")

    destination = Remembering(behave=behave)
    notes = integration(destination, delivery=Delivery(on_dead="hold"))
    world = hub(notes)
    for body in (note("1"), note("2"), note("3", "B")):
        await accept(notes, envelope(body), world)
        await settled(world)
    assert [taken["id"] for taken in destination.took] == ["3"]
    assert len(rows(world, "w|")) == 2  # the mark that holds it, and message 2


async def test_wrong_credentials_open_the_breaker_and_cost_no_attempt():
    def behave(_):
        raise Undelivered(kind="misconfigured", code="http-401", text="who are you")

    now = [1_770_000_000.0]
    notes = integration(Remembering(behave=behave))
    world = hub(notes, now=lambda: now[0])
    for id, lane in (("1", "A"), ("2", "B")):
        await accept(notes, envelope(note(id, lane)), world)
        await settled(world)
    assert [(row["attempts"], row["code"]) for row in rows(world, "w|")] == [(0, "http-401"), (0, "breaker-open")]


class Never:
    """What goes out, of which none is ever valid."""

    name = "never"

    def check(self, content):
        return [Issue(severity="error", code="value", where="Patient.birthDate", text="not valid", rule="format")]


async def test_a_message_whose_own_output_fails_its_check_is_refused_at_the_door():
    destination = Remembering()
    notes = integration(destination, outgoing=Never())
    world = hub(notes)
    answer = await accept(notes, envelope(note("1")), world)
    await settled(world)
    assert answer.status == 422
    assert b"not-sendable" in answer.body
    assert rows(world, "w|") == []
    assert not destination.took
    ran = run(notes, envelope(note("1")))
    assert ([issue.rule for issue in ran.verdict.issues], [fault.rule for fault in ran.faults]) == (["not-sendable"], ["format"])
    assert "format at Patient.birthDate" in ran.verdict.issues[0].text


async def test_what_leaves_is_made_once_from_the_door_to_the_first_attempt():
    made = []

    def mapping(read):
        made.append(read)
        return read

    notes = integration(Remembering(), transform=mapping)
    world = hub(notes)
    await accept(notes, envelope(note("1")), world)
    await settled(world)
    assert len(made) == 1
