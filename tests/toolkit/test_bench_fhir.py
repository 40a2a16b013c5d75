"""The benchmarks of FHIR and of the cold start say something true: their messages are whole, their output valid."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrations import load
from shared.check import run
from shared.fhir import check
from toolkit.bench import cold, fhir
from toolkit.samples import accepted


def test_the_large_report_becomes_all_its_observations_and_notes() -> None:
    bundle = orjson.loads(fhir.ours(fhir.report(60, notes=True))())
    results = [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "Observation"]
    assert len(results) == 60
    assert all(each["note"] for each in results)
    assert check(bundle) == []


def test_the_admission_is_whole() -> None:
    kinds = {each["resource"]["resourceType"] for each in orjson.loads(fhir.ours(fhir.admission())())["entry"]}
    assert {"Patient", "Encounter", "RelatedPerson", "AllergyIntolerance", "Condition", "Provenance"} <= kinds


def test_a_goal_is_met_or_missed() -> None:
    assert fhir.Goal("x", 10, 10, "x").is_met
    assert not fhir.Goal("x", 9.9, 10, "x").is_met
    assert fhir.Goal("x", 9.9, 10, "x", at_most=True).is_met
    assert not fhir.Goal("x", 10.1, 10, "x", at_most=True).is_met
    assert fhir.Goal("x", 1, 0, "x", at_most=True).is_met, "no goal"


@pytest.mark.parametrize(("name", "sample", "floor"), [(row.integration, row.sample, row.floor) for row in fhir.INWARD])
def test_the_floor_makes_the_same(name: str, sample: str, floor: Callable[[bytes], bytes]) -> None:
    integration = load(name)
    sent = next(each for each in accepted(integration) if each.name == sample)
    made, least = run(integration, sent.envelope).outgoing[0].body, floor(sent.body)
    assert made == least or same_but_for_ids(orjson.loads(made), orjson.loads(least))


def same_but_for_ids(made: dict[str, Any], least: dict[str, Any]) -> bool:
    text = orjson.dumps(made).decode()
    for resource, name in (
        (made, "b"),
        *((each["resource"], each["resource"]["resourceType"][0].lower()) for each in made["entry"]),
    ):
        text = text.replace(resource["id"], name)
    return bool(orjson.loads(text) == least)


@pytest.mark.slow
def test_the_app_imports_neither_an_azure_sdk_nor_fhir_resources() -> None:
    assert cold.too_early() == []


def test_the_cold_start_is_measured_with_cached_bytecode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    cold.imported("import shared.issue", cold.cached(str(tmp_path)))
    assert list(tmp_path.rglob("issue.*.pyc"))
