"""Long texts of a JSON body: the body is read without them, so that a document is not in memory once more for each reader.

Only base64 is cut out, in one piece from quote to quote: it has no escape, and no character of several bytes. Each cut has a mark
in its place that the body does not have. If not every mark is the whole of a value, or if the body has each of a few marks or
could have one written with an escape, the body is read as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from shared import base64_pieces
from shared.problems import Problem

MARK = b"\0"  # of a long text that is not in its body: JSON escapes this character, so that it is nowhere else in what is written
QUOTE, ESCAPE = b'"', b"\\"
ESCAPED = re.compile(rb"\\u00[2367]")  # of a character that a mark may have
MARKS = tuple(f"cut-{number}-" for number in range(8))  # few: the whole body is searched for each one
Loads = Callable[[bytes], Any]
Stays = Callable[[Any, Any], bool]


class LongText:
    """A text that stays where it is in its body. Not a ``str``: code that takes it for one raises, and sends nothing wrong.

    >>> text = LongText(b'{"data": "TVNI"}', 10, 14)
    >>> len(text), text[1:3], str(text)
    (4, 'VN', 'TVNI')
    """

    __slots__ = ("_body", "_end", "_start")

    def __init__(self, body: bytes, start: int, end: int) -> None:
        self._body, self._start, self._end = body, start, end

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, part: slice) -> str:
        start, end, _ = part.indices(len(self))
        return str(memoryview(self._body)[self._start + start : self._start + end], "ascii")

    def __str__(self) -> str:
        return self[:]

    def __eq__(self, other: object) -> bool:
        """Whether it is the same text, wherever that is: a mapping looks for what it has made twice."""
        if not isinstance(other, str | LongText):
            return NotImplemented
        starts = range(0, len(self), base64_pieces.PIECE)
        parts = (slice(start, start + base64_pieces.PIECE) for start in starts)
        return len(self) == len(other) and all(self[part] == other[part] for part in parts)

    def __hash__(self) -> int:
        return hash(str(self))

    def view(self) -> memoryview:
        """Its characters, which are ASCII, with no copy of them."""
        return memoryview(self._body)[self._start : self._end]

    def __repr__(self) -> str:
        return f"<LongText of {len(self)}>"


def read(body: bytes, loads: Loads) -> Any:
    """What ``loads`` reads of a body, with a ``LongText`` for each long text. Raises what ``loads`` raises."""
    texts = [LongText(body, start, end) for start, end in _long_texts(body)]
    mark = _mark(body) if texts else ""
    if not mark or ESCAPED.search(body):
        return loads(body)
    try:
        made = [loads(_brief(body, texts, mark))]
    except (ValueError, Problem):
        return loads(body)  # the same error, with the right line and column
    if _exchange(made, {f"{mark}{number}": text for number, text in enumerate(texts)}) < len(texts):
        return loads(body)  # one is the name of a property
    return made[0]


def read_apart(body: bytes, texts: Sequence[LongText], loads: Loads) -> Any:
    """What ``loads`` reads of a body with marks, with the ``LongText`` of each in its place."""
    mark, (first, *others) = _mark(body), body.split(MARK)
    if not mark:
        return loads(put_in(body, texts))
    named = [f"{mark}{number}".encode() + other for number, other in enumerate(others)]
    made = [loads(b"".join([first, *named]))]
    if _exchange(made, {f"{mark}{number}": text for number, text in enumerate(texts)}) != len(others):
        raise ValueError("a long text is not the whole of a value")
    return made[0]


def nowhere(holder: Any, key: Any) -> bool:
    """No long text stays where it is."""
    return False


def read_whole(body: bytes, loads: Loads, stays: Stays = nowhere) -> Any:
    """What ``loads`` reads of a body, with less memory, and a ``LongText`` only where ``stays`` accepts its holder and key."""
    return loads(body) if len(body) < base64_pieces.LONG else whole(read(body, loads), stays)


def whole(made: Any, stays: Stays = nowhere) -> Any:
    """The same, with a ``str`` for each other ``LongText``; it is changed in place."""
    root = [made]
    for holder, key, value in _values(root):
        if isinstance(value, LongText) and not stays(holder, key):
            holder[key] = str(value)
    return root[0]


def put_in(body: bytes, texts: Iterable[LongText]) -> bytes:
    """A body with the texts in the places of its marks, one after the other.

    >>> put_in(b'["' + MARK + b'"]', [LongText(b'{"data": "TVNI"}', 10, 14)])
    b'["TVNI"]'
    """
    first, *others = body.split(MARK)
    parts: list[bytes | memoryview] = [first]
    for text, other in zip(texts, others, strict=True):
        parts += (text.view(), other)
    return b"".join(parts)


def _exchange(root: list[Any], texts: dict[str, LongText]) -> int:
    """Put each text in the place of its mark; how many there were."""
    found = 0
    for holder, key, value in _values(root):
        if isinstance(value, str) and value in texts:
            holder[key], found = texts[value], found + 1
    return found


def _values(root: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Each value that holds no others, with what holds it and its key."""
    left: list[Any] = [root]
    while left:
        holder = left.pop()
        for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            if isinstance(value, dict | list):
                left.append(value)
            else:
                yield holder, key, value


def _mark(body: bytes) -> str:
    """A mark that the body does not have; ``""`` if it has them all."""
    return next((mark for mark in MARKS if mark.encode() not in body), "")


def _brief(body: bytes, texts: list[LongText], mark: str) -> bytes:
    parts, done = list[bytes](), 0
    for number, text in enumerate(texts):
        parts += (body[done : text._start], f"{mark}{number}".encode())
        done = text._end
    return b"".join([*parts, body[done:]])


def _long_texts(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the long texts of a body begin and end."""
    for start, end in base64_pieces.runs(body):
        if body[start - 1 : start] == QUOTE == body[end : end + 1] and body[start - 2 : start - 1] != ESCAPE:
            yield start, end
