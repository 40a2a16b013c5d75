"""A parallel run: both sides of a message are paired by control id, compared once, and leave paths, causes and counts."""

import asyncio
import itertools
from typing import Any

import orjson
import pytest

from shared.compare.agreed import Agreed
from shared.hub import Hub
from shared.intake.accept import accept
from shared.intake.triggers.legacy import accept_legacy_http, accept_legacy_message
from shared.parallel import pairs
from shared.parallel.agreement import agreement
from shared.parallel.made import LARGEST, Made, differences, packed, unpacked
from shared.parallel.report import Unreadable, read
from shared.parallel.tidying import residue, tidy
from shared.storage import names
from shared.storage.store import Away
from tests.ledger_world import NOW, Remembering, envelope, hub, integration, note

NAME = "notes-to-test"
TABLE = names.tables(NAME).pairs
DAY = 86400
SECRET = b"Aberystwyth"


class Run:
    """One integration in a parallel run."""

    def __init__(self, **declared: Any) -> None:
        self.at = NOW
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.notes = integration(Remembering(), **declared)
        self.hub: Hub = hub(self.notes, now=lambda: self.at, emit=lambda name, **keys: self.events.append((name, keys)))
        self.hub.is_observed = lambda name: True

    async def new(self, body: bytes) -> None:
        await accept(self.notes, envelope(body), self.hub)
        while self.hub.tasks:
            await asyncio.gather(*self.hub.tasks)

    async def old(self, control_id: str, *bodies: bytes, **values: Any) -> None:
        out = [each.decode() for each in bodies] or None
        await accept_legacy_message(self.notes, orjson.dumps({"control_id": control_id, "out": out, **values}), self.hub)

    async def face(self, hours: float = 24) -> dict[str, Any]:
        return (await agreement(NAME, self.at - hours * 3600, self.hub)).face()

    def kept(self) -> dict[str, dict[str, Any]]:
        return self.hub.store.tables[TABLE]  # type: ignore[attr-defined, no-any-return]

    def content(self) -> list[str]:
        """Rows that hold a side."""
        every = [key for partition, rows in self.kept().items() if partition.startswith("p|") for key in rows]
        return [key for key in every if key.startswith(("old|", "new|"))]


def found(face: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["path"], each["cause"], each["pairs"]) for each in face["differences"]]


@pytest.mark.parametrize("old_first", [True, False])
async def test_the_same_on_both_sides(old_first: bool) -> None:
    run = Run()
    sides = [lambda: run.old("1", note("1")), lambda: run.new(note("1"))]
    for side in sides if old_first else sides[::-1]:
        await side()
    face = await run.face()
    assert (face["same"], face["pairs"], face["agreement"], face["waiting"]) == (1, 1, 100.0, 0)
    assert not run.content()
    assert [keys["outcome"] for name, keys in run.events if name == "hub.pair"] == ["same"]


async def test_a_difference_leaves_its_path_and_cause_and_no_value() -> None:
    run = Run()
    await run.new(note("1", town=SECRET.decode(), more="x"))
    await run.old("1", note("1", town="Llandudno"))
    face = await run.face()
    assert (face["different"], face["agreement"]) == (1, 0.0)
    assert sorted(found(face)) == [("more", "extra", 1), ("town", "value", 1)]
    assert SECRET not in repr((run.kept(), run.events, face)).encode()
    assert b"Llandudno" not in repr((run.kept(), run.events, face)).encode()


async def test_an_agreed_difference_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    agreed = Agreed("town", "value", "the old engine shortens it", "A. Clinician", "2026-05-01")
    monkeypatch.setattr(pairs, "agreements", lambda package: (agreed,))
    run = Run()
    await run.new(note("1", town="a"))
    await run.old("1", note("1", town="b"))
    face = await run.face()
    assert (face["agreed"], face["different"], face["agreement"], face["differences"]) == (1, 0, 100.0, [])


