"""Which texts of messages are about a person, by the data types of the standard: all but codes, types and authorities."""

from collections.abc import Iterable
from functools import lru_cache

from shared.compare.trees import place
from shared.hl7 import Message
from shared.hl7.leaves import hl7_spots
from shared.privacy import holds_nhs_number
from shared.validation.datatypes import leaves
from shared.validation.standard import VERSIONS, Standard, standard

CODES = ("ID", "IS", "SI")
CODED_ELEMENTS = ("CE", "CWE", "CNE", "CF")
IN_CODED_ELEMENT = (1, 3, 4, 6)  # the code, its system, the other code, its system; 2 and 5 are words
OF_A_MESSAGE = ("MSH-7", "MSH-10")  # the header names systems; these two name one message
LONGEST_CODE = 24  # characters
SHORTEST = 3  # characters: a shorter text is in too many places to be looked for


def private_texts(messages: Iterable[Message]) -> frozenset[str]:
    """Every text about a person, trimmed and in small letters."""
    found = (spot.text for each in messages for spot in hl7_spots(each) if is_private(each, spot.path, spot.text))
    return frozenset(text.strip().lower() for text in found if len(text.strip()) >= SHORTEST)


def is_private(message: Message, path: str, text: str) -> bool:
    """Whether a text at this path may be about a person.

    A word in the place of a date is a code of the sender's. A sentence or an NHS Number in the place of a code is no code.
    """
    if is_date(message, path):
        return any(map(str.isdigit, text))
    return not is_code(message, path) or len(text) > LONGEST_CODE or holds_nhs_number(text)


def is_code(message: Message, path: str) -> bool:
    """Whether the standard has a code, a type or an authority at this path; an unknown segment has none."""
    where = place(path)
    if where.startswith("MSH-"):
        return not where.startswith(OF_A_MESSAGE)
    return _is_code(*_asked(message, where))


def is_date(message: Message, path: str) -> bool:
    """Whether the standard has a date or a time at this path."""
    version, segment, (number, component, _) = _asked(message, place(path))
    known = standard(version)
    fields = known.fields(segment) if known else ()
    return component == 1 and number <= len(fields) and fields[number - 1].kind in ("TS", "DT", "DTM")


def _asked(message: Message, where: str) -> tuple[str, str, tuple[int, int, int]]:
    segment, _, rest = where.partition("-")
    number, component, subcomponent, *_ = (*map(int, rest.split(".")), 1, 1)
    version = message["MSH-12"] if message["MSH-12"] in VERSIONS else "2.5"
    return version, segment, (number, component, subcomponent)


@lru_cache(maxsize=4096)
def _is_code(version: str, segment: str, parts: tuple[int, int, int]) -> bool:
    known = standard(version)
    fields = known.fields(segment) if known else ()
    number, component, subcomponent = parts
    if known is None or number > len(fields):
        return False
    field = fields[number - 1]
    inner = known.components(field.kind)
    kind = inner[component - 1][0] if component <= len(inner) else ""
    if kind == "HD" or field.kind in ("HD", "EIP"):
        return True
    if field.kind in CODED_ELEMENTS:
        return component in IN_CODED_ELEMENT
    return kind not in CODED_ELEMENTS and _leaf(field.kind, component, subcomponent, known) in CODES


def _leaf(kind: str, component: int, subcomponent: int, known: Standard) -> str:
    for leaf in leaves(kind, "", known):
        if (leaf.component or 1, leaf.subcomponent or 1) == (component, subcomponent):
            return leaf.kind
    return ""
