"""A batch: stored once, a verdict for each message, split so that a crash in the middle doubles and loses nothing."""

import asyncio
import hashlib
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import itemgetter
from threading import Barrier, BrokenBarrierError
from types import SimpleNamespace

import orjson
import pytest

from integrations import load
from shared.delivery import dead
from shared.delivery.dead import Person
from shared.delivery.upkeep import watchdog
from shared.envelope import Answer, Envelope, Receipt
from shared.intake import accept as door
from shared.intake import answers, batches, large, replies, splitting, window
from shared.intake.batch_decision import decide_batch
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_queue_message
from shared.intake.triggers.timer import tick
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.reporting import conservation
from shared.ops.replay import replay
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Away
from tests.ledger_world import NOW, hub
from tests.waiting import PATIENCE
from toolkit.samples import accepted

NAME = "phw-to-mpi"
SAMPLE = "a31_date_of_death"
STAMP = "2026-05-01T09:30:00.000Z"


class Taking:
    name, takes_synthetic = "MPI", True

    def __init__(self):
        self.took = []

    async def deliver(self, outgoing):
        self.took.append(outgoing.control_id)
        return Receipt()

    async def close(self):
        pass


@pytest.fixture
def world():
    destination = Taking()
    one = replace(load(NAME), destination=destination)
    made = hub(one, now=lambda: NOW)
    return made, one, destination


def bodies():
    """Four good messages that differ in their control ids, and one of a version that is not taken."""
    good = next(each.body for each in accepted(load(NAME)) if each.name == SAMPLE)
    control = good.split(b"|")[9]
    each = [good.replace(control, b"BATCH%d" % n, 1) for n in range(5)]
    header, end, rest = each[2].partition(b"\r")
    each[2] = header.replace(b"|2.5", b"|2.9") + end + rest
    return each


def file(messages):
    ends = [body.strip(b"\r\n") for body in messages]
    return b"\r".join([b"FHS|^~\\&|A|B", b"BHS|^~\\&|A|B", *ends, b"BTS|%d" % len(ends), b"FTS|1"]) + b"\r"


async def settled(made):
    while made.tasks:
        await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_each_message_gets_its_verdict_and_the_good_ones_are_delivered(world):
    made, one, destination = world
    answer = await batches.take(one, Envelope(integration=NAME, body=file(bodies()), received_at=STAMP, trigger="http"), made)
    await settled(made)
    verdicts = [line.split(b"|")[1] for line in answer.body.split(b"\r") if line.startswith(b"MSA")]
    assert verdicts.count(b"AA") == 4
    assert len(verdicts) == 5
    assert len(destination.took) == 4
    assert not made.store.containers[names.CONTENT]
    assert not any(made.store.tables[names.tables(NAME).open].values())
    assert (await conservation.balance(one, made)).outcomes == {"delivered": 4, "rejected": 1}


@pytest.mark.parametrize("stops_after", range(1, 6))
async def test_a_crash_in_the_middle_doubles_and_loses_nothing(world, monkeypatch, stops_after):
    made, one, destination = world
    real, calls = splitting.accept, 0

    async def dying(*args):
        nonlocal calls
        calls += 1
        number = calls
        answer = await real(*args)
        if number == stops_after:
            raise Away  # taken, and the worker dies before it notes that
        return answer

    monkeypatch.setattr(splitting, "accept", dying)
    await batches.take(one, Envelope(integration=NAME, body=file(bodies()), received_at=STAMP, trigger="http"), made)
    await settled(made)
    later = NOW + 100
    made.now = lambda: later
    made.store.now = made.now
    for got in await made.store.receive(f"{NAME}-work", 30):
        await answer_knock(one, got.body, made)
    await settled(made)
    balance = await conservation.balance(one, made)
    assert len(destination.took) == len(set(destination.took)) == 4
    assert (balance.outcomes["delivered"], balance.outcomes["rejected"], balance.holds) == (4, 1, True)
    assert not made.store.containers[names.CONTENT]


def deliveries(one, **changes):
    destination = Taking()
    return replace(one, destination=destination, **changes), destination


def codes(answer):
    """The acknowledgement code of each member, in order."""
    return [line.split(b"|")[1].decode() for line in answer.body.split(b"\r") if line.startswith(b"MSA")]


def controls(answer):
    return [line.split(b"|")[2].decode() for line in answer.body.split(b"\r") if line.startswith(b"MSA")]


