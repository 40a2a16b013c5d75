"""The ER7 text of a document in the XML encoding: its values, and between them what the markup means (see ``markup``)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from shared import bounds
from shared.formats.hl7_xml.groups import Group, Groups
from shared.formats.hl7_xml.markup import DROPPED, IN_FIELD, MANY, NEXT, OUTSIDE, RULE, meanings, unescaped
from shared.hl7 import ParseError
from shared.hl7.syntax.encoding import Encoding, escape

MARKUP = re.compile(r"(<[^<>]*>(?:\s*<[^<>]*>)*)")
CACHED = 1000  # segments and groups; those of a longer message are not cached
DEEPEST = 8  # groups in each other; the standard has five
USUAL = Encoding()
BREAK = "\\.br\\"
LESS, GREATER = "\x01", "\x02"  # for < and > in a value, until the markup is read: XML has no such characters
DELIMITERS = (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("~", "\\R\\"))  # the escape character first
AMPERSAND = ("&amp;", "\\T\\")
ENTITIES = (("&lt;", LESS), ("&gt;", GREATER), ("&#13;", "\\X0D\\"))
LAYOUT = re.compile(r">\s+<")


class Read(NamedTuple):
    """A message as it was read: its ER7 text, the names of its segments, and the groups that each is in."""

    text: str
    names: tuple[str, ...]
    groups: tuple[Groups, ...]


def er7(content: str, root: str, encoding: Encoding) -> Read:
    """The message of the content of a root element, without prefixes. ``ParseError``: it is not in the XML encoding."""
    pieces = _pieces(content, encoding)
    texts: list[str] = []
    place, absent = meanings(encoding)[OUTSIDE], 0
    steps: list[str] = []
    _check_value(pieces, 0, OUTSIDE, steps)
    for markup in pieces[1::2]:
        try:
            text, place, more = place[markup]
        except ParseError as problem:
            raise ParseError(str(problem), problem.rule, _where(steps)) from None
        texts.append(text)
        if more:
            steps += more.steps
            _check_value(pieces, 2 * len(texts), more.level, steps)
            absent += len(text) if len(text) >= MANY else 0
            if absent > bounds.COMPONENTS:
                raise ParseError(f"more than {bounds.COMPONENTS} places are absent", "too-much", _where(steps))
    pieces[1::2] = texts
    names, groups = _grouped(tuple(steps), root) if len(steps) < CACHED else _grouped.__wrapped__(tuple(steps), root)
    return Read("".join(pieces).lstrip("\r").replace(LESS, "<").replace(GREATER, ">"), names, groups)


def _pieces(content: str, encoding: Encoding) -> list[str]:
    """Values, each as ER7, and the markup between them in turn: a value first and last."""
    if encoding[:5] != USUAL[:5]:
        pieces = MARKUP.split(content)
        pieces[::2] = [escape(unescaped(value), encoding) if value.strip() else value for value in pieces[::2]]
        return pieces
    content = _escaped(content)
    pieces = MARKUP.split(content) if _has_layout(content) else _compact_pieces(content)
    if "\n" in content:
        pieces[::2] = [value.replace("\n", BREAK) if value.strip() else value for value in pieces[::2]]
    return pieces


def _has_layout(content: str) -> bool:
    """Whether there is white space alone between two tags. The first tests are fast, and enough for most documents."""
    is_possible = not content.isascii() or any(space in content and f">{space}" in content for space in "\n\t\r ")
    return is_possible and LAYOUT.search(content) is not None


def _compact_pieces(content: str) -> list[str]:
    """The same for a document without layout, which most systems send, many times faster."""
    return content.replace("><", NEXT).replace(">", "<").split("<")


def _check_value(pieces: list[str], at: int, level: int, steps: list[str]) -> None:
    """No text but white space is between segments, groups and fields; MSH.1 and MSH.2 are in the line already."""
    if level == DROPPED:
        pieces[at] = ""
    elif level < IN_FIELD:
        if pieces[at].strip():
            raise ParseError("there is text between the elements", RULE, _where(steps))
        pieces[at] = ""


def _escaped(content: str) -> str:
    """The content with each delimiter in a value as its escape sequence.

    Done for the whole content, because markup has none of the usual delimiters. A line end has two meanings: it stays.
    """
    for character, sequence in DELIMITERS:
        if character in content:
            content = content.replace(character, sequence)
    content = content.replace(*AMPERSAND)
    if "&" in content:  # most documents have no other entity than that of MSH.2
        for entity, sequence in ENTITIES:
            content = content.replace(entity, sequence)
    return content


def _where(steps: Sequence[str]) -> str:
    """The last segment."""
    return next((step for step in reversed(steps) if step[0] not in "+-"), "MSH")


@lru_cache(maxsize=256)
def _grouped(steps: tuple[str, ...], root: str) -> tuple[tuple[str, ...], tuple[Groups, ...]]:
    """The name of each segment, and its groups. A group without a segment has no effect."""
    names: list[str] = []
    groups: list[Groups] = []
    elements: list[str] = []
    numbers: list[int] = []
    count = 0
    for step in steps:
        if step[0] == "+":
            if not step.startswith(f"+{root}.") or len(elements) >= DEEPEST:
                raise ParseError(
                    "an element is neither a segment nor a group of the message", RULE, names[-1] if names else "MSH"
                )
            elements.append(step[1:])
        elif step == "-":
            elements.pop()
            del numbers[len(elements) :]
        else:
            while len(numbers) < len(elements):
                count += 1
                numbers.append(count)
            names.append(step)
            groups.append(tuple(map(Group, elements, numbers)))
    return tuple(names), tuple(groups)
