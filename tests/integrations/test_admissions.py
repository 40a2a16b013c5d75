"""Admissions to the Clinical Data Repository: what is merged, what is deleted, and what a merge of patients leaves."""

from typing import Any

from integrations import load
from integrations.pas_adt_to_cdr.mapping import to_transaction
from shared.hl7 import parse
from toolkit.samples import samples

INTEGRATION = load("pas-adt-to-cdr")
BODIES = {each.name: each.body for each in samples(INTEGRATION)}
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"


def entries(name: str, kind: str) -> list[dict[str, Any]]:
    bundle = to_transaction(parse(BODIES[name]))
    return [each for each in bundle["entry"] if each["resource"]["resourceType"] == kind]


def test_an_admission_is_merged_into_the_patient_that_the_nhs_number_names() -> None:
    (patient,) = entries("a01_admission", "Patient")
    assert patient["request"] == {"method": "PUT", "url": f"Patient?identifier={NHS_NUMBER}|9991000011"}
    assert "extension" not in patient


def test_nulls_name_the_elements_that_go() -> None:
    (patient,) = entries("a08_nulls", "Patient")
    assert {each["valueString"] for each in patient["extension"]} == {"telecom", "deceased", "maritalStatus"}
    assert not {"telecom", "maritalStatus"} & patient["resource"].keys()


def test_a_merge_links_both_patients_and_the_one_that_goes_keeps_only_its_own_number() -> None:
    survivor, gone = (each["resource"] for each in entries("a40_merge", "Patient"))
    assert survivor["active"] is True
    assert survivor["link"] == [{"other": {"reference": f"urn:uuid:{gone['id']}", "type": "Patient"}, "type": "replaces"}]
    assert gone["active"] is False
    assert gone["link"] == [{"other": {"reference": f"urn:uuid:{survivor['id']}", "type": "Patient"}, "type": "replaced-by"}]
    assert [each["value"] for each in gone["identifier"]] == ["S99002"]


def test_an_update_finds_the_allergies_of_the_admission_again() -> None:
    admitted = entries("a01_admission", "AllergyIntolerance")[0]["request"]["url"]
    assert admitted in [each["request"]["url"] for each in entries("a08_update", "AllergyIntolerance")]


def test_beds_of_a_ward_are_places_of_their_own() -> None:
    numbers = [each["resource"]["identifier"][0]["value"] for each in entries("a01_admission", "Location")]
    assert len(numbers) == len(set(numbers))
    assert "7A3C7W12" in numbers
    assert "7A3C7/WARD 12/BAY 2/BED 4" in numbers


def test_language_and_welsh_codes_are_kept() -> None:
    (patient,) = entries("a01_admission", "Patient")
    spoken = patient["resource"]["communication"][0]
    assert spoken["preferred"] is True
    assert {each["code"] for each in spoken["language"]["coding"]} == {"cy"}
    status = {each["system"].rsplit("/", 1)[-1] for each in patient["resource"]["maritalStatus"]["coding"]}
    assert "DataStandardsWales-MaritalStatus" in status