async def later(made, one, seconds=100, rounds=6):
    """The hub some time after: the watchdog's rounds and the knocks that are due."""
    for _ in range(rounds):
        now = made.now() + seconds
        made.now = lambda at=now: at
        made.store.now = made.now
        await tick(made)
        for queue, work in ((f"{one.name}-work", answer_knock), (f"{one.name}-in", accept_queue_message)):
            for got in await made.store.receive(queue, 30, most=1000):
                with suppress(Away, asyncio.CancelledError):
                    await work(one, got.body, made)
                    await made.store.settle(got.ticket)
        await settled(made)


async def outcomes(made, one):
    """What the ledger says of each member, by control id; a control id that came twice has two."""
    found = defaultdict(list)
    async for row in made.store.scan(names.tables(one.name).ledger):
        if row.key.startswith("d|"):
            found[row["control"]].append(row["outcome"])
    return found


async def as_acknowledged(made, one, answer):
    """The ledger did what the acknowledgement said, member by member."""
    found = await outcomes(made, one)
    for code, control in zip(codes(answer), controls(answer), strict=True):
        expected = {"delivered", "dead"} if code == "AA" else {"rejected"}
        assert expected & set(found[control]), (code, control, found[control])


def posted(body, partner="", trigger="http"):
    return Envelope(integration=NAME, body=body, received_at=STAMP, trigger=trigger, partner=partner)


def numbered(count, prefix=b"BATCH"):
    good = next(each.body for each in accepted(load(NAME)) if each.name == SAMPLE)
    control, patient = good.split(b"|")[9], good.split(b"PID|")[1].split(b"|")[2]
    bodies = [good.replace(control, b"%s%d" % (prefix, n), 1) for n in range(count)]
    return [body.replace(patient, b"LANE%d^^^252^PI" % n, 1) for n, body in enumerate(bodies)]


@pytest.fixture
def partners(monkeypatch):
    """Two callers: ``ours`` may send as the sender of the samples, ``theirs`` as another sender."""
    senders = {"ours": ["252"], "theirs": ["999|999"], "both": ["*"]}
    named = [
        {"name": name, "keys": [hashlib.sha256(name.encode()).hexdigest()], "integrations": ["*"], "senders": each}
        for name, each in senders.items()
    ]
    monkeypatch.setenv("HUB_PARTNERS", orjson.dumps(named).decode())
    return named


async def test_members_of_another_sender_hear_that_and_are_recorded_so(world, partners):
    made, one, destination = world
    answer = await batches.take(one, posted(file(numbered(6)), "theirs"), made)
    await settled(made)
    assert codes(answer) == ["AR"] * 6
    assert not destination.took
    await as_acknowledged(made, one, answer)


async def test_the_same_bytes_of_two_callers_are_two_batches(world, partners):
    made, one, destination = world
    body = file(numbered(40))
    mine, theirs = await asyncio.gather(
        batches.take(one, posted(body, "ours"), made), batches.take(one, posted(body, "theirs"), made)
    )
    await settled(made)
    await later(made, one)
    assert (codes(mine), codes(theirs)) == (["AA"] * 40, ["AR"] * 40)
    assert mine.headers["X-Batch-Id"] != theirs.headers["X-Batch-Id"]
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(40))
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.outcomes["rejected"], balance.received) == (True, 40, 80)


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_same_caller_posts_again(world, at_once):
    made, one, destination = world
    envelope = posted(file(numbered(5)))
    first = await batches.take(one, envelope, made)
    if not at_once:
        await settled(made)
    again = await batches.take(one, envelope, made)
    await settled(made)
    assert (first.body, first.headers) == (again.body, again.headers)
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(5))
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.outcomes["duplicate"]) == (True, 0 if at_once else 5)


