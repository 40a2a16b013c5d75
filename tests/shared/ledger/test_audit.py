"""Acts are written one after another, also when several are written at the same moment, and the chain holds."""

import asyncio
from typing import Any

import pytest

from shared.ledger import audit
from shared.ledger.audit import Act, Entry
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Change, Conflict, Row
from tests.ledger_world import NOW, Remembering, hub, integration

NAME = "notes-to-test"


class Store(MemoryStore):
    """The next commits fail in these ways, one each."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.failures: list[type[Exception]] = []

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        if self.failures:
            raise self.failures.pop(0)
        return await super().commit(table, partition, *changes)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Each pause between two tries; none of them takes time."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


async def test_another_act_at_the_same_moment_is_written_before_or_after_and_never_over_this_one(pauses: list[float]) -> None:
    store = Store()
    made = hub(integration(Remembering(), NAME), store=store)
    await audit.append(NAME, Act("ann", "discard", "1.a", "first"), made)
    store.failures = [Conflict, Conflict]
    await audit.append(NAME, Act("bob", "replay", "1.b", "second"), made)
    found = await audit.acts(NAME, made)
    assert [(each.who, each.what, each.message_id, each.purpose) for each in found] == [
        ("ann", "discard", "1.a", "first"),
        ("bob", "replay", "1.b", "second"),
    ]
    assert await audit.broken(NAME, made) == []
    assert len(pauses) == 2
    assert all(0.01 <= each <= 0.1 for each in pauses)


async def test_an_act_that_cannot_be_written_is_not_done() -> None:
    store = Store()
    made = hub(integration(Remembering(), NAME), store=store)
    store.failures = [Away]
    with pytest.raises(Away):
        await audit.append(NAME, Act("ann", "discard", "1.a", "why"), made)
    assert await audit.acts(NAME, made) == []


async def test_twenty_acts_at_once_are_twenty_rows_of_one_chain() -> None:
    made: Any = hub(integration(Remembering(), NAME))
    await asyncio.gather(*(audit.append(NAME, Act(f"p{n}", "discard", f"1.{n}", "why"), made) for n in range(20)))
    found = await audit.acts(NAME, made)
    assert sorted(each.who for each in found) == sorted(f"p{n}" for n in range(20))
    assert await audit.broken(NAME, made) == []


async def chain() -> tuple[MemoryStore, Any, dict[str, tuple[str, dict[str, Any]]]]:
    """Three acts, and the rows that hold them."""
    store = MemoryStore(lambda: NOW)
    made = hub(integration(Remembering(), NAME), store=store)
    for n in range(1, 4):
        await audit.append(NAME, Act(f"p{n}", "discard", f"1.{n}", "why"), made)
    return store, made, store.tables[names.tables(NAME).audit][names.AUDIT]


def forge(rows: dict[str, tuple[str, dict[str, Any]]], n: int, **values: Any) -> None:
    """Change an act and its own hash with it."""
    key = names.act(n)
    rows[key][1].update(values)
    rows[key][1]["hash"] = Entry.of(Row(names.AUDIT, key, "", rows[key][1])).hash_as(n)


FIRST, SECOND, THIRD = (names.act(n) for n in (1, 2, 3))
TAMPERED: dict[str, tuple[Any, list[str]]] = {
    "nothing": (lambda rows: None, []),
    **{
        f"{name} of an act": (lambda rows, name=name: rows[SECOND][1].update({name: "x"}), [SECOND])
        for name in ("who", "what", "message_id", "purpose")
    },
    "the time of an act": (lambda rows: rows[SECOND][1].update(at=NOW + 1), [SECOND]),
    "an act with its hash": (lambda rows: forge(rows, 2, who="x"), [THIRD]),
    "the first act with its hash": (lambda rows: forge(rows, 1, who="x"), [SECOND]),
    "the last act with its hash": (lambda rows: forge(rows, 3, who="x"), [names.HEAD]),
    "what an act follows": (lambda rows: forge(rows, 2, before=""), [SECOND, THIRD]),
    "an act is taken out": (lambda rows: rows.pop(SECOND), [THIRD]),
    "the first act is taken out": (lambda rows: rows.pop(FIRST), [SECOND, THIRD]),
    "the last act is taken out": (lambda rows: rows.pop(THIRD), [names.HEAD]),
    "the last acts are taken out": (lambda rows: (rows.pop(SECOND), rows.pop(THIRD)), [names.HEAD]),
    "every act is taken out": (lambda rows: [rows.pop(key) for key in (FIRST, SECOND, THIRD)], [names.HEAD]),
    "the head is taken out": (lambda rows: rows.pop(names.HEAD), [names.HEAD]),
    "the head": (lambda rows: rows[names.HEAD][1].update(hash="x"), [names.HEAD]),
    "two acts change places": (lambda rows: rows.update({FIRST: rows[SECOND], SECOND: rows[FIRST]}), [FIRST, SECOND, THIRD]),
    "all of it": (lambda rows: rows.clear(), []),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_what_was_changed_is_named(case: str) -> None:
    tamper, found = TAMPERED[case]
    _, made, rows = await chain()
    tamper(rows)
    assert await audit.broken(NAME, made) == found
