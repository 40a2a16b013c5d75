"""One row of the national results standard: its id, how bad a breach is, the clause, and how breaches are found."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from shared.hl7 import Message, Segment
from shared.hl7.repetition import NULL
from shared.issue import Issue, Severity
from shared.validation.rules import is_valued

Find = Callable[[Message], Iterable[str]]


class Row(NamedTuple):
    """A rule of the standard; ``find`` tells where a message breaks it."""

    id: str
    clause: str
    text: str
    find: Find
    severity: Severity = "error"
    code: str = "required"

    def issues(self, message: Message) -> Iterator[Issue]:
        for where in self.find(message):
            yield Issue(severity=self.severity, code=self.code, where=where, text=self.text, rule=self.id, clause=self.clause)


def breaks(name: str, path: str, is_broken: Callable[[Segment], bool]) -> Find:
    """Wherever a segment of this name is broken, at this path."""
    return lambda message: [each.where(path) for each in message.segments(name) if is_broken(each)]


def says(segment: Segment, path: str) -> str:
    """The text at a path; ``""`` for a null too."""
    text = segment[path]
    return "" if text == NULL else text


def lacks(name: str, path: str, when: Callable[[Segment], bool] = bool) -> Find:
    """Segments that say nothing at a path, of those that ought to."""
    if "." in path:
        return breaks(name, path, lambda each: when(each) and not says(each, path))
    return breaks(name, path, lambda each: when(each) and not is_valued(each, path))


def fills(name: str, *fields: str) -> Find:
    """Segments that say something in a field that is not used."""
    return lambda message: [s.where(f) for s in message.segments(name) for f in fields if is_valued(s, f)]


def outside(name: str, path: str, codes: Iterable[str]) -> Find:
    """Segments with a code that is none of these."""
    known = frozenset(codes)
    return breaks(name, path, lambda each: says(each, path) not in known and bool(says(each, path)))


def malformed(name: str, path: str, is_right: Callable[[str], bool]) -> Find:
    """Segments with a text that is not right."""
    return breaks(name, path, lambda each: bool(says(each, path)) and not is_right(says(each, path)))


def both(*finds: Find) -> Find:
    return lambda message: [where for find in finds for where in find(message)]
