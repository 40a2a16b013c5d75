"""Knocks that the queue gave up, and the reports of the replaced engine: every answer, exact, and what is left behind."""

from typing import Any

import orjson
import pytest

from shared.intake.triggers import legacy
from shared.intake.triggers.knocks import answer_poisoned_knock
from shared.intake.triggers.legacy import accept_legacy_http, accept_legacy_message, drop_legacy_message
from shared.parallel import pairs
from shared.storage import names
from shared.storage.memory import MemoryStore
from shared.storage.store import Away, Change
from tests.ledger_world import NOW, Remembering, hub, integration, note

NAME = "notes-to-test"
LANE = "1-a"


class Store(MemoryStore):
    """Storage in memory that can be away."""

    away = False

    async def commit(self, table: str, partition: str, *changes: Change) -> dict[str, str]:
        if self.away:
            raise Away
        return await super().commit(table, partition, *changes)


class World:
    def __init__(self, *, observed: bool = True) -> None:
        self.store, self.one = Store(lambda: NOW), integration(Remembering(), NAME)
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        self.hub = hub(self.one, store=self.store, emit=lambda name, **keys: self.emitted.append((name, keys)))
        self.hub.is_observed = lambda name: observed


@pytest.mark.parametrize(
    ("raw", "knocked"),
    [
        (b'{"lane": "1-a"}', [LANE]),
        (b'{"lane": "no lane"}', []),
        (b'{"lane": 5}', []),
        (b"{}", []),
        (b"not JSON", []),
    ],
)
async def test_a_knock_that_the_queue_gave_up_is_reported_and_comes_again_after_a_minute(
    raw: bytes, knocked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, delays = World(), list[float]()
    send = world.store.send

    async def sent(queue: str, body: bytes, delay: float = 0, *more: Any) -> None:
        delays.append(delay)
        await send(queue, body, delay, *more)

    monkeypatch.setattr(world.store, "send", sent)
    await answer_poisoned_knock(world.one, raw, world.hub)
    assert world.emitted == [("hub.poison", {"integration": NAME, "queue": "work"})]
    assert [orjson.loads(each.body)["lane"] for each in world.store.queues[f"{NAME}-work"].values()] == knocked
    assert delays == [60] * len(knocked)


BY_NAME = {"x-control-id": "1"}
ANSWERS: dict[str, tuple[dict[str, bool], dict[str, str], bytes, tuple[int, dict[str, str]]]] = {
    "kept": ({}, BY_NAME, note("1"), (202, {})),
    "live": ({"observed": False}, BY_NAME, note("1"), (409, {"error": "this integration is live: nothing is compared"})),
    "too large": ({}, BY_NAME, b"x" * (legacy.LARGEST + 1), (413, {"error": "the output is too large"})),
    "as large as it may be": ({}, BY_NAME, b"x" * legacy.LARGEST, (202, {})),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_the_replaced_engine_gets_one_answer_for_each_case(case: str) -> None:
    declared, headers, body, (status, content) = ANSWERS[case]
    world = World(**declared)
    answer = await accept_legacy_http(world.one, headers, body, world.hub)
    assert (answer.status, answer.content_type, orjson.loads(answer.body)) == (status, "application/json", content)


async def test_a_report_without_a_control_id_says_what_is_missing() -> None:
    world = World()
    answer = await accept_legacy_http(world.one, {}, b"no message", world.hub)
    assert answer.status == 422
    assert orjson.loads(answer.body)["error"]


@pytest.mark.parametrize("raw", [b"no message", b"{}", b'{"control_id": ""}'])
async def test_a_report_by_queue_that_names_no_message_is_reported_and_skipped(raw: bytes) -> None:
    world = World()
    await accept_legacy_message(world.one, raw, world.hub)
    assert world.emitted == [("hub.skipped", {"integration": NAME, "stage": "legacy", "error_code": "unreadable"})]
    assert not world.store.tables[names.tables(NAME).pairs]


async def test_the_replaced_engine_sends_again_when_storage_is_away() -> None:
    world = World()
    world.store.away = True
    answer = await accept_legacy_http(world.one, BY_NAME, note("1"), world.hub)
    assert (answer.status, answer.content_type, answer.body, answer.headers) == (503, "text/plain", b"", {"Retry-After": "30"})
    with pytest.raises(Away):
        await accept_legacy_message(world.one, orjson.dumps({"control_id": "1", "out": "x"}), world.hub)


async def test_a_report_is_kept_as_the_side_of_the_old_engine_under_a_short_hash() -> None:
    world = World()
    await accept_legacy_http(world.one, BY_NAME, note("1"), world.hub)
    (rows,) = [rows for key, rows in world.store.tables[names.tables(NAME).pairs].items() if key != pairs.OPEN]
    sides = sorted(key.rpartition("|")[::2] for key in rows)
    assert [side for side, _ in sides] == ["old", "seen|old"]
    assert [len(key) for _, key in sides] == [32, 32]


async def test_a_report_that_the_queue_gave_up_is_reported_and_dropped() -> None:
    world = World()
    await drop_legacy_message(world.one, b"anything", world.hub)
    assert world.emitted == [("hub.poison", {"integration": NAME, "queue": "legacy"})]
    assert not world.store.tables[names.tables(NAME).pairs]
