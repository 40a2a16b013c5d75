"""Every implemented row of the guide by a probe: this element in, that element out, exactly this value; and its code tables.

``guide_probes.jsonl`` joins the guide's segment maps with its datatype maps: a field that holds a value of its own in each
component, and for each component the path in the resource and the text that belongs there. A value that the product gets wrong,
swaps or drops is red here. ``guide_tables.csv`` has the guide's code tables, entry by entry.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import shared.mapping.tables
from shared.fhir import check
from shared.hl7 import parse
from shared.mapping import to_bundle
from shared.mapping.tables import Table, Target
from toolkit.guide.coverage import leaves_of
from toolkit.guide.example import message

HERE = Path(__file__).parent


class Probe(NamedTuple):
    """A field in a message, and what it must become: path -> every text that it adds there."""

    event: str
    segment: str
    field: str
    fields: Mapping[str, str]
    expected: Mapping[str, list[str]]


@cache
def probes() -> tuple[Probe, ...]:
    lines = (HERE / "guide_probes.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Probe(**json.loads(line)) for line in lines)


def texts(probe: Probe, fields: Mapping[str, str]) -> set[tuple[str, str]]:
    """Path and text of every leaf of the bundle."""
    return {leaf for leaf, _ in leaves_of(message(probe.event, {probe.segment: fields}))}


def wanted(probe: Probe) -> Iterator[tuple[str, str]]:
    for path, values in probe.expected.items():
        yield from ((path, value) for value in values)


SEGMENTS = sorted({probe.segment for probe in probes()})


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_value_arrives_where_the_guide_says(segment: str) -> None:
    missing = [
        (probe.event, f"{segment}-{probe.field}", path, value)
        for probe in probes()
        if probe.segment == segment
        for found in [texts(probe, probe.fields)]
        for path, value in wanted(probe)
        if (path, value) not in found
    ]
    assert not missing, f"{len(missing)} values, the first: {missing[:5]}"


@pytest.mark.parametrize("segment", SEGMENTS)
def test_without_the_field_the_value_is_not_there(segment: str) -> None:
    """A probe whose value stands in the bundle anyhow would prove nothing."""
    there = [
        (f"{segment}-{probe.field}", path, value)
        for probe in probes()
        if probe.segment == segment
        for found in [texts(probe, {**probe.fields, probe.field: ""})]
        for path, value in wanted(probe)
        if (path, value) in found
    ]
    assert not there


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_probe_is_valid_fhir(segment: str) -> None:
    for probe in probes():
        if probe.segment == segment:
            bundle = to_bundle(parse(message(probe.event, {segment: probe.fields})))
            assert not [issue for issue in check(bundle) if issue.is_error], f"{segment}-{probe.field}"


def test_the_probes_are_many() -> None:
    """A file that lost its lines would pass every test of it."""
    assert sum(len(values) for probe in probes() for values in probe.expected.values()) > 2500
    assert len({(probe.segment, probe.field) for probe in probes()}) > 250


@cache
def guide_tables() -> dict[str, dict[str, Target]]:
    found: dict[str, dict[str, Target]] = {}
    with (HERE / "guide_tables.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["map"], {})[row["code"]] = Target(row["fhir"], row["system"], row["display"])
    return found


TABLES = [table for table in vars(shared.mapping.tables).values() if isinstance(table, Table)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_code_table_says_what_its_source_says(table: Table) -> None:
    source = guide_tables()[table.name]
    assert set(table.codes) == set(source)
    for code, target in source.items():
        own = table.target(code)
        assert own is not None
        assert (own.code, own.system) == (target.code, target.system), code
        assert not target.display or own.display == target.display, code
        assert table.get(code) == target.code