async def test_verdicts_are_compared_too() -> None:
    def broken(read: Any) -> Any:
        if read["id"] == "4":
            raise KeyError("never shown")
        return read

    run = Run(transform=broken)
    await run.new(b'{"id": "1", "lane": "A"}')  # no name: refused
    await run.old("1", note("1"))
    await run.new(b'{"id": "2", "lane": "A"}')
    await run.old("2")  # both refuse it
    await run.new(note("3"))
    await run.old("3", note("3"), ack="AE")
    await run.new(note("4"))
    await run.old("4", note("4"))
    face = await run.face()
    assert (face["same"], face["different"]) == (1, 3)
    assert [(path, cause) for path, cause, _ in sorted(found(face))] == [("", "accepted"), ("", "fault"), ("name", "refused")]


async def test_one_side_alone_is_unpaired_and_its_content_is_gone_within_a_day() -> None:
    run = Run()
    await run.new(note("1"))
    await run.old("2", note("2"))
    await run.new(b'{"id": "3", "lane": "A"}')
    assert (await run.face())["waiting"] == 3
    run.at += pairs.HOURS * 3600 + 1
    assert len(run.content()) == 3
    assert not await residue(run.notes, run.hub)
    run.at += 4 * 3600
    assert len(await residue(run.notes, run.hub)) == 3
    await tidy(run.notes, run.hub)
    face = await run.face()
    assert (face["unpaired"], face["waiting"], face["agreement"]) == (3, 0, None)
    causes = sorted(cause for _, cause, _ in found(face))
    assert causes == sorted([pairs.NO_OLD, pairs.NO_NEW, pairs.REFUSED_ALONE])
    assert not run.content()


async def test_what_a_queue_brings_twice_is_compared_once() -> None:
    run = Run()
    for _ in range(2):
        await run.old("1", note("1"))
        await run.new(note("1"))
    face = await run.face()
    assert (face["pairs"], face["waiting"], run.content()) == (1, 0, [])


async def test_a_control_id_that_is_used_again_is_another_pair() -> None:
    run = Run()
    await run.new(note("1", town="a"))
    await run.new(note("1", town="b"))
    await run.old("1", note("1", town="a"))
    await run.old("1", note("1", town="b"))
    assert (await run.face())["same"] == 2


async def test_hours_that_are_over_become_one_row_and_the_counts_stay() -> None:
    run = Run()
    for n in range(3):
        await run.new(note(str(n), town="a"))
        await run.old(str(n), note(str(n), town="a" if n else "b"))
    before = await run.face(72)
    run.at += 2 * DAY
    await tidy(run.notes, run.hub)
    assert await run.face(72) == before
    assert {partition for partition, rows in run.kept().items() if rows} == {"sum"}
    run.at += 91 * DAY
    await tidy(run.notes, run.hub)
    assert not [partition for partition, rows in run.kept().items() if rows]


