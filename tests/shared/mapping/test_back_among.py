"""FHIR to HL7 v2: each value of each resource left out, and one more of whatever repeats, exact.

The bundles are those that each place of ``places`` becomes with every field of its segment, and those of ``made_by_hand``.
``samples/back`` has for each type of
resource the values that make a difference: the fields that they change (``+`` what there is more with the value, ``-`` what there
is less), and the issues that they cause.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shared.fhir import check
from shared.hl7 import parse
from shared.hl7.leaves import hl7_leaves
from shared.mapping import convert
from shared.mapping.back.bundle import MESSAGES, compose_bundle
from tests.goldens import hold
from tests.shared.mapping.made_by_hand import BUNDLES
from tests.shared.mapping.places import PLACES
from tests.shared.mapping.test_alone import INDEX
from tests.shared.mapping.test_among_others import difference, shown

Json = dict[str, Any]
Path_ = tuple[str | int, ...]
SAMPLES = Path(__file__).parent / "samples" / "back"
SKIPPED = ("resourceType", "id", "fullUrl")
LABELS = ("url", "system", "code", "use")  # what tells the elements of a list apart


def written(bundle: Json) -> Counter[str]:
    """The values of the message, and the issues."""
    made = compose_bundle(bundle)
    values = [
        f"{leaf.path}: {leaf.text}" for leaf in hl7_leaves(made.message) if leaf.text and not leaf.path.startswith("MSH-1.")
    ]
    return Counter([*values, *(f"! {each.severity} {each.rule} {INDEX.sub('', each.where)}" for each in made.issues)])


def places(value: Any, at: Path_ = (), name: str = "") -> Iterator[tuple[Path_, str]]:
    """The path of each value, each element and each of a list, and how it is called: without numbers, but with what it is."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in SKIPPED:
                if isinstance(each, dict | list):
                    yield (*at, key), f"{name}.{key}.*"
                yield from places(each, (*at, key), f"{name}.{key}")
    elif isinstance(value, list):
        for n, each in enumerate(value):
            label = _label(each)
            if len(value) > 1:
                yield (*at, n), f"{name}{label}.*" if isinstance(each, dict) else f"{name}[{min(n, 2)}]"
            yield from places(each, (*at, n), f"{name}{label}")
    elif not isinstance(at[-1], int):
        yield at, name


def _label(element: Any) -> str:
    """What tells an element of a list from the others."""
    found = (str(element[key]).rpartition("/")[2] for key in LABELS if isinstance(element, dict) and element.get(key))
    return next((f"[{each}]" for each in found), "")


def changed(value: Any, at: Path_, change: Any) -> Any:
    """A copy in which what is at a path is replaced by what ``change`` makes of the list or dictionary that holds it."""
    if len(at) == 1:
        made = copy.copy(value)
        change(made, at[0])
        return made
    made = copy.copy(value)
    made[at[0]] = changed(value[at[0]], at[1:], change)
    return made


def remove(holder: Any, key: Any) -> None:
    del holder[key]


def again(holder: Any, key: Any) -> None:
    holder[key] = [*holder[key], marked(holder[key][-1])]


def marked(value: Any, name: str = "") -> Any:
    """The same element with other words."""
    if isinstance(value, dict):
        return {key: marked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each, name) for each in value]
    fixed = ("system", "url", "code", "use", "type", "reference", "status", "contentType", "data", "start", "end")
    return value if name in fixed or not isinstance(value, str) or value[:2] in ("19", "20") else f"{value}z"


def lists(value: Any, at: Path_ = (), name: str = "") -> Iterator[tuple[Path_, str]]:
    """The path of each list."""
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, list):
                yield (*at, key), f"{name}.{key}"
            yield from lists(each, (*at, key), f"{name}.{key}")
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from lists(each, (*at, n), name)


class Trial(NamedTuple):
    """A bundle, and what was made of it: with more than before, or with less."""

    title: str
    bundle: Json
    made: Json
    is_more: bool


def bundles() -> Iterator[tuple[str, Json]]:
    for name, place in PLACES.items():
        if place.event.partition("^")[0] in MESSAGES:
            yield name, convert(parse(place.message(place.whole()))).bundle
    yield from BUNDLES.items()


@cache
def tried() -> dict[str, list[Trial]]:
    """The trials of each type of resource: the same element of the same type once, and nothing that our own check refuses."""
    found: dict[str, list[Trial]] = {}
    seen: set[tuple[str, str, bool]] = set()
    for where, bundle in bundles():
        is_by_hand = where in BUNDLES
        for n, entry in enumerate(bundle["entry"]):
            kind = entry["resource"]["resourceType"]
            for words, paths, act in (("", places, remove), (" once more", lists, again)):
                for at, name in paths(entry["resource"]):
                    if (kind + name, words, is_by_hand) not in seen:
                        seen.add((kind + name, words, is_by_hand))
                        made = changed(bundle, ("entry", n, "resource", *at), act)
                        if not any(issue.is_error for issue in check(made)):
                            found.setdefault(kind, []).append(Trial(f"{kind}{name}{words} ({where})", bundle, made, act is again))
    return found


def trials(kind: str) -> Iterator[str]:
    for each in tried()[kind]:
        old, new = outcome(each.bundle), written(each.made)
        yield from shown(each.title, difference(new, old) if each.is_more else difference(old, new))


KNOWN: dict[int, Counter[str]] = {}


def outcome(bundle: Json) -> Counter[str]:
    """Of a bundle that is changed in many ways, once."""
    if id(bundle) not in KNOWN:
        KNOWN[id(bundle)] = written(bundle)
    return KNOWN[id(bundle)]


def compare(name: str, lines: list[str], *, accept: bool) -> None:
    path = SAMPLES / f"{name}.txt"
    made = "".join(f"{each}\n" for each in lines).encode()
    hold(SAMPLES, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: made}, accept=accept)


KINDS = (
    "MessageHeader", "Device", "Organization", "Patient", "Location", "Encounter", "Provenance", "Practitioner", "Account",
    "RelatedPerson", "Observation", "EpisodeOfCare", "Coverage", "ServiceRequest", "CareTeam", "PractitionerRole",
    "DiagnosticReport", "Immunization", "Medication", "MedicationRequest", "AllergyIntolerance", "Condition", "Procedure",
    "Specimen", "DocumentReference",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_value_of_a_resource_makes_the_difference_that_was_reviewed(kind: str, accept: bool) -> None:
    compare(kind, list(trials(kind)), accept=accept)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_made_by_hand_is_written_as_was_reviewed(name: str, accept: bool) -> None:
    compare(name.replace(", ", "-").replace(" ", "-"), list(shown(name, written(BUNDLES[name]))), accept=accept)


def test_no_type_of_resource_is_left_out() -> None:
    assert sorted(KINDS) == sorted(tried())
