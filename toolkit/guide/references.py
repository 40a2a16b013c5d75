"""The references of the guide's message maps: which resource names which, in each message structure."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from shared.hl7 import parse
from shared.mapping import to_bundle
from toolkit.guide.components import Component
from toolkit.guide.example import LEAST, ORDER, full, message
from toolkit.guide.rows import STRUCTURE, Row, message_rows

INSTANCE = re.compile(r"\[[^\[\]]*\]")  # Patient[1]: which of several, in a message map
TO = re.compile(r"\.(?:reference|id)$")
FOLLOWED = re.compile(r"^[^(]*+\((.*)\)")  # ServiceRequest.specimen(Specimen.collection): the path of what is referred to
# What a segment must say for a reference that depends on it.
SAYING = (
    ("IN1", {"17": "SEL"}),
    *(("PRT", {"4": code}) for code in ("NOK", "SC^^HL70443", "OP^^HL70443", "AP^^HL70443", "EP^^HL70443")),
    *(("OBX", {"29": kind}) for kind in ("QST", "SCI")),
)


def references(structure: str) -> list[Component]:
    """Each reference of a message structure once: ``Encounter.subject`` names a ``Patient``."""
    found: dict[tuple[str, str], None] = {}
    for row in message_rows():
        for each in row.references.split(";") if row.map == structure else ():
            holder, _, named = (INSTANCE.sub("", part).strip() for part in each.partition("="))
            if holder:
                found[_path(holder), TO.sub("", named)] = None
    return [_component(structure, *pair) for pair in found]


def _path(holder: str) -> str:
    """The path of a reference.

    >>> _path("DiagnosticReport.specimen(Specimen.collection.collector.reference)")
    'Specimen.collection.collector'
    """
    return TO.sub("", TO.sub("", FOLLOWED.sub(r"\1", holder)))


def _component(structure: str, holder: str, named: str) -> Component:
    row = Row(f"References[{structure}]", f"{holder}={named}", "", "", "", "", holder, named, "", "", "")
    return Component(row, (), "", holder)


def is_there(event: str, reference: Component) -> bool:
    """Whether the bundle of a message of this event has it, or has the literal that the map writes."""
    named = reference.assignment.strip('"')
    return any(
        type_or_text == named and (path == reference.target or path.startswith(reference.target + "."))
        for path, type_or_text in _references_of(event)
    )


@cache
def _references_of(event: str) -> frozenset[tuple[str, str]]:
    """Path of each reference and the type of what it names; path and text of each code in the same element."""
    return frozenset(found for text in _messages(event) for found in _in_bundle(to_bundle(parse(text))))


def _messages(event: str) -> Iterator[str]:
    """Every segment with all of its fields, with few, with what a reference depends on, and with another segment of its name."""
    segments = ORDER[event[:3]]
    whole = {name: full(name) for name in segments}
    few = {name: LEAST.get(name, {"1": "1"}) for name in segments}
    yield message(event, whole)
    yield message(event, few)
    yield _after(message(event, few), "SFT", "SFT|Maker|1") + "\rOBX|2|NM|2^b^LN||7||||||F"
    for under, code in (("OBR", "SC"), ("OBR", "OP"), ("RXA", "OP")):
        yield _after(message(event, few), under, f"PRT||UC||{code}^^HL70443|P9^Part")
    for name, fields in SAYING:
        yield message(event, {**few, name: {**LEAST.get(name, {}), **full(name), **fields}})
        yield message(event, {**whole, name: {**LEAST.get(name, {}), **fields}})


def _after(text: str, name: str, line: str) -> str:
    """A message with another segment after the first one of a name."""
    lines = text.split("\r")
    at = next((number for number, each in enumerate(lines, 1) if each.startswith(name)), len(lines))
    return "\r".join((*lines[:at], line, *lines[at:]))


def _in_bundle(bundle: dict[str, Any]) -> Iterator[tuple[str, str]]:
    types = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    for entry in bundle["entry"]:
        yield from _in_element(entry["resource"], entry["resource"]["resourceType"], types)


def _in_element(value: object, path: str, types: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _in_element(each, path, types)
    elif isinstance(value, dict):
        if "reference" in value or "identifier" in value:
            reference, kind = value.get("reference", ""), value.get("type", "")
            yield path, types.get(reference, "") or (kind if isinstance(kind, str) else "")
        for name, each in value.items():
            yield from _in_element(each, f"{path}.{name}", types)
    elif isinstance(value, str):
        yield path, value


def structures(events: tuple[str, ...]) -> dict[str, str]:
    """The message structures of these events that the guide has a map for, each with its first event."""
    return {STRUCTURE[event]: event for event in reversed(events) if STRUCTURE[event]}