async def test_settings_that_change_while_it_is_split(world, partners, monkeypatch):
    """What was acknowledged is kept, what was refused stays refused: the acknowledgement is a promise."""
    made, one, destination = world
    start, made.start = made.start, lambda work: work.close()
    mine = await batches.take(one, posted(file(numbered(3, b"M")), "ours"), made)
    theirs = await batches.take(one, posted(file(numbered(3, b"T")), "theirs"), made)
    swapped = [{**each, "senders": ["999|999"] if each["name"] == "ours" else ["*"]} for each in partners]
    monkeypatch.setenv("HUB_PARTNERS", orjson.dumps(swapped).decode())
    made.start = start
    await later(made, one)
    assert (codes(mine), codes(theirs)) == (["AA"] * 3, ["AR"] * 3)
    found = await outcomes(made, one)
    assert [found[f"M{n}"] for n in range(3)] == [["dead"]] * 3
    assert [found[f"T{n}"] for n in range(3)] == [["rejected"]] * 3
    letters = sorted(await dead.dead_letters(NAME, made), key=itemgetter("control"))
    assert [letter["control"] for letter in letters] == ["M0", "M1", "M2"]
    body = await dead.content(NAME, letters[0]["id"], Person("p", "test"), made)
    assert body == numbered(3, b"M")[0]
    assert not destination.took
    assert (await conservation.balance(one, made)).holds


def failing(what):
    """An integration that fails at one member in the way that is named."""

    def broken(real, *arguments):
        def work(message, *rest):
            if message["MSH-10"] == "BATCH2":
                raise what
            return real(message, *rest)

        return work

    return broken


@pytest.mark.parametrize("part", ["lane", "transform", "check", "patient", "after"])
async def test_one_member_at_which_the_hub_fails_is_recorded_and_the_others_go_on(part):
    base, fail = load(NAME), failing(KeyError("a bug"))
    if part == "check":
        changes = {"profile": SimpleNamespace(name="p", check=fail(base.profile.check))}
    else:
        changes = {part: fail(getattr(base, part) or (lambda message: ""))}
    one, destination = deliveries(base, **changes)
    made = hub(one, now=lambda: NOW)
    answer = await batches.take(one, posted(file(numbered(60))), made)
    await settled(made)
    await later(made, one)
    expected = ["AA" if part == "transform" or n != 2 else "AE" for n in range(60)]
    assert codes(answer) == expected
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(60) if n != 2)
    await as_acknowledged(made, one, answer)
    assert (await conservation.balance(one, made)).holds
    assert not made.store.tables[names.tables(NAME).open][names.BATCH]


async def test_a_member_that_no_row_can_hold_is_refused_and_the_others_go_on(world):
    made, one, destination = world
    bodies = numbered(5)
    bodies[1] = bodies[1].replace(b"BATCH1", b"X" * 40_000, 1)
    answer = await batches.take(one, posted(file(bodies)), made)
    await settled(made)
    assert codes(answer) == ["AA", "AE", "AA", "AA", "AA"]
    assert len(destination.took) == 4
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.outcomes) == (True, {"delivered": 4, "rejected": 1})


@pytest.mark.parametrize("where", ["record", "refuse"])
async def test_a_member_that_was_acknowledged_and_cannot_be_stored_is_a_dead_letter(world, monkeypatch, where):
    made, one, destination = world
    module = door if where == "record" else answers
    real = getattr(module, where)

    async def broken(integration, what, *rest):
        control = what.control if where == "record" else rest[1].control
        if control == "BATCH1":
            raise ValueError("storage refused the request")
        return await real(integration, what, *rest)

    monkeypatch.setattr(module, where, broken)
    if where == "refuse":
        monkeypatch.setattr(door, "record", partial(broken_record, door.record))
    answer = await batches.take(one, posted(file(numbered(4))), made)
    await settled(made)
    assert codes(answer) == ["AA"] * 4
    assert sorted(destination.took) == ["BATCH0", "BATCH2", "BATCH3"]
    (letter,) = await dead.dead_letters(NAME, made)
    assert letter["outcome"] == "dead"
    assert await dead.content(NAME, letter["id"], Person("p", "test"), made) == numbered(4)[1]
    assert (await conservation.balance(one, made)).holds


async def broken_record(real, integration, arrival, made):
    if arrival.control == "BATCH1":
        raise ValueError("storage refused the request")
    return await real(integration, arrival, made)


