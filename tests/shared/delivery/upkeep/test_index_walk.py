"""The walk over the index: a lane that cannot be done is noted once, tried again each round, and forgotten when it is done."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.rows import Purged
from shared.delivery.upkeep.index_walk import walk
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger.index import Found
from shared.storage import names
from tests.ledger_world import NOW, Remembering, hub, integration

NAME, STAGE = "notes-to-test", "stage"
TABLES = names.tables(NAME)
FOREVER = float("inf")
HOUR = names.hour(NOW - 7200)
PARTITION = names.INDEX[3]


class Work:
    """A stage that finishes every lane except those that a test names as unfinished or broken."""

    def __init__(self) -> None:
        self.unfinished: set[str] = set()
        self.broken: set[str] = set()
        self.seen: list[tuple[str, list[str], float]] = []

    async def __call__(self, integration: Integration, found: list[Found], before: float, hub: Hub) -> bool:
        lane = found[0].of_lane
        self.seen.append((lane, [one.identity for one in found], before))
        if lane in self.broken:
            raise RuntimeError
        return lane not in self.unfinished


async def world(**lanes: tuple[str, ...]) -> tuple[Hub, list[Any]]:
    emitted: list[Any] = []
    made = hub(integration(Remembering(), NAME), emit=lambda name, **keys: emitted.append((name, keys)))
    for lane, identities in lanes.items():
        for identity in identities:
            found = Found(of_lane=lane, identity=identity, at=NOW)
            await made.store.commit(TABLES.find, PARTITION, found.put(names.listed(HOUR, f"k-{identity}")))
    return made, emitted


async def notes(made: Hub, stage: str = STAGE) -> list[tuple[str, str, str]]:
    rows = await made.store.query(TABLES.counters, names.PURGE, f"{stage}.", f"{stage}/")
    return [(row.key, Purged.of(row).hour, Purged.of(row).found) for row in rows]


async def test_each_lane_is_worked_on_once_and_the_walk_does_not_come_back() -> None:
    made, _ = await world(A=("1", "3"), B=("2",))
    work = Work()
    one = made.integrations[NAME]
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    assert sorted(work.seen) == [("A", ["1", "3"], NOW), ("B", ["2"], NOW)]
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    assert len(work.seen) == 2
    assert not await notes(made)


async def test_a_lane_that_is_not_done_is_tried_each_round_until_it_is() -> None:
    made, _ = await world(A=("1",), B=("2",))
    work = Work()
    work.unfinished = {"A"}
    one, key = made.integrations[NAME], names.listed(HOUR, "k-1")
    for _ in range(3):
        assert await walk(one, STAGE, work, NOW, FOREVER, made)
        assert await notes(made) == [(names.noted(STAGE, PARTITION, key), PARTITION, key)]
    assert [lane for lane, *_ in work.seen].count("A") == 3
    work.unfinished = set()
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    assert not await notes(made)
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    assert [lane for lane, *_ in work.seen].count("A") == 4
    assert [lane for lane, *_ in work.seen].count("B") == 1


async def test_a_lane_that_fails_is_reported_noted_and_keeps_no_other() -> None:
    made, emitted = await world(A=("1",), B=("2",))
    work = Work()
    work.broken = {"A"}
    assert await walk(made.integrations[NAME], STAGE, work, NOW, FOREVER, made)
    assert [found for _, _, found in await notes(made)] == [names.listed(HOUR, "k-1")]
    ((name, keys),) = emitted
    assert (name, keys["integration"], keys["stage"], keys["lane"]) == ("hub.skipped", NAME, "purge", "A")
    assert keys["error_code"].startswith("RuntimeError in test_index_walk.py:")
    assert ("B", ["2"], NOW) in work.seen


async def test_a_note_of_a_row_that_is_gone_is_forgotten() -> None:
    made, _ = await world()
    await made.store.commit(TABLES.counters, names.PURGE, Purged(hour=HOUR, found="k-9").put(names.noted(STAGE, HOUR, "k-9")))
    work = Work()
    assert await walk(made.integrations[NAME], STAGE, work, NOW, FOREVER, made)
    assert not await notes(made)
    assert not work.seen


async def test_the_notes_of_one_stage_are_not_those_of_another() -> None:
    made, _ = await world(A=("1",))
    work, other = Work(), Work()
    work.unfinished = {"A"}
    one = made.integrations[NAME]
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    assert await walk(one, "other", other, NOW, FOREVER, made)
    assert len(await notes(made)) == 1
    assert not await notes(made, "other")
    assert [lane for lane, *_ in other.seen] == ["A"]


async def test_only_hours_before_the_limit_are_walked() -> None:
    made, _ = await world(A=("1",))
    work = Work()
    assert await walk(made.integrations[NAME], STAGE, work, NOW - 7200, FOREVER, made)
    assert not work.seen
    assert await walk(made.integrations[NAME], STAGE, work, NOW - 3600, FOREVER, made)
    assert [lane for lane, *_ in work.seen] == ["A"]


async def test_a_walk_whose_time_is_over_goes_on_with_the_next_row(monkeypatch: Any) -> None:
    from shared.delivery.upkeep import index_walk

    monkeypatch.setattr(index_walk, "PAGE", 1)
    made, _ = await world(A=("1",), B=("2",), C=("3",))
    work = Work()
    one = made.integrations[NAME]
    assert not await walk(one, STAGE, work, NOW, NOW - 1, made)
    assert [lane for lane, *_ in work.seen] == ["A"]
    assert await walk(one, STAGE, work, NOW, NOW, made)
    assert [lane for lane, *_ in work.seen] == ["A", "B", "C"]


async def test_the_walk_of_an_earlier_version_that_ran_again_meanwhile_passes_over_nothing() -> None:
    """It does not see the rows of this version, and notes that their hours are done. On the first walk its note is taken over."""
    made, _ = await world(A=("1",))
    work, one = Work(), made.integrations[NAME]
    of_earlier = Purged(hour=HOUR, found="k-0!").put(STAGE)
    await made.store.commit(TABLES.counters, names.PURGE, of_earlier)
    for lane, hours in (("B", -30), ("C", 10)):
        found, key = Found(of_lane=lane, identity="1", at=NOW), names.listed(names.hour(NOW + hours * 3600), "k-1")
        await made.store.commit(TABLES.find, PARTITION, found.put(key))
    assert await walk(one, STAGE, work, NOW, FOREVER, made)
    await made.store.commit(TABLES.counters, names.PURGE, Purged(hour=names.hour(NOW + 20 * 3600)).put(STAGE))
    assert await walk(one, STAGE, work, NOW + 20 * 3600, FOREVER, made)
    assert [lane for lane, *_ in work.seen] == ["A", "C"]


@pytest.mark.parametrize("is_earlier", [True, False])
async def test_empty_hours_are_passed_over_at_once(is_earlier: bool, monkeypatch: Any) -> None:
    """After months without a message, or without a purge, a turn would otherwise read thousands of empty hours."""
    made, _ = await world(A=("1",))
    later = names.hour(NOW + 2000 * 3600)
    found = Found(of_lane="B", identity="2", at=NOW)
    partition, key = (later, "k-2") if is_earlier else (names.INDEX[0], names.listed(later, "k-2"))
    await made.store.commit(TABLES.find, partition, found.put(key))
    work, one, reads = Work(), made.integrations[NAME], []
    query = made.store.query

    async def counted(*args: Any) -> Any:
        reads.append(args)
        return await query(*args)

    monkeypatch.setattr(made.store, "query", counted)
    assert await walk(one, STAGE, work, NOW + 4000 * 3600, FOREVER, made)
    assert [lane for lane, *_ in work.seen] == ["A", "B"]
    assert len(reads) < 100
    stopped = await made.store.get(TABLES.counters, names.PURGE, names.walked(STAGE))
    assert stopped is not None
    assert Purged.of(stopped).hour == names.hour(NOW + 4000 * 3600)


ROWS = st.lists(
    st.tuples(st.sampled_from(["", *names.INDEX]), st.integers(0, 3), st.sampled_from("ABC"), st.integers(0, 99)), unique=True
)


@given(ROWS, st.integers(1, 3), st.integers(0, 4))
async def test_each_row_of_either_version_is_walked_once_in_whatever_turns(
    rows: list[tuple[str, int, str, int]], page: int, due: int
) -> None:
    """Rows in partitions of their hour (an earlier version) and of the index, in pages, stopped after each page."""
    from shared.delivery.upkeep import index_walk

    made, _ = await world()
    expected = []
    for partition, hours, lane, n in rows:
        hour, found = names.hour(NOW + hours * 3600), Found(of_lane=lane, identity=f"{n}{partition}", at=NOW)
        finders = (hour, "c|t", "x|t") if partition else ()  # those of a value are not walked
        keys = [names.listed(finder, found.id) for finder in finders] or [found.id]
        await made.store.commit(TABLES.find, partition or hour, *map(found.put, keys))
        expected += [(lane, f"{n}{partition}")] * (hours < due)
    work, one = Work(), made.integrations[NAME]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_walk, "PAGE", page)
        for _ in range(len(rows) + 1):
            if await walk(one, STAGE, work, NOW + due * 3600, NOW - 1, made):
                break
        else:
            pytest.fail("the walk does not end")
    seen = [(lane, identity) for lane, identities, _ in work.seen for identity in identities]
    assert sorted(seen) == sorted(expected)
    stopped = await made.store.get(TABLES.counters, names.PURGE, names.walked(STAGE))
    assert stopped is None or Purged.of(stopped).hour >= names.hour(NOW + due * 3600)
