"""FHIR to HL7 v2: what PID, PD1 and MRG take from other resources of the bundle, exact, and what they leave alone."""

from typing import Any

import pytest

from shared.mapping.back.segments import people
from shared.mapping.back.writing import Writing

Json = dict[str, Any]
PATIENT: Json = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "P1"}], "name": [{"family": "Jones"}]}
OTHER: Json = {
    "resourceType": "Patient",
    "id": "o",
    "identifier": [{"value": "O1"}, {"value": "O2"}],
    "name": [{"family": "Old"}],
}


def writing(*resources: Json) -> tuple[Writing, Json]:
    """A conversion whose first resource is the patient of the message."""
    write = Writing({"resourceType": "Bundle", "entry": [{"resource": each} for each in (PATIENT, *resources)]})
    patient = write.resources[0]
    write.subject["Patient"] = patient
    return write, patient


def account(number: str, *subjects: str) -> Json:
    subject = [{"reference": each} for each in subjects]
    return {"resourceType": "Account", "identifier": [{"value": number}], **({"subject": subject} if subject else {})}


def update(at: str = "2024-05-01T10:00:00Z", code: str = "UPDATE", who: str = "Organization/u") -> Json:
    agent = [{"who": {"reference": who}}]
    return {
        "resourceType": "Provenance",
        "activity": {"coding": [{"code": "other"}, {"code": code}]},
        "agent": agent,
        **({"occurredDateTime": at} if at else {}),
    }


FACILITY: Json = {"resourceType": "Organization", "id": "u", "name": "Updater"}
NAMELESS: Json = {"resourceType": "Organization", "id": "n"}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([update()], ("20240501100000+0000", "Updater")),
        ([update(code="CREATE"), update("2024-06-01")], ("20240601", "Updater")),
        ([update(at=""), update("2024-06-01")], ("20240601", "Updater")),
        ([update("2024-06-01", who="Organization/n")], ("20240601", "")),
        ([update("2024-06-01", who="Organization/absent")], ("20240601", "")),
        ([update(code="CREATE")], ("", "")),
        ([update(at="")], ("", "")),
        ([], ("", "")),
    ],
)
def test_the_last_update_of_the_patient_is_pid_33_and_34(sources: list[Json], expected: tuple[str, str]) -> None:
    write, _ = writing(*sources, FACILITY, NAMELESS)
    found = people._last_update(write)
    assert (str(found.get("33", "")), found.get("34", "")) == expected


@pytest.mark.parametrize(
    ("accounts", "number"),
    [
        ([account("A1", "Patient/p")], "A1"),
        ([account("A1", "Patient/o"), account("A2", "Patient/o", "Patient/p")], "A2"),
        ([account("A1", "Patient/o")], ""),
        ([account("A1")], ""),
        ([], ""),
    ],
)
def test_the_account_of_the_patient_is_the_one_that_refers_to_it(accounts: list[Json], number: str) -> None:
    write, _ = writing(OTHER, *accounts)
    found = people._account(write)
    assert (found[0] if found else "") == number


@pytest.mark.parametrize(
    ("accounts", "number"),
    [
        ([account("A1", "Patient/o")], "A1"),
        ([account("A1", "Patient/p"), account("A2", "Patient/o")], "A2"),
        ([account("A1")], "A1"),
        ([account("A1", "Patient/p")], ""),
        ([], ""),
    ],
)
def test_a_replaced_patient_is_a_merge_segment(accounts: list[Json], number: str) -> None:
    write, _ = writing(OTHER, *accounts)
    mrg = people.patient_mrg(write, write.resources[1])
    assert ([each["1"] for each in mrg.repeats("1")], mrg["3.1"], mrg["7.1"]) == (["O1", "O2"], number, "Old")


def living_will(code: str = "75320-2", value: str = "valueCodeableConcept") -> Json:
    answer: Any = {"coding": [{"code": "Y"}]} if value == "valueCodeableConcept" else "yes"
    return {"resourceType": "Observation", "code": {"coding": [{"code": "x"}, {"code": code}]}, value: answer}


@pytest.mark.parametrize(
    ("observation", "expected"),
    [(living_will(), "Y"), (living_will(code="75320-1"), ""), (living_will(value="valueString"), "")],
)
def test_a_living_will_is_pd1_7(observation: Json, expected: str) -> None:
    write, patient = writing(observation)
    segments = people.patient_pd1(write, patient)
    assert [each["7"] for each in segments] == ([expected] if expected else [])


def test_each_field_of_pd1_has_its_source() -> None:
    practitioner = {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "D1"}], "name": [{"family": "Doctor"}]}
    practice = {"resourceType": "Organization", "id": "s", "identifier": [{"value": "S1"}], "name": "Surgery"}
    write, patient = writing(practitioner, practice, living_will())
    patient["generalPractitioner"] = [{"reference": "Organization/s"}, {"reference": "Practitioner/d"}]
    extension = people.HL7
    patient["extension"] = [
        {"url": extension + "patient-disability", "valueCodeableConcept": {"coding": [{"code": "DIS"}]}},
        {"url": extension + "patient-congregation", "valueString": "Congregation"},
    ]
    (pd1,) = people.patient_pd1(write, patient)
    assert (pd1["3.1"], pd1["4.1"], pd1["4.2"]) == ("Surgery", "D1", "Doctor")
    assert (pd1["6.1"], pd1["7"], pd1["14"]) == ("DIS", "Y", "Congregation")
    assert [each for each in range(1, 22) if pd1[str(each)]] == [3, 4, 6, 7, 14]
