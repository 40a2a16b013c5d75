"""Encounter -> PV1, PV2, ROL."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Component, Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import identifier_cx
from shared.mapping.back.reading import only_first
from shared.mapping.back.values import code_of, coding_cwe, concept_cwe, date_time_dtm, extension_value, number
from shared.mapping.back.writing import Writing
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.administration.visit import NO_CLASS
from shared.mapping.tables import (
    ADMISSION_TYPE,
    AMBULATORY_STATUS,
    BED_STATUS,
    ENCOUNTER_CLASS,
    ENCOUNTER_PRIORITY,
    HOSPITAL_SERVICE,
    MODE_OF_ARRIVAL,
    READMISSION,
)

PARTICIPANT_FIELD = {"ATND": "7", "REF": "8", "CON": "9", "ADM": "17", "PART": "52"}
PENDING = "PV2-1"  # where the patient is expected to go next
LEVEL = {"bd": 2, "ro": 1, "lvl": 7, "bu": 6, "si": 3}


def encounter_pv1(write: Writing, encounter: Resource) -> Segment:
    """Encounter -> PV1. Source: guide, PV1[Encounter] read backwards."""
    stay = encounter.get("hospitalization", {})
    period = encounter.get("period", {})
    numbers = encounter.get("identifier", [])
    visit = [each for each in numbers if _is_visit(each)] or numbers[:1]
    kind = encounter.get("class", {})
    values: dict[str, Value] = {
        "1": write.count("PV1"),
        "2": coding_cwe(kind, ENCOUNTER_CLASS)[0] if kind and kind != NO_CLASS else "",
        "4": [concept_cwe(each, ADMISSION_TYPE) for each in only_first(encounter.get("type", []))],
        "5": identifier_cx(stay.get("preAdmissionIdentifier", {})),
        "10": concept_cwe(encounter.get("serviceType", {}), HOSPITAL_SERVICE),
        "13": concept_cwe(stay.get("reAdmission", {}), READMISSION),
        "14": concept_cwe(stay.get("admitSource", {})),
        "15": [concept_cwe(each, AMBULATORY_STATUS) for each in stay.get("specialArrangement", [])],
        "16": [concept_cwe(each) for each in only_first(stay.get("specialCourtesy", []))],
        "19": [identifier_cx({**each, "type": {}}) for each in visit],  # the field implies the type visit number
        "20": _financial_class(write),
        "36": concept_cwe(stay.get("dischargeDisposition", {})),
        "37": write.resolve(stay.get("destination", {})).get("name", ""),
        "38": [concept_cwe(each) for each in only_first(stay.get("dietPreference", []))],
        "44": date_time_dtm(period.get("start", "")),
        "45": date_time_dtm(period.get("end", "")),
        "50": [identifier_cx(each) for each in numbers if each not in visit],
        **_participants(write, encounter),
        **_places(write, encounter),
    }
    return write.segment("PV1", values)


def _is_visit(identifier: Element) -> bool:
    return any(each.get("code") == "VN" for each in identifier.get("type", {}).get("coding", ()))


def _financial_class(write: Writing) -> Value:
    """A Coverage without a payor is from PV1-20."""
    for each in write.all("Coverage"):
        if not each.get("payor", [{}])[0].get("reference"):
            return concept_cwe(write.take(each).get("type", {}))
    return ""


def _participants(write: Writing, encounter: Resource) -> dict[str, Value]:
    found: dict[str, list[Value]] = {}
    for each in encounter.get("participant", []):
        codes = [coding.get("code") for kind in each.get("type", []) for coding in kind.get("coding", ())]
        field = next((PARTICIPANT_FIELD[code] for code in codes if code in PARTICIPANT_FIELD), "")
        if field and write.resolve(each.get("individual", {})).get("resourceType") != "PractitionerRole":
            found.setdefault(field, []).append(write.practitioner(each.get("individual", {})))
    return dict(found)


def _places(write: Writing, encounter: Resource) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for field, each in _by_field(encounter).items():
        if field != PENDING:
            place = write.resolve(each.get("location", {}))
            found[field] = location_pl(write, place)
            if field == "3" and place.get("operationalStatus"):
                found["40"] = code_of(place["operationalStatus"], "code", BED_STATUS)
    return found


def _by_field(encounter: Resource) -> dict[str, Element]:
    """The locations by field of PV1: now, or planned for a planned visit, in 3; before in 6, temporary in 11, reserved in 42.

    What is planned besides is PV2-1. A second one for the same field finds none.
    """
    found: dict[str, Element] = {}
    for each in encounter.get("location", []):
        status, is_planned = each.get("status", "active"), encounter.get("status") == "planned"
        if _is_temporary(each):
            field = "11"
        elif status == "planned" and ("3" in found or not is_planned):
            field = PENDING
        else:
            field = {"completed": "6", "reserved": "42"}.get(status, "3" if "3" not in found else "11")
        found.setdefault(field, each)
    return found


def _is_temporary(place: Element) -> bool:
    kind = extension_value(place, HL7 + "subject-locationClassification")
    return isinstance(kind, dict) and any(each.get("code") == "temporary" for each in kind.get("coding", ()))


def location_pl(write: Writing, place: Resource) -> Value:
    """PL from a Location and the Locations that it is part of."""
    parts: list[Component] = [""] * 9
    seen = 0
    while place and seen < 9:
        codes = [each.get("code") for each in place.get("physicalType", {}).get("coding", ())]
        at = LEVEL.get(codes[0], 0) if codes else 0
        identifier = place.get("identifier", [{}])[0]
        parts[at] = identifier.get("value") or place.get("name", "")
        parts[8] = parts[8] or place.get("description", "")
        place, seen = write.resolve(place.get("partOf", {})), seen + 1
    return tuple(parts)


def encounter_pv2(write: Writing, encounter: Resource) -> list[Segment]:
    """Encounter -> PV2, if it has a value for one of its fields. Source: inverse of guide, PV2[Encounter]."""
    arrival = extension_value(encounter, HL7 + "encounter-modeOfArrival")
    restricted = any(each.get("code") == "R" for each in encounter.get("meta", {}).get("security", ()))
    pending = _by_field(encounter).get(PENDING, {}).get("location", {})
    values: dict[str, Value] = {
        "1": location_pl(write, write.resolve(pending)) if pending else "",
        "3": [concept_cwe(each) for each in only_first(encounter.get("reasonCode", []))],
        "11": number(encounter.get("length", {}).get("value")),
        "22": "Y" if restricted else "",
        "25": concept_cwe(encounter.get("priority", {}), ENCOUNTER_PRIORITY),
        "38": coding_cwe(arrival, MODE_OF_ARRIVAL) if isinstance(arrival, dict) else "",
    }
    return (
        [write.segment("PV2", values)] if any(any(each) if isinstance(each, tuple) else each for each in values.values()) else []
    )
