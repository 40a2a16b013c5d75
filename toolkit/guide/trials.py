"""The messages that a component is tried in, with it and without it: each form of its datatype, next to what its rows require."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import NamedTuple

from toolkit.guide.components import PLAIN, TABLES, Component
from toolkit.guide.coverage import COMPANIONS, MORE, PARTICIPANTS, ROLE_OF_TEAM
from toolkit.guide.example import FIELD, LEAST, full, message
from toolkit.guide.parts import Parts, forms, parts, text_of
from toolkit.guide.rows import STRUCTURE, Row, maps_of

# Fields of MSH that no message can be without.
ALWAYS = ("MSH-1", "MSH-2", "MSH-7", "MSH-9", "MSH-10")

# A segment that says the same as another one in its place, and so hides what that one says.
HIDING = {"OBR[Specimen]": "SPM", "TXA[DocumentReference]": "NTE"}


class Trial(NamedTuple):
    """A message without a component and with it, and the components of the field that has it."""

    without: str
    message: str
    sent: Parts


@cache
def events_of(name: str, among: tuple[str, ...] = tuple(STRUCTURE)) -> tuple[str, ...]:
    """The message types that use a segment map, one of each kind: those of a kind are read by the same segment maps."""
    using = [event for event in among if STRUCTURE[event] and name in maps_of(STRUCTURE[event])]
    return tuple({event[:3]: event for event in reversed(using)}.values())[::-1]


def trials(event: str, component: Component) -> Iterator[Trial]:
    """Every pair of messages in which the component is the only difference."""
    row = component.row
    number = row.field.partition("-")[2]
    for companions, times, sent in _settings(row):
        absent = _without(component, sent)
        if absent == sent:
            continue
        texts = ["~".join([text_of(each)] * times) for each in (absent, sent)]
        one, other = (_message(event, row, {**companions, number: text}) for text in texts)
        yield Trial("" if row.field in ALWAYS and not absent else one, other, sent)


def _without(component: Component, sent: Parts) -> Parts:
    """The field without the component; without anything where the guide gives a literal or the whole field."""
    if component.assignment or not component.path:
        return {}
    return {path: text for path, text in sent.items() if not covers(component.path, path)}


def covers(path: str, other: str) -> bool:
    """Whether a component is another one or holds it; the first part of a component is the component where it has no parts.

    >>> covers("4", "4.2"), covers("4.1", "4"), covers("4.1", "4.2")
    (True, True, False)
    """
    return other == path or other.startswith(path + ".") or (path.endswith(".1") and path[:-2] == other)


def _message(event: str, row: Row, fields: Mapping[str, str]) -> str:
    segment = row.field.partition("-")[0]
    if segment == "MSH":
        return message(event, {}, {n: text for n, text in fields.items() if f"MSH-{n}" not in ALWAYS or text})
    return message(event, {segment: fields}, without=HIDING.get(row.map, ""))


def _settings(row: Row) -> Iterator[tuple[Mapping[str, str], int, Parts]]:
    """The fields next to it, how often it repeats, and its components."""
    segment, _, number = row.field.partition("-")
    datatype = (row.datatype_map or row.type).partition("[")[0]
    kinds: list[tuple[Mapping[str, str], int]] = [({}, 1), *((each, 1) for each in COMPANIONS.get(row.field, ()))]
    if row.field == "OBX-5":
        kinds = [({"2": kind}, times) for kind in dict.fromkeys((datatype, row.type)) for times in (1, 2)]
    if segment == "ROL" and number != "3":
        kinds.append((ROLE_OF_TEAM, 1))
    if segment == "PRT":
        kinds += [(each, 1) for each in PARTICIPANTS]
    held = [{} if segment == "MSH" else LEAST.get(segment, {}), full(segment)]
    if segment == "MSH":
        held[1] = {n: text for n, text in held[1].items() if f"MSH-{n}" not in ALWAYS}
    for others, (more, times), sent in product(held, kinds, _forms(row, datatype)):
        yield {**others, **more}, times, sent


@cache
def _forms(row: Row, datatype: str) -> tuple[Parts, ...]:
    """The forms of the datatype, and the texts that a field is tried with already."""
    special = [text for text in (*MORE.get(row.field, ()), FIELD.get(row.field, "")) if text]
    codes = [each.partition("^")[0] for each in special]
    table = TABLES.get(row.table)
    known = [code for code, target in table.codes.items() if target[0]][:1] if table else []
    if datatype in PLAIN and datatype not in ("NM", "DTM", "TS", "DT", "TM"):
        return tuple(parts(code) for code in dict.fromkeys((*codes, *known, "Text")) if code)
    found = [each for code in ("", *known) for each in forms(datatype, code)]
    return tuple(found + [parts(text) for text in special])
