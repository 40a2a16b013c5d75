"""An order of a medicine: what, how much, how often and how; never more certain than it was sent, and always for a check."""

from typing import Any

import pytest

from shared.mapping.guide import Converted
from tests.shared.mapping.converting import PID, converted, only, resources, rules

ORM = "ORM^O01^ORM_O01"
ORC = "ORC|NW|P1^PAS|||||^BID^D10^^^R||20260115090000|||G1^Llwyd^Sian"
RXO = "RXO|27658006^Amoxicillin^SCT|250|500|mg^milligram^UCUM|CAP^Capsule^L|Dispense as written|With^With food^L||G"
RXR = "RXR|PO^Oral^HL70162|MOUTH^Mouth^L||CH^Chew^HL70165"


def ordered(*segments: str) -> Converted:
    return converted(PID, *segments, kind=ORM)


def request(*segments: str) -> Any:
    return only(ordered(*segments), "MedicationRequest")


def test_an_order_of_a_medicine() -> None:
    found = ordered(ORC, RXO + "||21|TAB^tablet^L|2|G2^Prys^Mair", RXR, "NTE|1||Soon")
    made, medicine = only(found, "MedicationRequest"), only(found, "Medication")
    assert (made["status"], made["intent"], made["priority"]) == ("active", "order", "routine")
    assert made["subject"]["type"] == "Patient"
    assert made["identifier"][0]["value"] == "P1"
    assert made["authoredOn"] == "2026-01-15T09:00:00+00:00"
    assert made["medicationReference"]["reference"].endswith(medicine["id"])
    assert (medicine["code"]["coding"][0]["code"], medicine["form"]["coding"][0]["code"]) == ("27658006", "CAP")
    assert made["substitution"]["allowedCodeableConcept"]["coding"][0]["code"] == "G"
    assert (made["dispenseRequest"]["quantity"]["unit"], made["dispenseRequest"]["numberOfRepeatsAllowed"]) == ("tablet", 2)
    assert [each["text"] for each in made["note"]] == ["Dispense as written", "Soon"]
    requesters = [each for each in resources(found, "Practitioner") if made["requester"]["reference"].endswith(each["id"])]
    assert requesters[0]["name"][0]["family"] == "Prys"


def test_the_dosage() -> None:
    (dosage,) = request(ORC, RXO, RXR)["dosageInstruction"]
    (dose,) = dosage["doseAndRate"]
    assert [float(dose["doseRange"][end]["value"]) for end in ("low", "high")] == [250, 500]
    assert dose["type"]["coding"][0]["code"] == "ordered"
    assert dosage["timing"]["code"]["text"] == "BID"
    assert dosage["timing"]["repeat"]["boundsDuration"]["code"] == "d"
    assert dosage["additionalInstruction"][0]["coding"][0]["display"] == "With food"
    assert [dosage[name]["coding"][0]["code"] for name in ("route", "site", "method")] == ["PO", "MOUTH", "CH"]


def test_one_amount_is_that_amount_and_not_at_least_it() -> None:
    (dose,) = request(ORC, RXO.replace("|500|", "||"))["dosageInstruction"][0]["doseAndRate"]
    assert float(dose["doseQuantity"]["value"]) == 250
    assert dose["doseQuantity"]["code"] == "mg"
    assert "doseRange" not in dose


def test_a_highest_dose_below_the_lowest_is_no_dose() -> None:
    found = ordered(ORC, RXO.replace("|500|", "|50|"))
    assert "doseAndRate" not in only(found, "MedicationRequest")["dosageInstruction"][0]
    assert ("value-not-mapped", "RXO-3") in rules(found)


def test_strength_daily_dose_rate_and_indication() -> None:
    rxo = f"RXO|A^Amoxicillin^L|5{'|' * 16}125|mg^^UCUM|R05^Cough^I10|10|mL/h^^UCUM|3^g^UCUM||5|mL^^UCUM"
    found = ordered(ORC, rxo)
    strength = only(found, "Medication")["ingredient"][0]["strength"]
    assert {end: (float(each["value"]), each["code"]) for end, each in strength.items()} == {
        "numerator": (125, "mg"),
        "denominator": (5, "mL"),
    }
    made = only(found, "MedicationRequest")
    assert made["reasonCode"][0]["coding"][0]["code"] == "R05"
    (dosage,) = made["dosageInstruction"]
    assert dosage["doseAndRate"][0]["rateQuantity"]["code"] == "mL/h"
    assert float(dosage["maxDosePerPeriod"]["numerator"]["value"]) == 3
    assert (dosage["maxDosePerPeriod"]["denominator"]["value"], dosage["maxDosePerPeriod"]["denominator"]["code"]) == (1, "d")


