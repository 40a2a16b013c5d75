"""The prolog of a document: the declaration, comments, processing instructions. Read before the parser sees the body.

Source: XML 1.0 (fifth edition) sections 2.8 (prolog) and 4.3.3 (encoding declaration).
"""

import re
from typing import NamedTuple

from shared import bounds
from shared.xml.problems import has_doctype, not_well_formed, too_much

DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*(?:"1\.[0-9]"|'1\.[0-9]')"""
    r"""(?:\s+encoding\s*=\s*(?:"(?P<double>[A-Za-z][\w.-]{0,39})"|'(?P<single>[A-Za-z][\w.-]{0,39})'))?"""
    r"""(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>""",
    re.ASCII,
)
BLANK = re.compile(r"[ \t\r\n]*")
ENDS = {"<!--": "-->", "<?": "?>"}  # how a part of the prolog begins -> how it ends


class Prolog(NamedTuple):
    """Where the declaration and the root begin.

    Args:
        encoding: as declared; ``""`` when it is not.
        declared: start and end of the declaration; ``(0, 0)`` when there is none.
        root: place of the first character that is neither a blank, a comment nor an instruction.
    """

    encoding: str
    declared: tuple[int, int]
    root: int

    @property
    def is_late(self) -> bool:
        """Whether there is text before the declaration; the standard allows nothing there, but senders do it."""
        return self.declared[0] > 0


def prolog(text: str) -> Prolog:
    """The prolog of a text without its byte order mark.

    Raises:
        Unsupported: ``xml-doctype`` for a document type declaration; ``xml-not-well-formed`` for a damaged or second
            declaration or a part that does not end; ``xml-too-much`` for more than ``bounds.XML_PROLOG`` parts.

    >>> prolog("<!-- a comment --><?xml version='1.0' encoding='UTF-16'?><a/>")
    Prolog(encoding='UTF-16', declared=(18, 57), root=57)
    """
    encoding, declared = "", (0, 0)
    place = _after_blanks(text, 0)
    for _ in range(bounds.XML_PROLOG):
        if text.startswith("<?xml", place) and text[place + 5 : place + 6].isspace():
            found = DECLARATION.match(text, place)
            if found is None or declared[1]:
                raise not_well_formed(*position(text, place))
            encoding, declared = found["double"] or found["single"] or "", found.span()
            end = found.end()
        elif not (end := _end(text, place)):
            return Prolog(encoding, declared, place)
        place = _after_blanks(text, end)
    raise too_much("comments and instructions before the root", bounds.XML_PROLOG)


def _end(text: str, place: int) -> int:
    """Where a comment or an instruction that begins here ends; 0 when neither begins here."""
    if text.startswith("<!DOCTYPE", place):
        raise has_doctype(position(text, place)[0])
    for start, end in ENDS.items():
        if text.startswith(start, place):
            found = text.find(end, place + len(start))
            if found < 0:
                raise not_well_formed(*position(text, place))
            return found + len(end)
    return 0


def _after_blanks(text: str, place: int) -> int:
    found = BLANK.match(text, place)
    return found.end() if found else place


def position(text: str, place: int) -> tuple[int, int]:
    """Line and column of a place, each from 1.

    >>> position("ab\\ncd", 4)
    (2, 2)
    """
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
