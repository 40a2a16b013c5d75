"""What outstays its reason is found a moment after its limit and not before; and what a balance cannot explain."""

import asyncio
from typing import Any

import pytest

from shared.integration import Retention
from shared.ledger.reporting import conservation
from shared.ledger.reporting.conservation import lane_balance
from shared.ledger.rows import Claimed, Content, Ended, Head, Hold, Published, Receipt, Waiting
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Change, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, LANE = "notes-to-test", "1-a"
TABLES = names.tables(NAME)
DAY, SLACK, GRACE = 86400, 7200, 60
KEEP = Retention(receipts=14, metadata=90, dead_content=30, published=7)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that seems wrong is read again without a pause: nothing changes it meanwhile."""
    sleep = asyncio.sleep
    monkeypatch.setattr(conservation.asyncio, "sleep", lambda _: sleep(0))


def ended(outcome: str = "delivered", n: int = 1, **values: Any) -> Change:
    row = {"at": NOW, "ended": NOW, "outcome": outcome, "mark": "m", "key": "k"} | values
    return Ended.of(Row("", "", "", row)).inserted(names.row("d", n))


def waits(n: int = 1, **values: Any) -> Change:
    return Waiting.of(Row("", "", "", {"at": NOW, "mark": "m"} | values)).inserted(names.row("w", n))


def receipt(at: float = NOW, n: int = 1) -> Change:
    return Receipt(number=n, at=at, digest="d").inserted(names.receipt("k"))


def content(n: int = 1, **values: Any) -> Change:
    return Content(**values).inserted(names.row("c", n))


def published(n: int = 1) -> Change:
    return Published(pending="s").inserted(names.row("p", n))


def head(n: int, **values: Any) -> Change:
    return Head(number=n, **values).inserted(names.HEAD)


async def found(
    *changes: Change, opened: float | None = None, blob: float | None = None, inbox: float | None = None, mark: str = "m"
) -> list[str]:
    """What is reported of a lane with these rows; ``opened``, ``blob`` and ``inbox`` are ages in seconds.

    ``mark``: of the open row.
    """
    one = integration(Remembering(), NAME, retention=KEEP)
    made = hub(one)
    assert isinstance(made.store, MemoryStore)
    for change in changes:
        await made.store.commit(TABLES.ledger, LANE, change)
    if opened is not None:
        partition = names.outbox(LANE) if mark == names.OUTBOX else LANE[-1]
        made.store.tables[TABLES.open][partition][names.open_key(LANE, mark)] = ("1", {"at": NOW - opened, "key": "k"})
    for container, age in ((names.CONTENT, blob), (names.INBOX, inbox)):
        if age is not None:
            made.store.now = lambda age=age: NOW - age  # type: ignore[misc]
            await made.store.write_blob(container, f"{NAME}/x", b"content")
    return await conservation.residue(one, made)


LIMITS: dict[str, tuple[Any, int, str]] = {
    "a dead letter": (lambda at: found(ended("dead", ended=at)), 30 * DAY + SLACK, "1-a: a dead letter older than its retention"),
    "what is published": (
        lambda at: found(ended(ended=at, pending="s")),
        7 * DAY + SLACK,
        "1-a: published content older than its retention",
    ),
    "a receipt": (lambda at: found(receipt(at)), 15 * DAY + SLACK, "1-a: a receipt older than its retention"),
    "a claim": (
        lambda at: found(Claimed(owner="o", end=at, turn="t").inserted(names.CLAIM)),
        3600,
        "1-a: a claim left behind",
    ),
    "an open row": (lambda at: found(opened=NOW - at), 2 * GRACE, "1-a: an open row left behind"),
    "a blob": (lambda at: found(blob=NOW - at), GRACE, "a blob without its row"),
    "a body of the inbox": (lambda at: found(inbox=NOW - at), DAY, "a body left in the inbox"),
}


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("case", LIMITS)
async def test_what_outstays_its_reason_is_found_after_its_limit(case: str, late: int) -> None:
    of, limit, text = LIMITS[case]
    assert await of(NOW - limit - late) == ([text] if late > 0 else [])


NAMED = {
    "by a waiting message": (waits(blob=f"{NAME}/x"),),
    "by a waiting message with files": (waits(blob=f"a {NAME}/x"),),
    "by a record": (ended("dead", blob=f"{NAME}/x"),),
    "by a record, to be deleted": (ended(blob_pending=f"{NAME}/x"),),
    "by content": (content(blob=f"{NAME}/x"),),
    "by content with files": (content(files=f"a {NAME}/x"),),
}


@pytest.mark.parametrize("case", NAMED)
async def test_a_blob_that_is_named_is_no_residue(case: str) -> None:
    assert "a blob without its row" not in await found(*NAMED[case], blob=1000)


OPEN = {
    "a message waits": ((waits(),), True),
    "a message of the first version waits": ((waits(mark=""),), True),
    "another message waits": ((waits(mark="other"),), False),
    "it is published": ((ended(pending="s"),), True),
    "another one is published": ((ended(pending="s", mark="other"),), False),
    "it is done": ((ended(),), False),
    "a hold": ((Hold(number=1).inserted(names.HOLD),), False),
}


@pytest.mark.parametrize("case", OPEN)
async def test_an_open_row_has_a_reason_while_its_message_is_not_done_with(case: str) -> None:
    rows, has_reason = OPEN[case]
    assert ("1-a: an open row left behind" not in await found(*rows, opened=1000)) == has_reason


OUTBOX = {
    "a subscriber has not taken it": ((published(),), True),
    "every subscriber has taken it": ((ended(),), False),
    "a message waits, which has a row of its own": ((waits(), waits(n=2, mark=names.OUTBOX)), False),
    "nothing is there": ((), False),
}


@pytest.mark.parametrize("case", OUTBOX)
async def test_the_open_row_of_an_outbox_has_a_reason_while_something_published_is_there(case: str) -> None:
    rows, has_reason = OUTBOX[case]
    assert ("1-a: an open row left behind" not in await found(*rows, opened=1000, mark=names.OUTBOX)) == has_reason


BALANCES: dict[str, tuple[tuple[Change, ...], int, dict[str, int], list[str]]] = {
    "delivered": ((head(1), ended(), receipt()), 1, {"delivered": 1}, []),
    "waiting": ((head(1), waits(), content(), receipt()), 1, {"waiting": 1}, []),
    "in flight": ((head(1), waits(state="sending"), content(), receipt()), 1, {"in flight": 1}, []),
    "refused": ((ended("rejected", n=0), content(n=0)), 1, {"rejected": 1}, []),
    "dead, with its content": ((head(1), ended("dead"), content(), receipt()), 1, {"dead": 1}, []),
    "published": ((head(1), ended(pending="s"), content(), receipt()), 1, {"delivered": 1}, []),
    "purged": ((head(3, purged=2), ended(n=3)), 3, {"delivered": 1, "purged": 2}, []),
    "duplicates": (
        (head(1, duplicates=2), ended(), Receipt(number=1, at=NOW, digest="d", duplicates=3).inserted("r|k")),
        6,
        {"delivered": 1, "duplicate": 5},
        [],
    ),
    "held": (
        (head(2), ended("dead"), content(), waits(n=2), content(n=2), Hold(number=1).inserted(names.HOLD)),
        2,
        {"dead": 1, "waiting": 1},
        [],
    ),
    "replayed": ((head(1), waits(), content(), Change("insert", "d|0000000001|1", ended("dead").values)), 1, {"waiting": 1}, []),
    "lost": ((head(2), ended()), 2, {"delivered": 1}, ["2 numbers given out, 1 accounted for"]),
    "one too many": ((head(1), ended(), ended(n=2)), 1, {"delivered": 2}, ["1 numbers given out, 2 accounted for"]),
    "twice": ((head(1), ended(), waits(), content()), 1, {"delivered": 1, "waiting": 1}, ["1 both waiting and done"]),
    "without content": ((head(1), waits()), 1, {"waiting": 1}, ["message 1 waits without its content"]),
    "content that stayed": ((head(1), ended(), content()), 1, {"delivered": 1}, ["content of message 1 without a reason"]),
    "content of one that was discarded": (
        (head(1), ended("discarded"), content()),
        1,
        {"discarded": 1},
        ["content of message 1 without a reason"],
    ),
    "a receipt alone": ((head(1), ended(), receipt(n=2)), 1, {"delivered": 1}, ["a receipt without its message"]),
}


@pytest.mark.parametrize("case", BALANCES)
def test_the_balance_of_a_lane(case: str) -> None:
    changes, received, outcomes, unexplained = BALANCES[case]
    one = lane_balance([Row(LANE, change.key, "1", dict(change.values)) for change in changes])
    assert (one.received, dict(one.outcomes)) == (received, outcomes)
    assert one.unexplained == [f"{LANE}: {text}" for text in unexplained]
    assert one.holds == (not unexplained)
