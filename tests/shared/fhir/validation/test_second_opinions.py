"""Second opinions on every bundle that the samples produce: fhir.resources, fhirkit-rs, and the reference validator."""

import csv
import json
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
import orjson
import pytest

from integrations import CATALOGUE, load
from shared.check import run
from shared.fhir import check, to_json
from shared.hl7 import parse
from shared.mapping import to_bundle
from tests.reference_validator import checked, needs_the_validator
from toolkit.samples import ROOT, samples

HERE = Path(__file__).parent
GUIDE = ROOT.parent / "tests/shared/mapping/samples"


@cache
def bundles(source: str) -> dict[str, bytes]:
    """What the samples of an integration become, or what the guide alone makes of its own samples, by name."""
    if source == "guide":
        return {
            path.name.partition(".")[0]: to_json(to_bundle(parse(path.read_bytes()))) for path in sorted(GUIDE.glob("*.in.hl7"))
        }
    integration = load(source)
    return {
        f"{sample.name}.{number}": each.body
        for sample in samples(integration)
        for number, each in enumerate(run(integration, sample.envelope).outgoing)
        if "fhir" in each.content_type
    }


SOURCES = (*CATALOGUE, "guide")
EXCEPTIONS = list(csv.DictReader((HERE / "second_opinions.csv").open(encoding="utf-8")))


def is_listed(who: str, path: str, rule: str, message: str) -> bool:
    return any(
        row["who"] == who and fnmatch(path, row["path"]) and row["rule"] in ("*", rule) and row["message"] in message
        for row in EXCEPTIONS
    )


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_written_passes_our_own_check(source: str) -> None:
    assert {name: found for name, body in bundles(source).items() if (found := check(orjson.loads(body)))} == {}


@pytest.mark.parametrize("source", SOURCES)
def test_fhirkit_finds_nothing(source: str) -> None:
    found = [(name, str(each)) for name, body in bundles(source).items() for each in fhirkit.validate(orjson.loads(body))]
    assert [each for each in found if not is_listed("fhirkit", each[1], "*", each[1])] == []


def test_most_integrations_and_the_guide_make_bundles() -> None:
    assert sum(bool(bundles(source)) for source in SOURCES) >= 7
    assert len(bundles("guide")) == len(list(GUIDE.glob("*.in.hl7"))) > 10


@pytest.mark.slow
def test_fhir_resources_takes_every_bundle() -> None:
    """It knows R4B, which for what we write is R4."""
    from fhir.resources.R4B.bundle import Bundle

    for source in SOURCES:
        for body in bundles(source).values():
            Bundle.model_validate(json.loads(body))


def place(path: str) -> str:
    """A path without ids and places: ``Bundle.entry.resource.extension``."""
    return re.sub(r"/\*.*?\*/|\[\d+\]", "", path)


def errors(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in checked(folder, "uk-core-stu1", "wales").stdout.splitlines()]
    return [row for row in rows if row["severity"] in ("error", "fatal")]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@needs_the_validator
def test_the_reference_validator_finds_nothing_that_is_not_listed(tmp_path: Path) -> None:
    for source in SOURCES:
        for name, body in bundles(source).items():
            (tmp_path / f"{source}.{name}.json").write_bytes(body)
    found = [(Path(row["file"]).name, place(row["path"]), row["rule"], row["message"][:200]) for row in errors(tmp_path)]
    assert [each for each in found if not is_listed("validator", *each[1:])] == []