async def test_a_run_that_has_ended_empties_its_queue() -> None:
    run = Run()
    await run.hub.store.send(f"{NAME}-legacy", b"MSH|")
    await tidy(run.notes, run.hub)
    assert run.hub.store.queues[f"{NAME}-legacy"]  # type: ignore[attr-defined]
    run.hub.is_observed = lambda name: False
    await tidy(run.notes, run.hub)
    assert not run.hub.store.queues[f"{NAME}-legacy"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("done", [True, False])
async def test_storage_that_fails_at_any_step_loses_no_result_and_counts_none_twice(done: bool) -> None:
    """Both sides are sent again until they are stored, as the lane and the queue do it."""
    for step in itertools.count(1):
        run = Run()
        left = [step]
        commit = run.hub.store.commit

        async def failing(*args: Any, commit: Any = commit, left: list[int] = left) -> Any:
            left[0] -= 1
            if left[0]:
                return await commit(*args)
            if done:
                await commit(*args)
            raise Away

        run.hub.store.commit = failing  # type: ignore[method-assign]
        made = Made(accepted=True, bodies=(note("1", town="a"),))
        for which, side in (("new", made), ("old", Made(accepted=True, bodies=(note("1", town="b"),)))):
            for _ in range(2):
                try:
                    await pairs.keep(run.notes, "1", which, "k", side, run.hub)  # type: ignore[arg-type]
                    break
                except Away:
                    continue
        run.hub.store.commit = commit  # type: ignore[method-assign]
        run.at += 700
        await tidy(run.notes, run.hub)
        face = await run.face()
        assert (face["different"], face["unpaired"], face["waiting"], found(face)) == (1, 0, 0, [("town", "value", 1)]), step
        assert not run.content()
        if left[0] > 0:
            break
    assert step > 5


HEADERS = {"x-control-id": "1"}


async def test_over_http() -> None:
    run = Run()
    await run.new(note("1"))
    assert (await accept_legacy_http(run.notes, HEADERS, note("1"), run.hub)).status == 202
    assert (await run.face())["same"] == 1
    assert (await accept_legacy_http(run.notes, {}, b"no message", run.hub)).status == 422
    run.hub.is_observed = lambda name: False
    assert (await accept_legacy_http(run.notes, HEADERS, note("1"), run.hub)).status == 409


async def test_only_the_old_engine_may_report(monkeypatch: pytest.MonkeyPatch) -> None:
    from hashlib import sha256

    partners = [
        {"name": "pas", "keys": [sha256(b"k1").hexdigest()], "integrations": [NAME], "senders": ["*"]},
        {"name": "old-engine", "keys": [sha256(b"k2").hexdigest()], "integrations": [NAME], "roles": ["legacy"]},
    ]
    monkeypatch.setenv("HUB_PARTNERS", orjson.dumps(partners).decode())
    run = Run()
    calls = ({**HEADERS, "x-hub-key": key} for key in ("", "k1", "k2"))
    statuses = [(await accept_legacy_http(run.notes, each, note("1"), run.hub)).status for each in calls]
    assert statuses == [401, 403, 202]


@pytest.mark.parametrize(
    "body", [b"", b"free text", b"{", b"[]", b'{"control_id": "1"}', b'{"control_id": 1, "out": "x"}', b'{"out": "x"}',
             b'{"control_id": "1", "out": 3}', b'{"control_id": "1", "out_base64": "%"}', b"MSH|^~\\&|A|B"],
)  # fmt: skip
async def test_what_is_no_report_is_skipped_without_a_word_of_it(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)
    run = Run()
    await accept_legacy_message(run.notes, body, run.hub)
    skipped = [keys for name, keys in run.events if name == "hub.skipped"]
    assert [keys["error_code"] for keys in skipped] == ["unreadable"]
    assert not run.kept()[pairs.OPEN]


def test_an_hl7_output_names_its_message() -> None:
    body = b"MSH|^~\\&|A|B|C|D|20260501||ADT^A28|M1|P|2.5\rPID|1\r"
    assert read(body) == ("M1", Made(accepted=True, bodies=(body,)))
    assert read(body, "other").control_id == "other"


def test_an_output_too_large_to_keep_is_compared_as_a_whole() -> None:
    import random

    large = random.Random(1).randbytes(2 * LARGEST)
    one, same, other = (Made(accepted=True, bodies=(body,)) for body in (large, large, large[:-1]))
    assert len(packed(one)) < 1000
    assert differences(unpacked(packed(one)), same) == []
    assert [each.cause for each in differences(unpacked(packed(other)), unpacked(packed(one)))] == ["value"]


async def test_of_two_sides_that_wait_the_older_one_is_given_up_when_its_time_is_over() -> None:
    run = Run()
    for hour, key in ((0, "first"), (20, "second")):
        run.at = NOW + hour * 3600
        await pairs.keep(run.notes, "1", "new", key, Made(accepted=True, bodies=(b"x",)), run.hub)
    run.at = NOW + pairs.HOURS * 3600
    await tidy(run.notes, run.hub)
    assert len(run.content()) == 2
    run.at += 1
    await tidy(run.notes, run.hub)
    assert run.content() == ["new|second"]


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
async def test_a_result_counts_in_the_hour_of_its_later_side(order: tuple[pairs.Which, pairs.Which]) -> None:
    run = Run()
    for hour, which in zip((0, 2), order, strict=True):
        run.at = NOW + hour * 3600
        await pairs.keep(run.notes, "1", which, "k", Made(accepted=True, bodies=(b"x",)), run.hub)
    hours = [partition for partition, rows in run.kept().items() if partition.startswith("t|") and rows]
    assert hours == [names.hour(NOW + 2 * 3600)]