async def test_such_a_dead_letter_can_be_replayed_and_discarded(world, monkeypatch):
    made, one, destination = world
    real = door.record

    async def broken(integration, arrival, made):
        if arrival.control in ("BATCH1", "BATCH2"):
            raise ValueError("storage refused the request")
        return await real(integration, arrival, made)

    monkeypatch.setattr(door, "record", broken)
    await batches.take(one, posted(file(numbered(4))), made)
    await settled(made)
    monkeypatch.setattr(door, "record", real)
    first, second = sorted(await dead.dead_letters(NAME, made), key=itemgetter("control"))
    await replay(one, first["id"], Person("p", "test"), made)
    await settled(made)
    await dead.discard(one, second["id"], Person("p", "test"), made)
    assert sorted(destination.took) == ["BATCH0", "BATCH1", "BATCH3"]
    assert await dead.dead_letters(NAME, made) == []
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.outcomes["dead"]) == (True, 0)
    assert await conservation.residue(one, made) == []


@pytest.mark.parametrize("on_resend", ["answer", "deliver"])
@pytest.mark.parametrize("stops_after", [1, 3, 5])
async def test_what_the_hub_brings_again_is_not_a_resend(world, monkeypatch, stops_after, on_resend):
    made, one, _ = world
    one, destination = deliveries(one, on_resend=on_resend)
    made.integrations = {one.name: one}
    real, calls = splitting.accept, 0

    async def dying(*args):
        nonlocal calls
        calls += 1
        number = calls
        answer = await real(*args)
        if number == stops_after:
            raise asyncio.CancelledError
        return answer

    monkeypatch.setattr(splitting, "accept", dying)
    await batches.take(one, posted(file(numbered(5))), made)
    await settled(made)
    await later(made, one)
    balance = await conservation.balance(one, made)
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(5))
    assert (balance.outcomes, balance.received, balance.holds) == ({"delivered": 5}, 5, True)


async def test_a_batch_that_the_caller_sends_again_is_delivered_again_where_declared(world):
    made, one, _ = world
    one, destination = deliveries(one, on_resend="deliver")
    for _ in range(2):
        await batches.take(one, posted(file(numbered(3))), made)
        await settled(made)
    assert sorted(destination.took) == sorted([f"BATCH{n}" for n in range(3)] * 2)


async def test_a_batch_that_is_stuck_is_counted_and_alerted(world, monkeypatch):
    made, one, _ = world
    emitted = []
    made.emit = lambda name, **keys: emitted.append((name, keys))
    made.start = lambda work: work.close()
    await batches.take(one, posted(file(numbered(7))), made)
    made.store.queues.clear()
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.received, balance.outcomes) == (True, 7, {"in batch": 7})
    at = NOW + 400
    made.now = lambda: at
    backlog = await watchdog.sweep(one, made)
    assert (backlog["waiting"], backlog["batches"], backlog["overdue"], backlog["oldest_age_s"]) == (7, 1, 1, 400)
    assert made.store.queues[f"{NAME}-work"], "a worker is asked for"


async def test_a_batch_whose_file_is_gone_is_not_forgotten(world):
    made, one, _ = world
    emitted = []
    made.emit = lambda name, **keys: emitted.append((name, keys.get("error_code")))
    start, made.start = made.start, lambda work: work.close()
    await batches.take(one, posted(file(numbered(7))), made)
    made.store.containers[names.CONTENT].clear()
    made.start = start
    await later(made, one, rounds=2)
    assert ("hub.fault", "batch-without-content") in emitted
    assert (await conservation.balance(one, made)).outcomes == {"in batch": 7}


async def test_a_member_that_kills_its_worker_is_set_aside_and_the_others_go_on(world, monkeypatch):
    made, one, destination = world
    real = splitting.accept

    async def killing(integration, envelope, *rest):
        if b"BATCH2|" in envelope.body:
            raise asyncio.CancelledError
        return await real(integration, envelope, *rest)

    monkeypatch.setattr(splitting, "accept", killing)
    answer = await batches.take(one, posted(file(numbered(30))), made)
    await settled(made)
    await later(made, one, rounds=20)
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(30) if n != 2)
    assert [letter["code"] for letter in await dead.dead_letters(NAME, made)] == ["batch-member"]
    assert (await conservation.balance(one, made)).holds
    assert codes(answer) == ["AA"] * 30


async def test_storage_that_is_away_sets_nothing_aside(world, monkeypatch):
    made, one, destination = world
    real, away = made.store.commit, True

    async def commit(table, partition, *changes):
        if away and table == names.tables(NAME).ledger:
            raise Away
        return await real(table, partition, *changes)

    made.store.commit = commit
    timing, made.timing = made.timing, replace(made.timing, storage_patience=-1)
    await batches.take(one, posted(file(numbered(3))), made)
    await settled(made)
    await later(made, one, rounds=20)
    away, made.timing = False, timing
    await later(made, one, rounds=3)
    assert sorted(destination.took) == ["BATCH0", "BATCH1", "BATCH2"]
    assert await dead.dead_letters(NAME, made) == []


