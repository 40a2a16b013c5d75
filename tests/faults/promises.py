"""What must hold after a night, each promise as a sentence and a function; and where the other rules of the design are held."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shared.delivery.breaker import LONGEST_PAUSE
from shared.delivery.upkeep.watchdog import ROUND
from shared.integration import Delivery
from shared.ledger.reporting.conservation import lane_balance
from shared.storage import names
from shared.storage.store import Row
from tests.faults.night import HOSTS, LONGEST_STOP, NOTES, ODD, PUBLISHER, TIMING, Message, Night, integrations

BOTH = (NOTES, PUBLISHER)
# Seconds that a lane whose messages are all well may wait while the destination answers: the claim of a worker that died, the
# longest stop of the worker that comes next, and two rounds of the watchdog.
ALONE = Delivery().timeout + TIMING.claim_margin + LONGEST_STOP + 2 * ROUND
# What each outage adds: the breaker's longest pause, the turns of those that wait for it, and a round of the watchdog.
OUTAGE = LONGEST_PAUSE + 3 * Delivery().breaker_wait / 2 + ROUND


class Promise(NamedTuple):
    """``rule``: its number in the design's list; ``check`` yields what broke it."""

    rule: int
    sentence: str
    check: Callable[[Night], Iterator[str]]


def ledger(night: Night, name: str) -> dict[str, list[Row]]:
    lanes = night.twin.tables[names.tables(name).ledger]
    return {lane: [Row(lane, key, *rows[key]) for key in sorted(rows)] for lane, rows in lanes.items() if rows}


def records(night: Night, name: str) -> dict[str, list[Row]]:
    """The records of each message, by its id; of earlier attempts too."""
    found: dict[str, list[Row]] = {}
    for rows in ledger(night, name).values():
        for row in rows:
            if row.key.startswith("d|"):
                found.setdefault(row["control"], []).append(row)
    return found


def of(night: Night, name: str) -> Iterator[tuple[Message, list[Row]]]:
    rows = records(night, name)
    for one in night.messages.values():
        if name == NOTES or one.way == "outbox":
            yield one, rows.get(one.id, [])


def stored(night: Night) -> Iterator[str]:
    yield from night.wrong
    for name in BOTH:
        yield from (f"{one.id} was acknowledged and has no record in {name}" for one, rows in of(night, name) if not rows)


def answered_once(night: Night) -> Iterator[str]:
    """``night.wrong`` holds the answers that differ; here what the door says."""
    for name in BOTH:
        times = Counter(id for where, id, _ in night.took if where == name)
        for one, rows in of(night, name):
            if times[one.id] > 1 and not any(row["ambiguous"] for row in rows):
                yield f"{one.id} was delivered {times[one.id]} times by {name} and nothing says so"


def in_order(night: Night) -> Iterator[str]:
    """Every arrival; the first alone where clocks differ by more than a claim allows for. What died is left out."""
    near = night.plan.apart <= TIMING.claim_margin / 4
    for name in BOTH:
        number = {one.id: names.number(rows[0].key) for one, rows in of(night, name) if len(rows) == 1}
        last: dict[str, int] = {}
        arrived = [id for where, id, _ in night.took if where == name]
        for id in arrived if near else dict.fromkeys(arrived):
            lane = night.messages[id].lane
            if id in number and number[id] < last.get(lane, 0):
                yield f"{name}: {id} came after number {last[lane]} of its lane"
            last[lane] = max(last.get(lane, 0), number.get(id, 0))


def not_held_up(night: Night) -> Iterator[str]:
    sick = {one.lane for one in night.messages.values() if one.kind != "well"}
    first: dict[str, float] = {}
    for name, id, at in night.took:
        if name == NOTES:
            first.setdefault(id, at)
    for one in night.messages.values():
        if one.lane not in sick and one.way == "http" and one.id in first:
            waited = first[one.id] - one.acknowledged
            waited -= sum(max(0, min(first[one.id], end) - max(one.acknowledged, begin)) for begin, end in night.away)
            if waited > _longest_wait(night, one.acknowledged, first[one.id]) and not night.plan.takes:
                yield f"{one.id} waited {waited:.0f} s although its lane is well"


def _longest_wait(night: Night, begin: float, end: float) -> float:
    """The end of a claim or pause may be read by a clock behind the one that wrote it: once alone, once for each outage."""
    clocks = 2 * night.plan.apart
    met = sum(away[1] + OUTAGE + clocks > begin and away[0] < end for away in night.away)
    return ALONE + clocks + met * (OUTAGE + clocks)


