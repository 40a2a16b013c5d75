"""No false alarm on the official R4 examples: whatever is found there is listed, one by one, with the reason."""

import csv
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import orjson
import pytest

from shared.fhir import check
from shared.issue import Issue

HERE = Path(__file__).parent
ROOT = Path(__file__).resolve().parents[4]
PLACES = [folder / "node_modules/hl7.fhir.r4.examples" for folder in (ROOT / ".hub", ROOT)]
EXAMPLES = next((place for place in PLACES if place.is_dir()), PLACES[0])


def exceptions() -> set[tuple[str, str, str]]:
    with (HERE / "example_exceptions.csv").open(encoding="utf-8") as rows:
        return {(row["file"], row["path"], row["rule"]) for row in csv.DictReader(rows)}


def place(issue: Issue) -> str:
    """The path with its places unnamed, repeated parts once: ``item[*].linkId``."""
    return re.sub(r"(\.\w+\[\*\])\1+", r"\1", re.sub(r"\[\d+\]", "[*]", issue.where))


def listed(file: str, path: str, rule: str, all_listed: set[tuple[str, str, str]]) -> tuple[str, str, str] | None:
    """The exception that this finding falls under."""
    return next((row for row in all_listed if fnmatch(file, row[0]) and (path, rule) == row[1:]), None)


def found() -> Iterator[tuple[str, str, str]]:
    for path in sorted(EXAMPLES.glob("*-*.json")):
        for issue in check(orjson.loads(path.read_bytes())):
            yield path.name, place(issue), issue.rule


@pytest.mark.slow
@pytest.mark.skipif(not EXAMPLES.exists(), reason="npm package hl7.fhir.r4.examples is not installed")
def test_the_official_examples_raise_no_false_alarm() -> None:
    assert len(list(EXAMPLES.glob("*-*.json"))) > 5300
    expected = exceptions()
    seen = {finding: listed(*finding, expected) for finding in found()}
    assert [finding for finding, row in seen.items() if row is None] == []
    assert set(seen.values()) == expected, "an exception that nothing needs any more"
