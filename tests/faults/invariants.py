"""What must hold after every run, whatever was broken."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from shared.ledger.index import Found
from shared.ledger.reporting.conservation import Balance, lane_balance
from shared.ledger.rows import message_of
from shared.storage import names
from shared.storage.store import Row
from tests.faults.process import NAME
from tests.faults.world import GIVE_UP, World

TABLES = names.tables(NAME)


def broken(world: World) -> list[str]:
    """Every promise that did not hold."""
    return [text for check in INVARIANTS for text in check(world)]


def sentence(check: Callable[[World], Iterator[str]]) -> str:
    """What an invariant says: the first line of its description."""
    return (check.__doc__ or "").strip().splitlines()[0]


def lanes(world: World) -> dict[str, list[Row]]:
    ledger = world.twin.tables[TABLES.ledger]
    return {lane: [Row(lane, key, *ledger[lane][key]) for key in sorted(ledger[lane])] for lane in ledger if ledger[lane]}


def records(world: World) -> dict[str, list[tuple[str, Row]]]:
    """The rows of what became of each message, by its control id: (lane, row)."""
    found: dict[str, list[tuple[str, Row]]] = {}
    for lane, rows in lanes(world).items():
        for row in rows:
            if row.key.startswith("d|") and row.key.count("|") == 1:
                found.setdefault(row["control"], []).append((lane, row))
    return found


def conserved(world: World) -> Iterator[str]:
    """Every message that came in is accounted for."""
    total = Balance()
    for rows in lanes(world).values():
        one = lane_balance(rows)
        total.received += one.received
        total.outcomes.update(one.outcomes)
        yield from one.unexplained
    if not total.holds:
        yield f"received {total.received}, outcomes {dict(total.outcomes)}"
    if not world.answered <= total.received <= sum(world.attempts.values()):
        yield f"answered {world.answered}, received {total.received}, sent {sum(world.attempts.values())}"


def nothing_lost(world: World) -> Iterator[str]:
    """What was acknowledged is delivered, or is a dead letter where it was refused."""
    took, rows = {id for _, _, id in world.took}, records(world)
    for message in world.scenario.messages:
        id = message["id"]
        outcomes = {row["outcome"] for _, row in rows.get(id, []) if not is_replaced(row)}
        if id in world.scenario.held and id in took:
            yield f"{id} got past a dead letter that holds the lane"
        elif id not in world.acknowledged:
            yield f"{id} was never acknowledged"
        elif not outcomes:
            yield from [] if waits_behind_a_dead_one(world, id) else [f"{id} is lost, or not done in time"]
        elif "delivered" in outcomes and id not in took:
            yield f"{id} is said to be delivered and never arrived"
        elif outcomes == {"observed"} and world.scenario.observed:
            yield from [f"{id} is observed and was delivered"] if id in took else []
        elif outcomes != {"delivered"} and id not in world.scenario.dead:
            yield f"{id} ended as {outcomes}"


def mode_of_acceptance(world: World) -> Iterator[str]:
    """What was accepted in a parallel run is observed, what was accepted live is delivered, in any later mode."""
    for id, rows in records(world).items():
        ways = {row["outcome"] == "observed" for _, row in rows}
        if world.scenario.observed and not ways <= world.modes[id]:
            yield f"{id} was accepted with observe {world.modes[id]} and ended as {[row['outcome'] for _, row in rows]}"


def pairs_compared_once(world: World) -> Iterator[str]:
    """Each observed message has one result, the same on both sides, and no content of a compared pair is left."""
    if not world.scenario.observed:
        return
    table = world.twin.tables[TABLES.pairs]
    results = [values for hour, rows in table.items() if hour.startswith("t|") for _, values in rows.values()]
    observed = sum(row["outcome"] == "observed" for rows in records(world).values() for _, row in rows)
    if len(results) != observed or any(values["outcome"] != "same" for values in results):
        yield f"{observed} observed, {[values['outcome'] for values in results]} compared"
    for partition, rows in table.items():
        sides = {key.partition("|")[0] for key in rows if key.startswith(("old|", "new|"))}
        if sides - {"old"}:
            yield f"{partition}: content of {sides} is left"


def is_replaced(row: Row) -> bool:
    """Whether this is a dead letter that its sender sent again: it gave way to the new attempt."""
    return row["outcome"] == "discarded" and bool(row["resent_as"])


def waits_behind_a_dead_one(world: World, id: str) -> bool:
    return any(
        rows[index].key == names.HOLD
        for rows in lanes(world).values()
        for index in range(len(rows))
        if any(row.key.startswith("w|") and row["control"] == id for row in rows)
    )


def delivered_once(world: World) -> Iterator[str]:
    """What was delivered more than once has a record that says so."""
    rows = records(world)
    for id in {id for _, _, id in world.took}:
        times = sum(taken == id for _, _, taken in world.took)
        allowed = len(rows.get(id, [])) if world.scenario.declared.get("on_resend") == "deliver" else 1
        if times > allowed and not any(row["ambiguous"] for _, row in rows.get(id, [])):
            yield f"{id} was delivered {times} times and nothing says so"


def revived_by_no_queue(world: World) -> Iterator[str]:
    """What a queue brings again is no message of its own: it is delivered once, and what was refused stays refused."""
    for id, rows in records(world).items() if world.scenario.queued else ():
        if len(rows) > world.scenario.resend:
            yield f"{id} was put into the queue {world.scenario.resend} times and accepted {len(rows)} times"


def in_order(world: World) -> Iterator[str]:
    """A lane is delivered in the order in which it was accepted.

    In each lane: as it was accepted. What a person replayed out of order is left out.
    """
    number: dict[str, int] = {}
    for id, rows in records(world).items():
        number[id] = max(names.number(row.key) for _, row in rows)
    by_lane: dict[str, list[int]] = {}
    for _, lane, id in world.took:
        if id in number and world.scenario.declared.get("on_resend") != "deliver" and id not in world.scenario.dead:
            by_lane.setdefault(lane, []).append(number[id])
    for lane, numbers in by_lane.items():
        if any(later < earlier for earlier, later in pairwise(numbers)):
            yield f"lane {lane} was delivered in the order {numbers}"


def others_not_held_up(world: World) -> Iterator[str]:
    """A lane does not wait for a failure of another.

    A message of a lane that no refusal holds up is there within two rounds of the watchdog and a claim's life.
    """
    slow = {m["lane"] for m in world.scenario.messages if m["id"] in world.scenario.refusals or m.get("after")}
    first: dict[str, float] = {}
    for at, lane, id in world.took:
        if lane not in slow:
            first.setdefault(id, at)
    for id, at in first.items():
        if id in world.acknowledged and at - world.acknowledged[id] > 150:
            yield f"{id} took {at - world.acknowledged[id]:.0f} s"


def after_what_it_waits_for(world: World) -> Iterator[str]:
    """A merge is delivered after what it waits for."""
    order = [id for _, _, id in world.took]
    for earlier, later in world.scenario.after:
        if later in order and (earlier not in order or order.index(later) < order.index(earlier)):
            yield f"{later} overtook {earlier}"


def nothing_left_behind(world: World) -> Iterator[str]:
    """No claim, open row or blob is left without a reason.

    Content without a reason is in the balance; here claims, open rows and blobs.
    """
    named = set()
    for lane, rows in lanes(world).items():
        held = any(row.key == names.HOLD for row in rows)
        for row in rows:
            named |= {blob for key in ("blob", "blob_pending", "files") for blob in row.values.get(key, "").split()}
            if row.key == "claim":
                yield f"a claim on {lane} is left after {GIVE_UP:.0f} s"
            if row.values.get("blob_pending"):
                yield "a blob is still to be deleted"
        opened = [key for part in world.twin.tables[TABLES.open].values() for key in part if key.startswith(lane)]
        if opened and not held and not left_to_the_watchdog(world):
            yield f"an open row of {lane} is left"
    orphans: set[Any] = set(world.twin.containers[names.CONTENT]) - named
    if orphans and not allowed_orphans(world):
        yield f"{len(orphans)} blobs without a row"


def left_to_the_watchdog(world: World) -> bool:
    """Whether an open row may stay: something was disturbed, and no watchdog runs.

    An open row is written before a message is stored or known as a duplicate: a disturbed batch is split again, and a sender
    sends again. Only the watchdog closes what is left, and scenarios with a watchdog check that.
    """
    is_alone = world.scenario.name.startswith(("batch:", "the knock of a first attempt"))
    return world.fault[1] != "" and not world.scenario.watchdog and is_alone


def allowed_orphans(world: World) -> bool:
    """A blob is written before its row: where that was cut off, or the message was a duplicate, the hourly sweep takes it.

    Two events of one pair are such duplicates: each copies the file before it knows of the other.
    """
    return world.fault[1] != "" or world.scenario.resend > 1 or bool(world.scenario.drops)


def found_in_the_index(world: World) -> Iterator[str]:
    """Every message in the ledger is in the index, under its hour and its control id: it can be searched, and will be purged."""
    found = [
        (key[0], Found.of(Row(partition, key, *row)).id)
        for partition in names.INDEX
        for key, row in world.twin.tables[TABLES.find][partition].items()
    ]
    for lane, rows in lanes(world).items():
        for row in rows:
            if row.key.startswith(("w|", "d|")) and row.key != names.HOLD:
                id = names.message_id(lane, message_of(row).identity)
                yield from (f"{id} is not in the index under {kind}" for kind in "tc" if (kind, id) not in found)


INVARIANTS = (
    found_in_the_index,
    mode_of_acceptance,
    pairs_compared_once,
    conserved,
    nothing_lost,
    delivered_once,
    revived_by_no_queue,
    in_order,
    others_not_held_up,
    nothing_left_behind,
    after_what_it_waits_for,
)