@pytest.mark.parametrize(
    ("control", "status", "expected"),
    [
        ("", "", "unknown"),
        ("RE", "", "unknown"),
        ("NW", "", "active"),
        ("NW", "HD", "on-hold"),
        ("NW", "CM", "completed"),
        ("CA", "", "active"),
        ("OC", "", "cancelled"),
        ("NW", "CA", "cancelled"),
        ("NW", "DC", "stopped"),
        ("OD", "IP", "stopped"),
        ("NW", "ER", "entered-in-error"),
    ],
)
def test_the_status_is_what_the_order_says(control: str, status: str, expected: str) -> None:
    assert request(f"ORC|{control}|P1|||{status}", RXO)["status"] == expected


def test_every_order_of_a_medicine_asks_for_a_check() -> None:
    assert ("medicine-order", "RXO") in rules(ordered(ORC, RXO))


def test_a_component_and_a_second_route_are_named() -> None:
    found = ordered(ORC, RXO, "RXR|PO", "RXR|IV", "RXC|B|X^Syrup^L|5|mL")
    assert {("second-value", "RXR[2]"), ("component-not-mapped", "RXC")} <= rules(found)
    assert only(found, "MedicationRequest")["dosageInstruction"][0]["route"]["coding"][0]["code"] == "PO"


def test_timing_reason_and_observation_of_a_prescription() -> None:
    found = ordered(ORC, RXO, "TQ1|1||TID||||||S", "DG1|1||R05^Cough^I10", "OBX|1|NM|W^Weight^L||70|kg|||||F")
    made = only(found, "MedicationRequest")
    assert made["dosageInstruction"][0]["timing"]["code"]["text"] == "BID"  # ORC-7 came first, and stays
    assert made["reasonReference"][0]["type"] == "Condition"
    assert made["supportingInformation"][0]["type"] == "Observation"


def test_a_timing_before_the_medicine_waits_for_it() -> None:
    found = ordered("ORC|NW|P1", "TQ1|1||TID||||||S", RXO)
    made = only(found, "MedicationRequest")
    assert (made["priority"], made["dosageInstruction"][0]["timing"]["code"]["text"]) == ("stat", "TID")
    assert not resources(found, "ServiceRequest")


def test_a_prescription_and_a_service_in_one_message() -> None:
    found = ordered(ORC, RXO, "ORC|NW|P2", "OBR|1|P2||CRP^Test^L", "NTE|1||Fasting")
    assert only(found, "ServiceRequest")["note"] == [{"text": "Fasting"}]
    assert "Fasting" not in str(only(found, "MedicationRequest"))


def test_a_prescription_is_of_its_own_patient() -> None:
    found = ordered(ORC, RXO, "PID|2||L2^^^154^PI||Dau^Dafydd||19800202|M", "NTE|1||x", "RXR|PO")
    first, _ = resources(found, "Patient")
    made = only(found, "MedicationRequest")
    assert made["subject"]["reference"].endswith(first["id"])
    assert "route" not in made["dosageInstruction"][0]


def test_who_takes_part_in_a_prescription() -> None:
    prts = ["PRT|1|AD||OP|G3^Rees^Non", "PRT|2|AD||DP|G4^Pugh^Bob", "PRT|3|AD||DP|G5^Parry^Eos"]
    found = ordered("ORC|NW|P1", *prts, RXO)
    made = only(found, "MedicationRequest")
    assert {made["requester"]["type"], made["performer"]["type"]} == {"PractitionerRole"}
    assert ("second-value", "PRT[3]-5") in rules(found)


@pytest.mark.parametrize(
    ("low", "high", "dose", "is_named"),
    [
        ("", "500", {"high": 500}, False),
        ("250", "500", {"low": 250, "high": 500}, False),
        ("500", "500", {"low": 500, "high": 500}, False),
        ("501", "500", {}, True),
    ],
)
def test_a_range_of_doses_is_written_where_it_is_one(low: str, high: str, dose: dict[str, int], is_named: bool) -> None:
    found = ordered(ORC, f"RXO|A^Amoxicillin^L|{low}|{high}|mg^^UCUM")
    (rate,) = only(found, "MedicationRequest")["dosageInstruction"][0].get("doseAndRate", [{}])
    assert {name: int(each["value"]) for name, each in rate.get("doseRange", {}).items()} == dose
    assert (("value-not-mapped", "RXO-3") in rules(found)) == is_named


@pytest.mark.parametrize(("more", "family"), [("", "Llwyd"), ("|||||||G2^Prys^Mair", "Prys")], ids=["ORC-12", "RXO-14"])
def test_who_requests_a_medicine_is_its_own_provider_or_that_of_the_order(more: str, family: str) -> None:
    found = ordered(ORC, "RXO|A^Amoxicillin^L|250||mg^^UCUM|||" + more)
    made = only(found, "MedicationRequest")
    requesters = [each for each in resources(found, "Practitioner") if made["requester"]["reference"].endswith(each["id"])]
    assert [each["name"][0]["family"] for each in requesters] == [family]