def taken_by_subscribers(night: Night) -> Iterator[str]:
    took = {id for name, id, _ in night.took if name == NOTES}
    for one, rows in of(night, NOTES):
        if one.way == "outbox" and one.id not in took and not any(row["outcome"] == "discarded" for row in rows):
            yield f"{one.id} was published and never arrived"


def outage_costs_nothing(night: Night) -> Iterator[str]:
    for name in BOTH:
        for one, rows in of(night, name):
            ends = {row["outcome"] for row in rows}
            if one.kind == "well" and any(row["attempts"] > 1 and not row["ambiguous"] for row in rows):
                yield f"{one.id} is well and was charged with more than one attempt in {name}"
            if (one.kind not in ("refused", "error") or name == PUBLISHER) and ends != {"delivered"}:
                yield f"{one.id} is {one.kind} and ended as {ends} in {name}"


def revived_by_none(night: Night) -> Iterator[str]:
    """At the door as often as it was sent in and replayed, at most; or the record says that a worker died over it."""
    for one, rows in of(night, NOTES):
        tries = night.tried[NOTES, one.id]
        allowed = max(1, one.posts) + sum(row["replays"] > 0 for row in rows) + 3  # a person tries three times
        if one.kind == "refused" and tries > allowed and not any(row["ambiguous"] for row in rows):
            yield f"{one.id} was refused {tries} times and sent in {one.posts} times"


def nothing_kept(night: Night) -> Iterator[str]:
    for name in BOTH:
        named = set()
        for rows in ledger(night, name).values():
            for row in rows:
                named |= {blob for key in ("blob", "blob_pending", "files") for blob in str(row[key] or "").split()}
                if row.key == "claim" or row.key.startswith(("c|", "w|", "p|")):
                    yield f"{name}: {row.key} is left"
        if any(not key.startswith(ODD) for part in night.twin.tables[names.tables(name).open].values() for key in part):
            yield f"{name}: an open row is left"
        if any(night.twin.tables[names.tables(name).find][names.DEAD]):
            yield f"{name}: the list of dead letters is not empty"
        if named:
            yield f"{name}: {len(named)} blobs are still named"


def conserved(night: Night) -> Iterator[str]:
    for name in BOTH:
        received = 0
        for rows in ledger(night, name).values():
            one = lane_balance(rows)
            received += one.received
            yield from one.unexplained if one.holds else [*one.unexplained, "a lane does not add up"]
        least = sum(1 for one, _ in of(night, name))
        if received < least:
            yield f"{name} received {received} of {least}"


def marked_with_reason(night: Night) -> Iterator[str]:
    places = HOSTS * integrations(None, None)[0].delivery.concurrency
    if night.sending > places:
        yield f"{night.sending} messages were marked as being sent at one moment, and there are {places} places"
    for name in BOTH:
        for one, rows in of(night, name):
            if any(row["ambiguous"] for row in rows) and (night.plan.calm and one.kind != "hangs up"):
                yield f"{one.id} is said to have been sent twice perhaps, and nothing had happened"


PROMISES = (
    Promise(1, "What was acknowledged is in the ledger, and was there before the answer.", stored),
    Promise(2, "The same again is answered the same and delivered once, or the record says that it may be twice.", answered_once),
    Promise(3, "A lane is delivered in the order in which it was accepted.", in_order),
    Promise(3, "A lane that is well does not wait for another that is not.", not_held_up),
    Promise(4, "What was published reaches each subscriber.", taken_by_subscribers),
    Promise(5, "An outage makes no dead letter: only what was refused or kept failing is one.", outage_costs_nothing),
    Promise(5, "A dead letter is tried again by a person or its sender, and by nothing else.", revived_by_none),
    Promise(6, "Nothing of a message's content is kept without a reason.", nothing_kept),
    Promise(7, "Every message that came in is accounted for.", conserved),
    Promise(11, "A record says that a message may have been sent twice only where that can be.", marked_with_reason),
)
ELSEWHERE = {  # rules that need no disturbance to break: by number, where they are held
    8: "tests/test_pipeline.py::test_a_test_message_never_reaches_a_destination_that_takes_none",
    9: "tests/callers/test_matrix.py",
    10: "tests/integrations/test_real_senders.py",
    12: "tests/toolkit/release/test_what_if.py",
    13: "tests/integrations/test_no_faults.py",
    14: "tests/canary/test_names.py",
    15: "tests/toolkit/analyse/test_reach.py",
}


def broken(night: Night) -> dict[str, list[str]]:
    """Each sentence that did not hold, and what broke it."""
    found = {promise.sentence: list(promise.check(night)) for promise in PROMISES}
    return {sentence: texts for sentence, texts in found.items() if texts}
