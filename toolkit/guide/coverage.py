"""Which rows of the guide the mapping implements: each is tried in a message, and what changes in the bundle is compared."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from shared.formats.fhir.leaves import bundle_texts
from shared.hl7 import parse
from shared.mapping import to_bundle
from toolkit.guide.components import Component
from toolkit.guide.example import LEAST, full, message, value_of
from toolkit.guide.reasons import reason_of
from toolkit.guide.rows import STRUCTURE, Row, maps_of, segment_rows

Leaves = Counter[tuple[str, str]]
INDEX = re.compile(r"\[\d+\]|_(?=[a-z])")
BOOLEAN = {"True": "true", "False": "false"}
ONCE = (
    "NM 7", "ST a", "FT a", "TX a", "CWE X1^W^L", "CE X1^W^L", "CNE X1^W^L", "CF X1^W^L", "IS X1", "DR 20240102^20240103",
    "DT 20240102", "DTM 20240102030405", "NR 1^2", "VR 1^2", "TM 0304", "SN <>^1", "SN ^1^:^2", "SN ^1^-^2", "SN ^1^+", "SN >^1",
    "NA 1^2", "ED APP^AP^PDF^Base64^QQ==", "RP http://x.example/a^^AP^PDF",
)  # fmt: skip
# Types and values of OBX-2 and OBX-5: each once, and each twice, which makes components.
VALUES = tuple((*pair.split(" ", 1),) for pair in (*ONCE, *(f"{each}~{each.split(' ', 1)[1]}" for each in ONCE)))
LANGUAGES = ("cy^Welsh^ISO639-1", "cy^Words one^ISO639-1^C2^Words two^99BB^1.1^2.2^Said^C3^Words three^99CC^3.3")
# More texts that a field is tried with, where one code cannot show every row.
MORE = {
    "PV1-2": ("I", "P", "O"), "OBX-11": ("F", "X", "N"), "OBR-11": ("G", "A"), "RXA-20": ("RE", "CP", ""), "RXA-21": ("D", "A"),
    "TXA-19": ("AV", "OB", "CA"), "ORC-1": ("NW", "SC", "OC", "CA", "CR"), "EVN-4": ("01", "U"), "NK1-3": ("SPO", "E"),
    "IN1-17": ("SEL", "SPO"), "ORC-4": ("E1&NS^E2&NS", "E1^NS"), "PID-7": ("19800229", "19800229103000"),
    "SCH-7": (
        "ROUTINE^Routine^HL70276", "Normal^Normal^HL70277",
        "Normal^Words one^HL70277^C2^Words two^99BB^1.1^2.2^Said^C3^Words three^99CC^3.3",
    ),
    "TQ1-6": ("2^h", "2^h&hour", "2^h&hour&UCUM&&&&&&Said unit"), "ROL-3": ("PP^^HL70443", "AT^^HL70443"),
    "SPM-17": ("20240102", "20240102^20240103"), "OBX-33": ("E1&NS^E2&NS",), "SCH-25": ("Cancelled",),
    "TQ1-3": ("BID^DW^1^5^2^D^^AC^5^M", "BID"),
    "MSH-9": ("ADT^A01^ADT_A01",), "MSH-3": ("APP^1.2.840^ISO", "APP"), "MSH-5": ("APP^1.2.840^ISO", "APP"),
    "ROL-11": tuple(f"1 Street^^City^^^^{kind}" for kind in "HOB"),
    "PRT-4": ("PP^^HL70443", "AT^^HL70443", "NOK"), "PRT-23": ("B", "C", "E", "F", "H", "O"),
    "RXO-4": ("mg^^UCUM", "^milligram"), "RXO-12": ("TAB^^L", "^tablet"), "RXO-19": ("mg^^UCUM", "^milligram"),
    "RXO-26": ("mL^^UCUM", "^millilitre"),
    "MSH-19": ("cy", "^^^cy^^ISO639-1"), "PID-15": LANGUAGES, "NK1-20": LANGUAGES, "OBR-29": ("E1&NS^E2&NS",),
    "PID-14": ("01234567890^^PH",), "PID-11": ("1 Street^^City^^^^H", "1 Street^^City^^^^M"),
}  # fmt: skip
DAY = "20240102"
# Other fields that must be present for a row's condition to hold.
COMPANIONS: dict[str, tuple[Mapping[str, str], ...]] = {
    "MSH-24": ({"3": ""},),
    "MSH-25": ({"5": ""},),
    "PV1-3": ({"2": "P"},),
    "RXA-20": ({"21": "A"},),
    "TQ1-6": ({"7": DAY + "030405"}, {"8": DAY + "030405"}),
    "PID-34": ({"33": DAY},),
    "PID-33": ({"34": "FAC"},),
    "OBX-24": ({"23": "Org^^1"}, {"23": "Org^^1", "25": "P9^Dir"}),
    "OBX-23": ({"25": "P9^Dir"},),
    "OBR-7": ({"8": "20240103"}, {"8": "", "15": "BLD"}),
    "ORC-9": ({"1": ""}, {"1": "NW", "10": "P3^Clerk"}, {"10": "P3^Clerk"}),
    "PR1-7": ({"5": DAY + "0304"},),
    "PR1-5": ({"7": "45"},),
    "IN1-5": ({"4": "Ins^^1"},),
    "PV1-40": ({"3": "W^R^B"},),
    "AIS-7": ({"4": DAY + "0304"},),
    "AIP-9": ({"6": DAY + "0304"},),
    "AIL-9": ({"6": DAY + "0304"},),
    "AIG-11": ({"8": DAY + "0304"},),
    "IAM-4": ({"5": "Rash"},),
    "ORC-1": ({"2": "E1"},),
    "ORC-16": ({"2": "E1", "5": ""},),
    "RXO-2": ({"3": "9"},),
    "RXO-3": ({"2": "7"},),
    "RXO-4": ({"2": "7", "3": "9"},),
    "RXO-12": ({"11": "7"},),
    "RXO-19": ({"18": "7"},),
    "RXO-26": ({"25": "7"},),
    "OBX-3": ({"2": "CWE", "5": "X1^W^L~X2^W^L"},),
    "OBX-7": ({"5": "1~2"},),
    "ROL-11": ({"13": "W^R", "14": "Org^^1"},),
    "MSH-4": ({"22": ""},),
    "OBX-6": tuple({"2": kind, "5": value} for kind, value in VALUES),
}
ROLE_OF_TEAM = {"3": "AT^^HL70443"}
# PRT: a provider of the care team, with a role and without a person; a related person.
PARTICIPANTS: tuple[Mapping[str, str], ...] = (
    {"4": "AT^^HL70443"},
    {"4": "AT^^HL70443", "6": "X1^Words^99ZZZ"},
    {"4": "AT^^HL70443", "5": "", "8": "Org^^1"},
    {"4": "NOK"},
    *({"4": code, "15": "01^PRN^PH~02^WPN^PH~03^^FX~04^^BP~05^^CP~^NET^Internet^a@b.example"} for code in ("NOK", "PP^^HL70443")),
)


class Found(NamedTuple):
    """One row in one message type: ``implemented``, or ``not`` by a reason."""

    event: str
    row: Row
    status: str
    reason: str = ""


def coverage(event: str) -> list[Found]:
    """Every row of the guide for a message type, tried."""
    structure = STRUCTURE[event]
    rows = [row for name in maps_of(structure) for row in segment_rows() if row.map == name]
    return [found(event, row) for row in rows]


def coverages(events: list[str]) -> list[tuple[str, list[Found]]]:
    """The rows of several message types, tried on every processor."""
    with ProcessPoolExecutor() as pool:
        return list(zip(events, pool.map(coverage, events), strict=True))


def found(event: str, row: Row) -> Found:
    changed = frozenset().union(*changes(event, row.map.partition("[")[0], row.field))
    if row.target and reaches(row, changed):
        return Found(event, row, "implemented")
    reason = reason_of(Component(row, (), "", row.target), [event])
    return Found(event, row, "not", reason.text if reason else "")


def reaches(row: Row, changed: frozenset[tuple[str, str]]) -> bool:
    """Whether something changed where the row says; a literal must be the very one."""
    literal = row.assignment.strip('"') if row.assignment.startswith('"') and row.assignment.count('"') == 2 else ""
    hits = [text for path, text in changed if any(inside(path, each) for each in targets(row.target))]
    return literal in hits if literal else bool(hits)


def inside(path: str, target: str) -> bool:
    """The target itself, what is in it, or its type: ``occurred`` is ``occurredDateTime``."""
    rest = path[len(target) :]
    return path.startswith(target) and (not rest or rest[0] == "." or rest[0].isupper() or target.endswith("."))


def targets(target: str) -> tuple[str, ...]:
    """Where a target may be found: ``A.b->Type.c`` is in the resource referred to, or named by the reference itself."""
    holder, arrow, referred = target.rpartition("->")
    if not arrow:
        return (target,)
    resource, dot, rest = referred.partition(".")
    holder = holder.rpartition("->")[2]
    return (referred, f"{holder}.{rest}") if dot else (resource + ".", holder)


@cache
def changes(event: str, segment: str, field: str) -> tuple[frozenset[tuple[str, str]], ...]:
    """What changes in the bundle when a field (or, without one, the segment) is there, in each of several messages."""
    return tuple(difference(before, after) for before, after in _pairs(event, segment, field.partition("-")[2]))


def _pairs(event: str, segment: str, number: str) -> Iterator[tuple[str, str]]:
    if segment == "MSH":
        yield from _header_pairs(event, number)
        return
    if not number:
        yield "", message(event, {segment: LEAST.get(segment, {"1": "1"})})
        yield "", message(event, {segment: full(segment)})
        return
    field = f"{segment}-{number}"
    for held in (LEAST.get(segment, {}), full(segment)):
        without = {n: text for n, text in held.items() if n != number}
        for more in _with(field, number):
            base = {**without, **{n: text for n, text in more.items() if n != number}}
            yield message(event, {segment: base}), message(event, {segment: {**without, **more}})


def _header_pairs(event: str, number: str) -> Iterator[tuple[str, str]]:
    for held, text in product(({}, full("MSH")), texts_of(f"MSH-{number}", number)):
        others = {n: each for n, each in held.items() if n not in (number, "9", "10", "7")}
        if number in ("", "9", "10", "7"):
            yield "", message(event, {}, others)
        else:
            yield message(event, {}, {**others, number: ""}), message(event, {}, {**others, number: text})


def _with(field: str, number: str) -> Iterator[Mapping[str, str]]:
    """The field, and the other fields that must be present."""
    if field == "OBX-5":
        yield from ({"2": kind, "5": value} for kind, value in VALUES)
    companions = ({}, *COMPANIONS.get(field, ()), *([ROLE_OF_TEAM] if field.startswith("ROL-") and number != "3" else []))
    if field.startswith("PRT-"):
        companions = ({}, *({n: text for n, text in each.items() if n != number} for each in PARTICIPANTS))
    for text, more in product(texts_of(field, number), companions):
        yield {**more, number: text}


def texts_of(field: str, number: str) -> tuple[str, ...]:
    """The texts that a field is tried with, where it is tried as a whole."""
    if field == "OBX-5":
        return tuple(value for _, value in VALUES)
    if field in MORE:
        return MORE[field]
    datatype = next((row.type for row in segment_rows() if row.field == field), "")
    return (value_of(field, datatype),) if number else ("",)


@cache
def without_places(path: str) -> str:
    """The path of a leaf without its places in lists.

    >>> without_places("Patient.name[1].given[0]")
    'Patient.name.given'
    """
    return INDEX.sub("", path)


@lru_cache(maxsize=1024)
def leaves_of(text: str) -> frozenset[tuple[tuple[str, str], int]]:
    """The leaves of the bundle that a message becomes, without places in lists, with how often each occurs."""
    if not text:
        return frozenset()
    bundle = to_bundle(parse(text))
    found = [(without_places(path), BOOLEAN.get(each, each)) for path, each in bundle_texts(bundle).items()]
    found += [(f"Bundle.{name}", str(value)) for name, value in bundle.items() if isinstance(value, str)]
    found += [(f"Bundle.identifier.{name}", str(value)) for name, value in bundle.get("identifier", {}).items()]
    return frozenset(Counter(found).items())


def difference(before: str, after: str) -> frozenset[tuple[str, str]]:
    """What is there with the field and was not there without it."""
    one, other = leaves_of(before), leaves_of(after)
    less = dict(one - other)
    return frozenset(leaf for leaf, times in other - one if times > less.get(leaf, 0))
