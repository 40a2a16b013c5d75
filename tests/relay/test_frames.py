"""Frames as senders cut them: in pieces, several in one packet, never finished, too large, too slow."""

import asyncio
from asyncio import StreamReader
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relay import frames
from shared.destinations.wire.framing import BadFrame, framed

BODIES = some.lists(
    some.binary(min_size=1, max_size=300).map(lambda b: b.replace(b"\x0b", b"v").replace(b"\x1c", b"f")), max_size=4
)
STRAY = some.sampled_from([b"", b"\r", b"\r\n", b"\x00", b" "])


async def read(data: bytes, cuts: list[int] | None = None, *, largest: int = 5000, limit: int = 64) -> list[bytes]:
    """All messages of a connection that then ends in order."""
    reader = StreamReader(limit=limit)
    feeding = asyncio.create_task(_feed(reader, data, cuts or []))
    found: list[bytes] = []
    try:
        while True:
            first = await frames.begin(reader)
            async with frames.message(reader, first, largest=largest, seconds=5, large=frames.Places(1)) as message:
                found.append(message)
    except EOFError as end:
        if str(end) == "cut":
            raise
        return found
    finally:
        await feeding


async def _feed(reader: StreamReader, data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for begin, end in pairwise(places):
        if end > begin:
            reader.feed_data(data[begin:end])
            await asyncio.sleep(0)
    reader.feed_eof()


@given(BODIES, STRAY, some.lists(some.integers(0, 2000), max_size=12))
def test_every_message_is_read_whole_however_it_is_cut(bodies: list[bytes], stray: bytes, cuts: list[int]) -> None:
    data = stray.join([b"", *map(framed, bodies), b""])
    assert asyncio.run(read(data, cuts)) == bodies


@given(some.integers(1, 40))
def test_half_a_frame_is_no_message(length: int) -> None:
    whole = framed(b"MSH|" + b"x" * 40)
    with pytest.raises(EOFError, match="cut"):
        asyncio.run(read(framed(b"one") + whole[:length]))


@pytest.mark.parametrize("size", [4999, 5000])
async def test_the_largest_message_is_read(size: int) -> None:
    assert await read(framed(b"x" * size)) == [b"x" * size]


@pytest.mark.parametrize("size", [5001, 5100, 20_000])
@pytest.mark.parametrize("largest", [5000])
async def test_a_larger_one_is_not(size: int, largest: int) -> None:
    with pytest.raises(BadFrame):
        await read(framed(b"x" * size), largest=largest)


@pytest.mark.parametrize("size", [frames.SMALL - 1, frames.SMALL, frames.SMALL + 1, frames.SMALL + 50_000, 2 * frames.SMALL])
async def test_sizes_about_the_border_of_large_ones(size: int) -> None:
    body = b"x" * size
    assert await read(framed(body) + framed(b"two"), largest=2 * frames.SMALL, limit=frames.WINDOW) == [body, b"two"]


async def test_of_large_messages_only_as_many_as_there_are_places() -> None:
    large, order = frames.Places(1), list[str]()

    async def one(name: str) -> None:
        reader = StreamReader(limit=frames.WINDOW)
        reader.feed_data(framed(b"x" * (frames.SMALL + 100_000)))
        async with frames.message(reader, await frames.begin(reader), largest=2 * frames.SMALL, seconds=5, large=large):
            order.append(f"{name} in hand")
            await asyncio.sleep(0.01)
            order.append(f"{name} answered")

    await asyncio.gather(one("a"), one("b"))
    assert order == ["a in hand", "a answered", "b in hand", "b answered"]


@pytest.mark.parametrize(("others", "is_left"), [(0, False), (1, True)])
async def test_a_slow_sender_keeps_its_place_only_while_no_one_else_wants_it(others: int, is_left: bool) -> None:
    large, reader = frames.Places(1), StreamReader(limit=frames.WINDOW)
    large.waiting = others
    whole = framed(b"x" * (frames.SMALL + 200_000))
    reader.feed_data(whole[:-100])

    async def one() -> int:
        first = await frames.begin(reader)
        async with frames.message(reader, first, largest=2 * frames.SMALL, seconds=5, large=large, piece=0.01) as message:
            return len(message)

    reading = asyncio.create_task(one())
    await asyncio.sleep(0.05)
    reader.feed_data(whole[-100:])
    if is_left:
        with pytest.raises(TimeoutError):
            await reading
        async with large.place():  # it is free again
            assert large.waiting == others
    else:
        assert await reading == frames.SMALL + 200_000


async def test_a_sender_that_does_not_finish_is_left() -> None:
    reader = StreamReader()
    reader.feed_data(b"\x0bMSH|")
    with pytest.raises(TimeoutError):
        async with frames.message(reader, await frames.begin(reader), largest=5000, seconds=0.01, large=frames.Places(1)):
            pass


async def test_a_line_that_is_kept_alive_between_frames_begins_no_frame() -> None:
    reader = StreamReader()
    reader.feed_data(b"\r\n\x00 \n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await frames.begin(reader)


async def test_a_message_without_a_start_block_is_no_frame() -> None:
    with pytest.raises(BadFrame):
        await read(b"MSH|\x1c\r")
