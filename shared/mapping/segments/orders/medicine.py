"""RXO, RXR: an order of a medicine. Values that the guide leaves open are from the order's ORC, with an issue to check them."""

from typing import Any

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.timing import tq_timing
from shared.mapping.datatypes.value import cq_quantity, cwe_unit, measured, nm_decimal
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.orders.order import (
    authored,
    group_numbers,
    order_identifiers,
    order_status,
    other_identifiers,
    requester,
)
from shared.mapping.segments.orders.timing import timing_notes, tq_priority, tq_quantity
from shared.mapping.tables import BODY_PARTS, CONFIDENTIALITY, ROUTE, V2_SYSTEM
from shared.mapping.texts import text_at

DOSE_TYPE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/dose-rate-type", "code": "ordered"}]}
SUBSTITUTION = ("G", "N", "T")  # HL7 table 0161
STOPPED = ("DC", "RP", "OD", "DR", "DF")  # ORC-5 or ORC-1 of an order that was under way; any other end is a cancellation


def rxo_medication_request(read: Reading, orc: Segment, rxo: Segment) -> Resource:
    """ORC and RXO -> MedicationRequest. Source: guide, RXO[MedicationRequest], TQ[MedicationRequest].

    The guide gives it neither status nor subject: both are what ORC and PID say, the status unknown where they say none.
    """
    text = "an order of a medicine, for which the guide leaves status and dose open: have a clinician check it"
    read.note(code="informational", where=rxo.where(), text=text, rule="medicine-order")
    groups, obr = group_numbers(read, orc), read.none("OBR")
    return resource(
        "MedicationRequest",
        id=read.id(rxo),
        meta=element(security=[read.coding(orc, "28", CONFIDENTIALITY)]),
        identifier=[*order_identifiers(read, orc, obr), *groups[1:], *other_identifiers(read, orc, obr)],
        status=_status(read, orc),
        statusReason=read.concept(orc, "16"),
        intent="order",
        priority=tq_priority(read, orc, "7.6"),
        medicationReference=read.keep(_medication(read, rxo)),
        subject=read.patient or UNKNOWN,
        encounter=read.encounter,
        authoredOn=authored(read, orc),
        requester=read.practitioner(rxo, "14") or requester(read, orc, obr),
        reasonCode=read.concepts(rxo, "20"),
        groupIdentifier=groups[0] if groups else {},
        note=[*timing_notes(read, orc, obr), *({"text": words} for words in _instructions(rxo))],
        dosageInstruction=[_dosage(read, orc, rxo)],
        dispenseRequest=element(
            quantity=_amount(read, rxo, "11", "12"),
            numberOfRepeatsAllowed=read.number(rxo, "13", _unsigned),
        ),
        substitution=_substitution(read, rxo),
    )


def _status(read: Reading, orc: Segment) -> str:
    """That of the order, in the words that MedicationRequest has: what ends is stopped where it was under way, else cancelled."""
    status = order_status(read, orc)
    if status != "revoked":
        return status
    return "stopped" if text_at(orc, "5") in STOPPED or text_at(orc, "1") in STOPPED else "cancelled"


def _medication(read: Reading, rxo: Segment) -> Resource:
    """RXO-1, 5, 18, 19, 25, 26 -> Medication: what it is, its form, its strength."""
    code = read.concept(rxo, "1")
    strength = _strength(read, rxo)
    return resource(
        "Medication",
        id=read.id(rxo, "/Medication"),
        code=code or UNKNOWN,
        form=read.concept(rxo, "5"),
        ingredient=[{"itemCodeableConcept": code or UNKNOWN, "strength": strength}] if strength else [],
    )


def _strength(read: Reading, rxo: Segment) -> Element:
    """RXO-18 in so much of RXO-25; FHIR demands both (rat-1), so one that was not sent is marked unknown."""
    numerator, denominator = _amount(read, rxo, "18", "19"), _amount(read, rxo, "25", "26")
    return {"numerator": numerator or UNKNOWN, "denominator": denominator or UNKNOWN} if numerator or denominator else {}


def _amount(read: Reading, rxo: Segment, number: str, units: str) -> Element:
    amount = read.number(rxo, number, nm_decimal)
    return {} if amount is None else measured({"value": amount}, cwe_unit(rxo.first(units)) if rxo.holds(units) else {})


def _dosage(read: Reading, orc: Segment, rxo: Segment) -> Element:
    daily = read.first(rxo, "23", cq_quantity)
    per_day = {"value": 1, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    return element(
        additionalInstruction=read.concepts(rxo, "7"),
        timing=read.first(orc, "7", tq_timing),
        doseAndRate=[_dose(read, orc, rxo)],
        maxDosePerPeriod={"numerator": daily, "denominator": per_day} if daily else {},
    )


def _dose(read: Reading, orc: Segment, rxo: Segment) -> Element:
    """RXO-2 to 4: a range if a maximum was sent. A single amount is exact, not a minimum as in the guide."""
    low, high = _amount(read, rxo, "2", "4"), _amount(read, rxo, "3", "4")
    rate = _amount(read, rxo, "21", "22")
    dose: dict[str, Any] = {"doseQuantity": low or tq_quantity(read, orc, read.none("OBR"))}
    if high:
        dose = {"doseRange": element(low=low, high=high)}
    if low and high and low["value"] > high["value"]:
        read.note(
            code="value",
            where=rxo.where("3"),
            text="a highest dose below the lowest: neither is written",
            rule="value-not-mapped",
            severity="error",
        )
        dose = {}
    return element(type=DOSE_TYPE if low and dose else {}, **dose, rateQuantity=rate)


def _unsigned(text: str) -> int:
    """ValueError: not a number of refills."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError("not a whole number")
    return int(text)


def _substitution(read: Reading, rxo: Segment) -> Element:
    """RXO-9 -> whether another product may be given; FHIR's default is not ours to say."""
    code = text_at(rxo, "9")
    if not code:
        return {}
    known = {"coding": [{"system": V2_SYSTEM + "0161", "code": code}]}
    if code not in SUBSTITUTION:
        read.note(
            code="code-invalid",
            where=rxo.where("9"),
            text="a code that is not in HL7 table 0161: kept as text",
            rule="code-kept-as-text",
        )
    return {"allowedCodeableConcept": known if code in SUBSTITUTION else {"text": code}}


def _instructions(rxo: Segment) -> list[str]:
    """RXO-6, for the pharmacy: the guide maps it nowhere, a note keeps it."""
    return [words for cwe in rxo.repeats("6") if (words := text_at(cwe, "9") or text_at(cwe, "2") or text_at(cwe, "1"))]


def rxr_dosage(read: Reading, rxr: Segment) -> Element:
    """RXR -> route, site and method of a dosage."""
    return element(site=read.concept(rxr, "2", BODY_PARTS), route=read.concept(rxr, "1", ROUTE), method=read.concept(rxr, "4"))
