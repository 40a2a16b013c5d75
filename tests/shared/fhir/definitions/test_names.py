"""Paths are made of names that FHIR has: a property that a sender made up is masked, wherever it stands."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import load, load_all
from shared.check import check as check_message
from shared.fhir import check
from shared.fhir.definitions import tables
from shared.fhir.definitions.names import UNKNOWN, known_name, mask_path, names
from shared.formats.json.schema import SchemaProfile
from tests.canary.canaries import Nest
from toolkit.generate.build_fhir_tables import names as built
from toolkit.samples import accepted

REFERRALS, VACCINATIONS, DOCUMENTS = load("referrals-to-pas"), load("vaccinations-to-cdr"), load("documents-to-cdr")
ODD = ["Jones", "_Jones", "name.Jones", "a b", "[0]", "9990000018", "valueJones", "\x1b[2J", "Patient:Jones", "nameJones", ""]


def test_the_list_is_that_of_the_tables() -> None:
    rows = [json.loads(path.read_bytes()) for path in (tables.FOLDER / "r4").iterdir()]
    assert sorted(names()) == built(rows)
    assert {"birthDate", "valueQuantity", "Patient", "CodeableConcept", "resourceType"} <= names()


@given(st.text())
def test_a_masked_path_holds_only_names(text: str) -> None:
    left = mask_path(text).replace(UNKNOWN, "")
    assert all(
        step.isdigit() or step.removeprefix("_") in names()
        for step in left.replace("[", ".").replace("]", ".").split(".")
        if step
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every object in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if isinstance(value, dict) else []
    return found + [each for key, one in inner for each in places(one, (*path, key))]


def planted(document: Any, path: tuple[Any, ...], name: str, value: Any) -> Any:
    copy = deepcopy(document)
    at = copy
    for step in path:
        at = at[step]
    at[name] = value
    return copy


@pytest.mark.parametrize("value", ["x", {"a": "b"}, [{"a": 1}], None, 5])
@pytest.mark.parametrize(
    "integration", [pytest.param(REFERRALS, marks=pytest.mark.slow), VACCINATIONS, DOCUMENTS], ids=lambda one: one.name
)
def test_a_property_made_up_is_in_no_answer(integration: Any, value: Any) -> None:
    for sample in accepted(integration):
        if sample.body.lstrip()[:1] != b"{":
            continue
        document, nest = json.loads(sample.body), Nest()
        for path in places(document):
            for form in ("{}", "_{}", "value{}", "name.{}", "{} x", "patient[0].{}"):
                body = json.dumps(planted(document, path, form.format(nest.new()), value)).encode()
                envelope = replace(sample.envelope, body=body)
                checked = check_message(integration, envelope)
                reported = [
                    checked.answer.body.decode(),
                    *(f"{i.where} {i.text} {i.rule} {i.clause}" for i in checked.verdict.issues),
                ]
                assert not nest.found_in(" ".join(reported)), path


@pytest.mark.parametrize("odd", ODD)
def test_a_resource_type_made_up_is_masked(odd: str) -> None:
    for resource in (
        {"resourceType": odd},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": odd}}]},
    ):
        issues = check(resource)
        assert issues
        assert all(each.where == mask_path(each.where) for each in issues)


def test_a_known_name_in_the_wrong_place_is_named() -> None:
    assert [i.where for i in check({"resourceType": "Patient", "comparator": "<"})] == ["Patient.comparator"]
    assert known_name("nick") == UNKNOWN


def test_every_schema_closes_its_objects() -> None:
    """What a schema lets through unnamed would reach counters and paths under its sender's own name."""
    profiles = [part for one in load_all() for part in (one.profile, getattr(one.profile, "json", None))]
    schemas = [json.loads(part.path.read_bytes()) for part in profiles if isinstance(part, SchemaProfile)]
    assert schemas
    for schema in schemas:
        for path in places(schema):
            at = schema
            for step in path:
                at = at[step]
            if "properties" in at and path[-1:] != ("properties",):
                assert at.get("additionalProperties") is False or path[-2:-1] in (("then",), ("if",), ("allOf",)), path
