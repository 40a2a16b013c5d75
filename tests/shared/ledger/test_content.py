"""What is kept of an envelope comes back as it was, field by field; what carries a credential is not kept."""

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from shared.envelope import Envelope
from shared.hub import Timing
from shared.ledger import content
from shared.ledger.rows import Content
from shared.problems import Lost
from shared.storage import names
from shared.storage.store import Row
from tests.ledger_world import Remembering, hub, integration
from tests.peak import at_most

NAME = "notes-to-test"
BODY = random.Random(1).randbytes(3000)
TEXTS = ("received_at", "content_type", "trigger", "correlation_id", "traceparent", "partner", "reference", "mode")
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
SAID = {name: f"the {name}" for name in TEXTS} | {"traceparent": TRACE}
WHOLE = Envelope(integration=NAME, body=BODY, files=("f1", "f2"), **SAID)  # type: ignore[arg-type]
NOT_KEPT = {"headers": {"authorization": "secret"}, "acknowledged": "AA", "handed": "queue-1", "link": "l"}
SOME = {"all of it": WHOLE, "no files": replace(WHOLE, files=()), "no mode": replace(WHOLE, mode="")}


def row(stored: Content) -> Content:
    """As it is read from the ledger."""
    return Content.of(Row("1-a", names.row("c", 1), "1", dict(stored.values())))


@pytest.mark.parametrize("case", SOME)
@pytest.mark.parametrize("blob", ["", "a blob"])
@pytest.mark.parametrize("thread_from", [0, 1 << 30])
async def test_an_envelope_comes_back_as_it_was(case: str, blob: str, thread_from: int) -> None:
    made = hub(integration(Remembering(), NAME), timing=Timing(thread_from=thread_from))
    sent, data = replace(SOME[case], **NOT_KEPT), content.compressed(BODY)  # type: ignore[arg-type]
    stored = row(content.stored(sent, data, blob))
    assert (stored.blob, stored.body) == (blob, b"" if blob else data)
    assert "secret" not in repr(dict(stored.values()))
    if blob:
        with pytest.raises(Lost):
            await content.stored_envelope(NAME, stored, made)
        await made.store.write_blob(names.CONTENT, blob, data)
    assert asdict(await content.stored_envelope(NAME, stored, made)) == asdict(SOME[case])


@pytest.mark.parametrize(("more", "in_thread"), [(-1, 0), (0, 0), (1, 1)])
@pytest.mark.parametrize("blob", ["", "a blob"])
async def test_a_large_body_is_unpacked_in_a_thread(
    more: int, in_thread: int, blob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``more``: bytes of the stored body above the limit. All other work of the process would wait for it."""
    data, threads, to_thread = content.compressed(BODY), list[Any](), asyncio.to_thread
    made = hub(integration(Remembering(), NAME), timing=Timing(thread_from=len(data) - more))
    await made.store.write_blob(names.CONTENT, "a blob", data)

    async def counted(work: Any, *args: Any) -> Any:
        threads.append(work)
        return await to_thread(work, *args)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    await content.stored_envelope(NAME, row(content.stored(WHOLE, data, blob)), made)
    assert len(threads) == in_thread


def test_no_two_fields_have_the_same_value() -> None:
    values = [getattr(WHOLE, name) for name in TEXTS]
    assert len({*values}) == len(values)
    assert all(values)


def test_every_field_of_an_envelope_is_kept_or_is_named_here() -> None:
    assert {each.name for each in fields(Envelope)} == {"integration", "body", "files", *TEXTS, *NOT_KEPT}


def test_a_row_without_the_fields_of_later_versions_is_read() -> None:
    empty = Envelope(integration=NAME, body=b"x", received_at="", content_type="", trigger="")
    assert asdict(content.envelope(NAME, {}, b"x")) == asdict(empty)


@pytest.mark.parametrize("size", [0, content.PIECE, content.PIECE + 1, 5_000_000])
@pytest.mark.parametrize("source", [lambda size: random.Random(2).randbytes(size), bytes])
def test_a_body_of_any_size_comes_back(size: int, source: Callable[[int], bytes]) -> None:
    body = source(size)
    assert content.restored(content.compressed(body)) == body


@pytest.mark.parametrize("size", [3000, 5_000_000])
def test_a_part_of_what_was_stored_is_not_taken_for_all_of_it(size: int) -> None:
    data = content.compressed(random.Random(2).randbytes(size))
    for part in (data[:-1], data[: size // 2], b""):
        with pytest.raises(zlib.error):
            content.restored(part)


def test_a_large_body_is_compressed_and_restored_with_no_more_than_the_result() -> None:
    body = random.Random(2).randbytes(8_000_000)
    with at_most(9_500_000):
        data = content.compressed(body)
    with at_most(9_500_000):
        content.restored(data)


@pytest.mark.parametrize("size", [0, content.PIECE + 1, 300_000])
@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("source", [lambda size: random.Random(2).randbytes(size), bytes])
async def test_a_row_holds_what_takes_fewer_bytes_than_the_limit(size: int, more: int, source: Callable[[int], bytes]) -> None:
    """``more``: bytes of the limit above what the compressed body takes."""
    body = source(size)
    data = content.compressed(body)
    limit = len(data) + more
    made = hub(integration(Remembering(), NAME), timing=Timing(blob_from=limit))
    assert (
        await content.for_row(replace(WHOLE, body=body), made)
        == content.compressed_below(body, limit)
        == (data if more > 0 else b"")
    )


@pytest.mark.parametrize("size", [0, 3000, content.SENT, content.SENT + 1, 3_000_000])
@pytest.mark.parametrize("thread_from", [0, 1 << 30])
async def test_a_blob_is_stored_in_the_form_in_which_earlier_versions_stored_and_read_it(size: int, thread_from: int) -> None:
    made = hub(integration(Remembering(), NAME), timing=Timing(thread_from=thread_from))
    body = random.Random(2).randbytes(size)
    await content.write_blob("new", body, made)
    await made.store.write_blob(names.CONTENT, "earlier", zlib.compress(body, 1))
    assert zlib.decompress(await made.store.read_blob(names.CONTENT, "new") or b"") == body
    for blob in ("new", "earlier"):
        assert (await content.stored_envelope(NAME, row(content.stored(WHOLE, b"", blob)), made)).body == body


@pytest.mark.parametrize("kept", [0, 1, 70_000, -1])
async def test_a_part_of_a_blob_is_not_taken_for_all_of_it(kept: int) -> None:
    made = hub(integration(Remembering(), NAME))
    await made.store.write_blob(names.CONTENT, "cut", content.compressed(random.Random(2).randbytes(200_000))[:kept])
    with pytest.raises(Lost):
        await content.stored_envelope(NAME, row(content.stored(WHOLE, b"", "cut")), made)


async def test_a_large_body_is_sent_and_read_without_its_compressed_form_in_memory() -> None:
    made = hub(integration(Remembering(), NAME))
    body, sent = random.Random(2).randbytes(8_000_000), list[int]()

    async def drain(container: str, name: str, pieces: AsyncIterator[bytes]) -> None:
        sent.extend([len(piece) async for piece in pieces])

    await made.store.write_blob(names.CONTENT, "a", content.compressed(body))
    made.store.write_blob_pieces = drain  # type: ignore[method-assign]
    with at_most(4_000_000):
        assert await content.for_row(replace(WHOLE, body=body), made) == b""
        await content.write_blob("b", body, made)
    assert sum(sent) >= len(body)
    with at_most(9_500_000):
        assert (await content.stored_envelope(NAME, row(content.stored(WHOLE, b"", "a")), made)).body == body
