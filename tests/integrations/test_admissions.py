"""Admissions to the Clinical Data Repository: what is merged, what is deleted, and what a merge of patients leaves."""

from dataclasses import replace
from typing import Any
from unittest import mock

from integrations import load
from integrations.pas_adt_to_cdr.codes import AUTHORITIES, names_of_authorities
from integrations.pas_adt_to_cdr.mapping import to_transaction
from shared.check import run
from shared.envelope import Envelope
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


def test_an_authority_that_a_pas_calls_by_a_name_is_the_national_one() -> None:
    (patient,) = entries("a04_authority_by_name", "Patient")
    assert [each["system"] for each in patient["resource"]["identifier"]] == ["https://fhir.sbuhb.nhs.wales/Id/pas-identifier"]


def test_a_message_waits_for_a_name_that_no_table_has_and_then_is_as_if_it_had_been_known_at_first() -> None:
    waits = Envelope(integration=INTEGRATION.name, body=BODIES["waits_authority_unknown"], received_at="2026-05-01T09:30:00.000Z")
    before = run(INTEGRATION, waits)
    assert before.verdict.accepted
    assert [(issue.rule, issue.where) for issue in before.waits_for] == [("code-unmapped", "PID-3.4")]
    assert not before.outgoing
    with mock.patch.dict(AUTHORITIES.entries, {"NEWPAS": "126"}):
        released = run(INTEGRATION, waits)
    by_number = replace(waits, body=waits.body.replace(b"NEWPAS", b"126"))
    assert released.outgoing
    assert not released.waits_for
    assert released.outgoing[0].body == run(INTEGRATION, by_number).outgoing[0].body


def test_a_name_of_an_authority_matters_only_where_no_number_has_a_national_one() -> None:
    body = BODIES["a40_number_of_another_authority"].replace(b"P1^^^169", b"P1^^^NEWPAS")
    assert list(names_of_authorities(parse(body))) == []
    merged = body.replace(b"MRG|P2^^^169", b"MRG|P2^^^NEWPAS")
    assert list(names_of_authorities(parse(merged))) == [("MRG-1.4", "NEWPAS")]
