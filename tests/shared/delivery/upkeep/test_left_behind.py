"""What a worker left undone: its open row is closed once nothing waits under its mark, and what it names is finished first."""

from typing import Any

import pytest

from shared.delivery.upkeep import watchdog
from shared.delivery.upkeep.left_behind import finish
from shared.ledger.knocks import open_lane
from shared.ledger.open_rows import Opened
from shared.ledger.rows import Ended, Head, Hold, Published, Receipt, Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
BLOB = f"{NAME}/x"


def waits(n: int = 1, mark: str = "m", at: float = NOW) -> Change:
    return Waiting.of(Row("", "", "", {"at": at, "mark": mark})).inserted(names.row("w", n))


def ended(n: int = 1, mark: str = "m", **values: Any) -> Change:
    return Ended(at=NOW, ended=NOW, outcome="delivered", mark=mark, **values).inserted(names.row("d", n))


HEAD = Head(number=1, idle=1, purged=4).inserted(names.HEAD)
RECEIPT = Receipt(number=1, at=NOW, digest="d").inserted(names.receipt("k"))
HOLD = Hold(number=2).inserted(names.HOLD)
PUBLISHED = Published(pending="s").inserted(names.row("p", 1))

# The rows of the lane, then: whether the open row is closed, the blob is deleted, and the outbox is opened.
LEFT: dict[str, tuple[tuple[Change, ...], bool, bool, bool]] = {
    "it waits": ((RECEIPT, waits()), False, False, False),
    "it waits under another number": ((RECEIPT, waits(5)), False, False, False),
    "it waits, and its receipt is gone": ((waits(),), False, False, False),
    "the first version wrote no mark": ((waits(mark=""),), False, False, False),
    "another one waits": ((waits(mark="other"),), True, False, False),
    "a hold has no mark": ((RECEIPT, ended(), HOLD), True, False, False),
    "a hold alone": ((HOLD,), True, False, False),
    "it has ended": ((RECEIPT, ended()), True, False, False),
    "it has ended, and its blob is there": ((RECEIPT, ended(blob_pending=BLOB)), True, True, False),
    "it has ended, and its receipt is gone": ((ended(blob_pending=BLOB),), True, True, False),
    "the blob of another one is there": ((RECEIPT, ended(), ended(2, "other", blob_pending=BLOB)), True, False, False),
    "it is published": ((RECEIPT, ended(pending="s"), PUBLISHED), True, False, True),
    "all of it was taken": ((RECEIPT, ended(), PUBLISHED), True, False, False),
    "it was never stored": ((), True, False, False),
    "it is not known, and something is published": ((PUBLISHED,), True, False, True),
}


@pytest.mark.parametrize("case", LEFT)
@pytest.mark.parametrize("key", ["k", ""], ids=["with its key", "of an older version"])
@pytest.mark.parametrize("has_head", [True, False])
async def test_what_was_left_behind_is_finished_once(case: str, key: str, has_head: bool) -> None:
    rows, is_closed, is_deleted, is_outbox = LEFT[case]
    made = hub(one := integration(Remembering(), NAME))
    assert isinstance(made.store, MemoryStore)
    every = (*rows, *([HEAD] if has_head else []))
    if every:
        await made.store.commit(TABLES.ledger, LANE, *every)
    await made.store.write_blob(names.CONTENT, BLOB, b"x")
    await open_lane(NAME, LANE, "m", made, key)
    (row,) = await made.store.query(TABLES.open, LANE[-1])
    before = await made.store.get(TABLES.ledger, LANE, names.HEAD)
    await finish(one, LANE, Opened.of(row), made)
    after = await made.store.get(TABLES.ledger, LANE, names.HEAD)
    assert bool(await made.store.query(TABLES.open, LANE[-1])) != is_closed
    assert bool(await made.store.blobs(names.CONTENT)) != is_deleted
    assert bool(await made.store.query(TABLES.open, names.outbox(LANE))) == is_outbox
    if not is_closed:
        assert after == before
    else:  # a message that is stored meanwhile finds the head changed
        assert after
        expected = (1, 1, 4) if has_head else (0, 0, None)
        assert (after["n"], after["idle"], after.values.get("purged") or None) == expected
        assert not before or after.etag != before.etag


async def test_a_message_that_was_never_stored_is_no_trouble_in_a_lane_that_is_held() -> None:
    """The process that announced it ended before it stored it: the watchdog closes its row, and still sees the lane."""
    at, emitted = [NOW], list[tuple[str, dict[str, Any]]]()
    made = hub(integration(Remembering(), NAME), now=lambda: at[0], emit=lambda name, **keys: emitted.append((name, keys)))
    await made.store.commit(TABLES.ledger, LANE, HOLD, waits(3, "w", NOW + 1), HEAD)
    for mark in ("m", "w"):
        await open_lane(NAME, LANE, mark, made)
    at[0] += made.timing.open_grace + 1
    for _ in range(2):
        await watchdog.tick(made)
    assert [row.key for row in await made.store.query(TABLES.open, LANE[-1])] == [names.open_key(LANE, "w")]
    assert not [keys for name, keys in emitted if name == "hub.skipped"]
    assert [(keys["waiting"], keys["held"]) for name, keys in emitted if name == "hub.backlog"] == [(1, 1), (1, 1)]