@pytest.mark.parametrize("trigger", ["queue", "file"])
async def test_by_queue_and_by_file_it_is_the_same(world, trigger):
    made, one, destination = world
    bodies = numbered(5)
    bodies[3] = bodies[3].replace(b"BATCH3", b"X" * 40_000, 1)
    body = file(bodies)
    if trigger == "file":
        await made.store.write_blob(names.INBOX, f"{NAME}/batch.hl7", body)
        await made.store.send(f"{NAME}-in", orjson.dumps({"blob": f"{NAME}/batch.hl7"}))
    else:
        await made.store.send(f"{NAME}-in", body)
    await later(made, one)
    assert sorted(destination.took) == ["BATCH0", "BATCH1", "BATCH2", "BATCH4"]
    (letter,) = await dead.dead_letters(NAME, made)
    assert await dead.content(NAME, letter["id"], Person("p", "test"), made) == bodies[3]
    (reply,) = [orjson.loads(each.body) for each in await made.store.receive(f"{NAME}-replies", 30)]
    assert codes(SimpleNamespace(body=reply["acknowledgement"].encode())) == ["AA", "AA", "AA", "AE", "AA"]
    assert (await conservation.balance(one, made)).holds


@pytest.mark.parametrize("body", [b"FHS|^~\\&|A\rFTS|0\r", b"BHS|^~\\&|A\rBTS|0\r"])
async def test_a_batch_without_messages(world, body):
    made, one, _ = world
    answer = await batches.take(one, posted(body), made)
    assert (answer.status, b"BTS|0" in answer.body) == (200, True)
    assert (await conservation.balance(one, made)).received == 0


@pytest.mark.parametrize("body", [b"FHS", b"BHS|^~\\&|A\rPID|1\rBTS|1\r", b"FHS|^~\\&\rBHS|^~\\&\rBTS|3\rFTS|2\r"])
async def test_a_file_of_which_nothing_can_be_taken_is_recorded(world, body):
    made, one, _ = world
    answer = await batches.take(one, posted(body), made)
    assert answer.status == 200
    assert (await conservation.balance(one, made)).outcomes == {"rejected": 1}


@pytest.mark.parametrize("cut", range(1, 60, 7))
async def test_the_member_in_which_a_file_ends_is_refused(world, cut):
    """What is missing of it cannot be known: a result of 120 would be taken for one of 12."""
    made, one, destination = world
    whole = b"".join([b"BHS|^~\\&|A\r", *numbered(3)])
    answer = await batches.take(one, posted(whole.rstrip(b"\r")[:-cut]), made)
    await settled(made)
    assert codes(answer) == ["AA", "AA", "AE"]
    assert sorted(destination.took) == ["BATCH0", "BATCH1"]
    balance = await conservation.balance(one, made)
    assert (balance.holds, balance.outcomes) == (True, {"delivered": 2, "rejected": 1})


async def test_a_file_that_ends_with_a_line_end_or_a_trailer_is_whole(world):
    made, one, _ = world
    whole = b"".join([b"BHS|^~\\&|A\r", *numbered(3)])
    for end in (b"", b"BTS|3", b"BTS|3\r\x1c\r", b"\n"):
        answer = await batches.take(one, posted(whole + end), made)
        await settled(made)
        assert codes(answer) == ["AA"] * 3


