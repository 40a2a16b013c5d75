"""A field among the others of its segment, twice, null and in nonsense; a segment twice, and without a patient and a visit.

``test_alone`` holds what each field becomes alone. Here each place of ``places`` is tried with all fields, and ``samples/among``
holds where the sum of the parts is not the whole: what differs when a field is left out from what it adds alone (``left out``),
when it has a second value from what that adds alone (``twice``), when the segment follows itself with other values, and what the
segment becomes without PID and PV1. A field that stands here with nothing below it adds and takes what it does alone.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.fhir import check
from shared.hl7 import parse
from shared.mapping import convert
from tests.goldens import hold
from tests.shared.mapping.places import MORE, PLACES, Place, other
from tests.shared.mapping.test_alone import COMPONENTS, least, sent, values
from toolkit.guide.example import VALUE

SAMPLES = Path(__file__).parent / "samples" / "among"
# What goes with another value, and is held where each field stands alone: the system of a code, the assigner of a number.
DETAIL = re.compile(r"\.assigner\.|\.physicalType\.|\.(resourceType|system|use|mode|coding\.display)$|(?<!\.relationship)\.type$")
# Places in which a segment becomes what it does in its first place, with other links: its fields need not be tried one by one.
AS_USUAL = (
    "PV1-ended", "PV1-referral", "DG1-order", "DG1-referral", "DG1-medicine", "IN1-referral", "MRG-account", "PRT-practitioner",
    "PRT-visit", "PRT-order", "PRT-report", "PRT-vaccination", "PRT-medicine", "OBX-result", "OBX-specimen", "OBX-order",
    "OBX-medicine", "OBX-vaccination", "OBX-referral", "OBX-file", "OBR-specimen", "OBR-referral", "TQ1-after", "SPM-order",
    "NTE-report", "NTE-result", "NTE-document", "NTE-referral", "NTE-medicine", "NTE-nowhere", "RXR-vaccination", "SCH-cancelled",
    "TXA-appended", "TXA-cancelled", "RF1-cancelled", "PRD-referred", "PRD-practitioner", "ORC-result",
)  # fmt: skip
NULL = "! information null-not-mapped {}: a null (delete the stored value) is left out, because a bundle cannot express it"


@cache
def everything(text: str) -> Counter[str]:
    """The values of the resources, and the issues with their texts."""
    found = convert(parse(text))
    issues = (f"! {each.severity} {each.rule} {each.where}: {each.text}" for each in found.issues)
    return Counter([*values(found.bundle), *issues])


@cache
def outcome(text: str) -> Counter[str]:
    """The same without details."""
    return Counter({each: times for each, times in everything(text).items() if not DETAIL.search(each.partition(": ")[0])})


def change(before: str, after: str) -> Counter[str]:
    """How often there is more or less of each line."""
    return difference(outcome(after), outcome(before))


def difference(one: Counter[str], other: Counter[str]) -> Counter[str]:
    found = Counter(one)
    found.subtract(other)
    return Counter({each: times for each, times in found.items() if times})


def shown(title: str, found: Counter[str]) -> Iterator[str]:
    """Nothing where nothing differs."""
    if found:
        yield title
    for each, times in found.items():
        sign, often = "+" if times > 0 else "-", f"{abs(times)} times " if abs(times) > 1 else ""
        yield f"  {sign} {often}{each}"


def field(place: Place, number: str) -> Iterator[str]:
    """One field of the segment: among all others and, in the first place of the segment, null and in nonsense."""
    whole, where = place.whole(), f"{place.segment}-{number}"
    least = {n: text for n, text in place.least().items() if n != number}
    rest = {n: text for n, text in whole.items() if n != number}
    value, again = whole[number], other(whole[number])
    base = place.message(least)

    def adds(text: str) -> Counter[str]:
        return change(base, place.message({**least, number: text}))

    def adds_to_all(text: str) -> Counter[str]:
        return change(place.message(rest), place.message({**rest, number: text}))

    first = usual(place)
    if first != place or number in MORE.get(place.segment, {}):
        there = {n: text for n, text in first.least().items() if n != number}
        found = change(first.message(there), first.message({**there, number: value})) if first != place else Counter[str]()
        yield from shown(f"{where} alone: {value}", min(difference(adds(value), found), adds(value), key=len))
    yield from shown(f"{where} among the others", difference(adds_to_all(value), adds(value)))
    second = difference(adds(f"{value}~{again}"), adds(value))
    if all(each[0] == "!" for each in second):
        yield f"{where} twice: only the first"
    if second != adds(again):
        yield from shown(f"{where} twice: {again}", second)
    if first == place:
        null = Counter([NULL.format(where)] if number > "1" or place.segment != "MSH" else [])
        yield from shown(f"{where} null", difference(adds_to_all('""'), null))
        nonsense = {each: n for each, n in adds("?").items() if "?" in each or each[0] == "!"}
        yield from shown(f"{where} nonsense", Counter(nonsense))


def usual(place: Place) -> Place:
    """The first place of the same segment."""
    return next(each for each in PLACES.values() if each.segment == place.segment)


def sections(name: str) -> Iterator[str]:
    place, first = PLACES[name], usual(PLACES[name])
    whole = place.whole()
    if name not in AS_USUAL:
        for number in sorted(whole, key=int):
            yield from field(place, number)
    if place.segment == "MSH":
        return
    all_of_it = change(place.message(), place.message(whole))
    if first != place:
        there = change(first.message(), first.message({**whole, **dict(first.fields)}))
        yield from shown(place.segment, difference(all_of_it, there))
    second = {n: other(text) for n, text in whole.items()}
    assert not [issue for issue in check(convert(parse(place.message(whole, second))).bundle) if issue.is_error]
    twice = change(place.message(whole), place.message(whole, second))
    yield from shown(f"{place.segment} twice", difference(twice, change(place.message(), place.message(second))))
    for gone in ("PV1", "PID"):
        if any(each.startswith(gone) for each in place.lines):
            without = change(place.message(without=(gone,)), place.message(whole, without=(gone,)))
            yield from shown(f"{place.segment} without {gone}", difference(without, all_of_it))


# Components that are sent since version 2.7, or by few.
LONGER = {
    "CWE": "X1^Words^99ZZZ^X2^Other^99YYY^1^2^Said^X3^Third^99XXX^3",
    "CQ": "5^mL&millilitre&UCUM&ML&Other&99YYY&&&&m3&Third&UCUM",
    "DLN": "D1^DVLA&Words&HL70333&GBR&Other&99YYY^20250101",
}


def cut(text: str) -> dict[tuple[int, int], str]:
    """The subcomponents by their place, those that were sent."""
    found = {(n, m): part for n, each in enumerate(text.split("^")) for m, part in enumerate(each.split("&"))}
    return {place: part for place, part in found.items() if part}


def joined(parts: dict[tuple[int, int], str]) -> str:
    last = max((n for n, _ in parts), default=-1)
    most = {n: max((m for at, m in parts if at == n), default=-1) for n in range(last + 1)}
    return "^".join("&".join(parts.get((n, m), "") for m in range(most[n] + 1)) for n in range(last + 1))


def components(name: str) -> Iterator[str]:
    """Each component with the first one, and left out of all, where it does not do what it does alone."""
    segment, _, number = name.partition("-")
    text = next((longer for kind, longer in LONGER.items() if COMPONENTS[name] == VALUE[kind]), COMPONENTS[name])
    others, whole = least(segment, without=number), cut(text)
    first = next(iter(whole))

    def made(parts: dict[tuple[int, int], str]) -> Counter[str]:
        return everything(sent(segment, {**others, number: joined(parts)}))

    for at, part in whole.items():
        where = f"{name}.{at[0] + 1}" + (f".{at[1] + 1}" if at[1] or (at[0], 1) in whole else "")
        alone = difference(made({at: part}), made({}))
        if at != first:
            pair = {first: whole[first], at: part}
            yield from shown(f"{where} with the first", difference(difference(made(pair), made({first: whole[first]})), alone))
        rest = {place: each for place, each in whole.items() if place != at}
        yield from shown(f"{where} among the others", difference(difference(made(whole), made(rest)), alone))


def compare(name: str, lines: list[str], *, accept: bool) -> None:
    path = SAMPLES / f"{name}.txt"
    made = "".join(f"{each}\n" for each in lines).encode()
    hold(SAMPLES, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: made}, accept=accept)


@pytest.mark.parametrize("name", PLACES)
def test_a_segment_in_its_place_becomes_what_was_reviewed(name: str, accept: bool) -> None:
    compare(name, list(sections(name)), accept=accept)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_next_to_others_becomes_what_was_reviewed(name: str, accept: bool) -> None:
    compare(name, list(components(name)), accept=accept)
