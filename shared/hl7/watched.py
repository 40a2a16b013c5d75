"""A message that records which of its fields are read."""

import re
from collections.abc import Iterator
from typing import Any

from shared.hl7.message import Message
from shared.hl7.segment import Segment

FIELD = re.compile(r"[^-]*-\d+")


class _Fields(list[str]):
    """The fields of one segment. A slice, a copy and a loop count as reading all of them."""

    __slots__ = ("_read", "_segment")

    def __init__(self, fields: list[str], segment: str, read: set[str]) -> None:
        super().__init__(fields)
        self._segment, self._read = segment, read

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return self._all()[number]
        self._read.add(f"{self._segment}-{number}")
        return super().__getitem__(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __add__(self, more: Any) -> Any:
        return _Fields([*super().__iter__(), *more], self._segment, self._read)

    def _all(self) -> list[str]:
        self._read.update(f"{self._segment}-{number}" for number in range(len(self)))
        return list(super().__iter__())


class Watch:
    """A message that records which of its fields are read.

    >>> from shared.hl7 import parse
    >>> watch = Watch(parse(b"MSH|^~\\\\&|A\\rPID|1||2^^^X\\r"))
    >>> watch.message["PID-3.1"], watch.was_read("PID-3.4"), watch.was_read("PID-1")
    ('2', True, False)
    """

    def __init__(self, message: Message) -> None:
        self._read: set[str] = set()
        self.message = Message(message.lines, message.encoding, message.repairs)
        self.message.keep(
            [
                Segment(each.name, each.line, each.encoding, each.occurrence, _Fields(each.fields, each.where(), self._read))
                for each in message.segments()
            ]
        )

    def was_read(self, path: str) -> bool:
        """Whether any part of the field at this path was read."""
        found = FIELD.match(path)
        return found is not None and found[0] in self._read