async def test_the_replies_to_a_large_batch_come_in_parts_that_say_everything(world):
    made, one, _ = world
    await accept_queue_message(one, file(numbered(800)), made)
    await settled(made)
    parts = [orjson.loads(each.body) for each in await made.store.receive(f"{NAME}-replies", 30, most=100)]
    assert len(parts) > 1
    assert [(part["part"], part["parts"]) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    whole = "".join(part["acknowledgement"] for part in parts).encode()
    assert controls(SimpleNamespace(body=whole)) == [f"BATCH{n}" for n in range(800)]
    assert whole.endswith(b"FTS|1\r")


def test_a_segment_that_no_queue_message_holds_is_left_out():
    parts = replies.reply(Answer(status=200, content_type="x", body=b"MSH|1\rMSA|AE|" + b"X" * 70_000 + b"\rERR|2\r"))
    assert [orjson.loads(part)["acknowledgement"] for part in parts] == ["MSH|1\rERR|2\r"]


async def test_each_note_of_a_batch_prolongs_the_lease(world, monkeypatch):
    made, one, _ = world
    seen, real = [], made.store.commit

    async def commit(table, partition, *changes):
        if partition == names.BATCH:
            seen.extend(changes)
        return await real(table, partition, *changes)

    made.store.commit = commit
    await batches.take(one, posted(file(numbered(53))), made)
    await settled(made)
    notes = [(c.values["next"], c.values["until"] - NOW, c.values["tries"], c.values["since"]) for c in seen[1:-1]]
    assert notes == [(0, 60.0, 1, NOW), (25, 60.0, 1, NOW), (50, 60.0, 1, NOW)]
    assert [c.action for c in seen] == ["insert", "replace", "replace", "replace", "delete"]
    assert all(c.etag for c in seen[1:])  # bound to the batch as this worker last wrote it


async def test_the_worker_after_one_that_died_notes_each_member_and_forgets_the_tries(world, monkeypatch):
    made, one, destination = world
    monkeypatch.setattr(batches, "_begin", lambda *_: asyncio.sleep(0, b""))
    key = (await batches.take(one, posted(file(numbered(3))), made)).headers["X-Batch-Id"]
    rows = made.store.tables[names.tables(NAME).open][names.BATCH]
    ((name, (etag, row)),) = rows.items()
    rows[name] = (etag, {**row, "tries": 3})
    seen, real = [], made.store.commit

    async def commit(table, partition, *changes):
        seen.extend((c.values["next"], c.values["tries"]) for c in changes if partition == names.BATCH and c.values)
        return await real(table, partition, *changes)

    made.store.commit = commit
    await batches.split(one, key, made)
    await settled(made)
    assert seen == [(0, 4), (1, 1), (2, 1), (3, 1)]
    assert sorted(destination.took) == ["BATCH0", "BATCH1", "BATCH2"]


async def test_members_of_other_lanes_are_stored_at_the_same_time(world):
    made, one, destination = world
    real, storing, most, full = made.store.commit, 0, 0, asyncio.Event()

    async def commit(table, partition, *changes):
        nonlocal storing, most
        if table == names.tables(NAME).ledger and any(change.key == names.HEAD for change in changes):
            storing += 1
            most = max(most, storing)
            if storing == window.MOST:
                full.set()
            await asyncio.wait_for(full.wait(), PATIENCE)  # raises: so many are never stored at once
            storing -= 1
        return await real(table, partition, *changes)

    made.store.commit = commit
    made.start, start = lambda work: work.close(), made.start
    key = (await batches.take(one, posted(file(numbered(40))), made)).headers["X-Batch-Id"]
    await batches.split(one, key, made)
    assert most == window.MOST
    made.start = start
    await later(made, one)
    assert sorted(destination.took) == sorted(f"BATCH{n}" for n in range(40))


@pytest.mark.parametrize("failing", [0, 3, 9])
async def test_what_fails_lets_no_later_member_of_its_lane_in_and_the_others_end_before_the_lease_is_given_back(world, failing):
    """Two lanes, in turn. The lane of the one that fails keeps its order, and nothing is stored once the lease is given back."""
    made, one, destination = world
    real, stored, fails = made.store.commit, [], True
    made.timing = replace(made.timing, storage_patience=0.05)
    made.now = time.time

    async def commit(table, partition, *changes):
        arrives = (change.values["control"] for change in changes if change.key.startswith("w|") and change.action == "insert")
        control = next(arrives, "")
        if fails and control == f"BATCH{failing}":
            raise Away
        await asyncio.sleep(0.002)
        if partition == names.BATCH and any(change.values.get("until") == 0 for change in changes):
            stored.append("given back")
        etags = await real(table, partition, *changes)
        stored.extend(filter(None, [control]))
        return etags

    made.store.commit = commit
    made.start, start = lambda work: work.close(), made.start
    bodies = numbered(12)
    bodies = [body.replace(b"LANE%d^" % n, b"LANE%d^" % (n % 2)) for n, body in enumerate(bodies)]
    key = (await batches.take(one, posted(file(bodies)), made)).headers["X-Batch-Id"]
    stored.clear()
    with suppress(Away):
        await batches.split(one, key, made)
    assert stored[-1] == "given back"
    lane = [control for control in stored if control != "given back" and int(control[5:]) % 2 == failing % 2]
    assert lane == [f"BATCH{n}" for n in range(failing % 2, failing, 2)]
    fails, made.start = False, start
    await later(made, one)
    assert [each for each in destination.took if int(each[5:]) % 2] == [f"BATCH{n}" for n in range(1, 12, 2)]
    assert [each for each in destination.took if not int(each[5:]) % 2] == [f"BATCH{n}" for n in range(0, 12, 2)]
    assert (await conservation.balance(one, made)).outcomes == {"delivered": 12}


@pytest.mark.parametrize(("left", "is_split"), [(1, False), (0, True), (-1, True)])
async def test_a_batch_is_split_by_another_worker_once_the_lease_has_ended(world, monkeypatch, left, is_split):
    made, one, destination = world
    monkeypatch.setattr(batches, "_begin", lambda *_: asyncio.sleep(0, b""))
    answer = await batches.take(one, posted(file(numbered(2))), made)
    key = answer.headers["X-Batch-Id"]
    rows = made.store.tables[names.tables(NAME).open][names.BATCH]
    ((name, (etag, row)),) = rows.items()
    rows[name] = (etag, {**row, "until": NOW + left})
    await batches.split(one, key, made)
    await settled(made)
    assert len(destination.took) == (2 if is_split else 0)


@pytest.mark.parametrize("tries", [5, 6])
async def test_a_member_is_set_aside_after_five_workers_and_not_before(world, monkeypatch, tries):
    """``tries``: the workers that began at it, this one included."""
    made, one, destination = world
    monkeypatch.setattr(batches, "_begin", lambda *_: asyncio.sleep(0, b""))
    answer = await batches.take(one, posted(file(numbered(3))), made)
    rows = made.store.tables[names.tables(NAME).open][names.BATCH]
    ((name, (etag, row)),) = rows.items()
    rows[name] = (etag, {**row, "next": 1, "tries": tries - 1})
    await batches.split(one, answer.headers["X-Batch-Id"], made)
    await settled(made)
    assert sorted(destination.took) == (["BATCH1", "BATCH2"] if tries == 5 else ["BATCH2"])
    assert [letter["code"] for letter in await dead.dead_letters(NAME, made)] == (["batch-member"] if tries == 6 else [])


@pytest.mark.parametrize(("seconds", "at_once"), [(60, 3), (60.5, 2)])
async def test_a_worker_lets_another_one_go_on_after_its_turn(world, monkeypatch, seconds, at_once):
    """``seconds``: of each member; a turn is two minutes."""
    made, one, destination = world
    clock, real = [NOW], splitting.accept
    made.now = made.store.now = lambda: clock[0]
    monkeypatch.setattr(batches, "_begin", lambda *_: asyncio.sleep(0, b""))

    async def slow(*args):
        clock[0] += seconds
        return await real(*args)

    monkeypatch.setattr(splitting, "accept", slow)
    key = (await batches.take(one, posted(file(numbered(5))), made)).headers["X-Batch-Id"]
    await batches.split(one, key, made)
    await settled(made)
    ((_, row),) = made.store.tables[names.tables(NAME).open][names.BATCH].values()
    assert (row["next"], row["until"], row["tries"], row["since"]) == (at_once, 0.0, 0, clock[0])
    work = [orjson.loads(each.body) for each in made.store.queues[f"{NAME}-work"].values()]
    assert work.count({"batch": key}) == 1
    await batches.split(one, key, made)
    await batches.split(one, key, made)
    await settled(made)
    assert sorted(destination.took) == [f"BATCH{n}" for n in range(5)]
    assert not made.store.tables[names.tables(NAME).open][names.BATCH]


@pytest.mark.parametrize(("problem", "status"), [(ValueError("ours"), 500), (Unavailable(AWAY), 503), (Away(), 503)])
async def test_a_batch_that_cannot_be_taken_now_is_answered_and_not_stored(world, monkeypatch, problem, status):
    made, one, _ = world

    def broken(*_):
        raise problem

    monkeypatch.setattr(large, "decide_batch", broken)
    answer = await batches.take(one, posted(file(numbered(2))), made)
    assert (answer.status, answer.headers.get("Retry-After")) == (status, "30" if status == 503 else None)
    assert codes(answer) == ["AE"]
    assert not made.store.containers[names.CONTENT]
    assert not any(made.store.tables[names.tables(NAME).open].values())


@pytest.mark.parametrize(("least", "at_once"), [(0, 1), (large.LARGE, 2)])
async def test_large_files_are_decided_one_at_a_time(world, monkeypatch, least, at_once):
    made, one, _ = world
    both, under_way, most, real = Barrier(2), list[int](), list[int](), large.decide_batch

    def counted(*args):
        under_way.append(1)
        with suppress(BrokenBarrierError):
            both.wait(0.2 if at_once == 1 else PATIENCE)
        most.append(len(under_way))
        under_way.pop()
        return real(*args)

    monkeypatch.setattr(large, "LARGE", least)
    monkeypatch.setattr(large, "decide_batch", counted)
    files = [posted(file(numbered(2, prefix))) for prefix in (b"ONE", b"OTHER")]
    given = await asyncio.gather(*(batches.take(one, each, made) for each in files))
    await settled(made)
    assert most[0] == at_once
    assert [codes(each) for each in given] == [["AA", "AA"]] * 2


async def test_a_large_file_that_waited_too_long_for_its_turn_is_answered_and_not_stored(world, monkeypatch):
    made, one, _ = world
    monkeypatch.setattr(large, "LARGE", 0)
    monkeypatch.setattr(large, "PATIENCE", 0.01)
    await made.remembered(large.LargeBatches).deciding.acquire()
    answer = await batches.take(one, posted(file(numbered(2))), made)
    assert (answer.status, answer.headers["Retry-After"], codes(answer)) == (503, "30", ["AE"])
    assert not made.store.containers[names.CONTENT]


async def test_a_large_file_is_split_after_the_one_before_it(world, monkeypatch):
    made, one, destination = world
    monkeypatch.setattr(large, "LARGE", 0)
    with large.splitting(1, made):
        key = (await batches.take(one, posted(file(numbered(2))), made)).headers["X-Batch-Id"]
        await settled(made)
        assert not destination.took
    assert [orjson.loads(each.body) for each in made.store.queues[f"{NAME}-work"].values()].count({"batch": key}) == 2
    await batches.split(one, key, made)
    await settled(made)
    assert sorted(destination.took) == ["BATCH0", "BATCH1"]


async def test_two_large_files_that_come_at_once_are_not_split_at_once(world, monkeypatch):
    """The second one comes while the first one waits for storage, which must know of it by then."""
    made, one, destination = world
    under_way, most, claim, through = list[int](), list[int](), splitting.Turn.claim, splitting.Turn.through

    async def slow_claim(turn):
        await asyncio.sleep(0)
        await claim(turn)

    async def counted(turn):
        under_way.append(1)
        await asyncio.sleep(0)
        most.append(len(under_way))
        under_way.pop()
        return await through(turn)

    monkeypatch.setattr(large, "LARGE", 0)
    with large.splitting(1, made):  # so that both are stored, and neither is split
        given = [await batches.take(one, posted(file(numbered(2, prefix))), made) for prefix in (b"ONE", b"OTHER")]
        await settled(made)
    monkeypatch.setattr(splitting.Turn, "claim", slow_claim)
    monkeypatch.setattr(splitting.Turn, "through", counted)
    keys = [each.headers["X-Batch-Id"] for each in given]
    await asyncio.gather(*(batches.split(one, key, made) for key in keys))
    assert most == [1]
    await later(made, one)
    assert sorted(destination.took) == ["ONE0", "ONE1", "OTHER0", "OTHER1"]


def test_a_batch_is_answered_in_hl7_also_where_another_type_is_preferred() -> None:
    """An acknowledgement of a batch with OperationOutcomes between its segments could be read by no one."""
    one = load(NAME)
    sample = next(each for each in accepted(one) if each.name == SAMPLE)
    file = b"BHS|^~\\&\r" + sample.body + b"\rBTS|1\r"
    headers = {"accept": "application/fhir+json", "accept-language": "cy"}
    given = decide_batch(one, replace(sample.envelope, body=file, headers=headers)).given
    assert (given.content_type, given.language) == ("application/hl7-v2", "")
    assert {line[:3] for line in given.acknowledgement.split(b"\r") if line} == {b"BHS", b"MSH", b"MSA", b"BTS"}
