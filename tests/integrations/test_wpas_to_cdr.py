"""WPAS to the Clinical Data Repository: what a patient's record gets, what it keeps, and what a transfer becomes."""

from typing import Any

import orjson
import pytest

from integrations import load
from shared import check
from shared.envelope import Envelope
from toolkit.samples import RECEIVED_AT, samples

INTEGRATION = load("wpas-to-cdr")
BODIES = {each.name: each.body for each in samples(INTEGRATION)}
PAS_NUMBER = "https://fhir.sbuhb.nhs.wales/Id/pas-identifier"
EXTENSION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"


def entries(name: str, kind: str) -> list[dict[str, Any]]:
    envelope = Envelope(integration="wpas-to-cdr", body=BODIES[name], received_at=RECEIVED_AT)
    (outgoing,) = check.run(INTEGRATION, envelope).outgoing
    return [each for each in orjson.loads(outgoing.body)["entry"] if each["resource"]["resourceType"] == kind]


def patient(name: str) -> dict[str, Any]:
    found: dict[str, Any] = entries(name, "Patient")[0]["resource"]
    return found


def extensions(resource: dict[str, Any]) -> dict[str, Any]:
    return {each["url"].removeprefix(EXTENSION): each for each in resource.get("extension", ())}


@pytest.mark.parametrize(
    ("sample", "url"),
    [
        ("mpi_registration", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990071012"),
        ("mpi_few_elements", f"Patient?identifier={PAS_NUMBER}|W100002"),
    ],
)
def test_a_patient_is_merged_into_the_record_that_a_number_finds(sample: str, url: str) -> None:
    assert entries(sample, "Patient")[0]["request"] == {"method": "PUT", "url": url}


def test_a_null_of_wpas_removes_nothing_and_revives_nobody() -> None:
    (entry,) = entries("mpi_nulls_as_wpas_writes_them", "Patient")
    assert "extension" not in entry
    assert not {"deceasedBoolean", "deceasedDateTime", "maritalStatus", "communication"} & entry["resource"].keys()


def test_only_a_withdrawn_death_revives() -> None:
    assert patient("mpa_date_of_death")["deceasedDateTime"] == "2026-04-29"
    assert patient("mpa_death_withdrawn")["deceasedBoolean"] is False


def test_a_new_number_links_the_records_and_the_old_one_keeps_its_own_number_alone() -> None:
    survivor, gone = (each["resource"] for each in entries("mpr_new_number", "Patient"))
    assert {each["value"] for each in survivor["identifier"]} == {"9990071012", "W100009"}
    assert [each["value"] for each in gone["identifier"]] == ["W100001"]
    assert gone["active"] is False
    assert gone["link"][0]["other"]["reference"] == f"urn:uuid:{survivor['id']}"
    assert "BirthSex" not in extensions(gone)


@pytest.mark.parametrize(
    ("sample", "sex", "gender"),
    [("mpi_registration", "F", "female"), ("mpi_sex_indeterminate", "UN", "other"), ("mpa_change", "", "unknown")],
)
def test_sex_is_that_of_the_patient_and_at_birth(sample: str, sex: str, gender: str) -> None:
    found = patient(sample)
    assert (extensions(found).get("BirthSex", {}).get("valueCode", ""), found["gender"]) == (sex, gender)


def test_codes_are_those_of_wales() -> None:
    found = extensions(patient("mpi_registration"))
    assert found["EthnicCategory"]["valueCodeableConcept"]["coding"][0]["code"] == "A"
    assert "EthnicCategory" not in extensions(patient("mpi_sex_indeterminate"))
    assert patient("mpi_utf_16_comment_before_root")["name"][0]["prefix"] == ["Ms"]


def test_a_protected_record_has_its_label() -> None:
    labels = {name: patient(name)["meta"].get("security", []) for name in ("mpi_registration", "mpa_change")}
    assert [[each["code"] for each in found] for found in labels.values()] == [[], ["R"]]


def test_a_transfer_is_the_encounter_of_its_visit() -> None:
    (entry,) = entries("ipt_transfer", "Encounter")
    made = entry["resource"]
    assert entry["request"]["url"].endswith("|V600001")
    assert (made["status"], made["class"]["code"], made["period"]["start"]) == ("in-progress", "IMP", "2026-04-28T09:30:00+01:00")
    assert extensions(made)["AdmissionMethod"]["valueCodeableConcept"]["coding"][0]["code"] == "21"
    assert made["hospitalization"]["admitSource"]["coding"][0]["code"] == "19"
    assert "reasonCode" not in made


def test_a_discharge_has_its_method_and_destination() -> None:
    made = entries("ipt_discharged", "Encounter")[0]["resource"]
    assert extensions(made)["DischargeMethod"]["valueCodeableConcept"]["coding"][0]["code"] == "1"
    assert made["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "19"
    assert made["period"]["end"] == "2026-05-01T08:15:00+01:00"
