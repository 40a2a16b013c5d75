"""Immunization -> ORC, RXA, RXR."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import identifier_ei, type_code
from shared.mapping.back.segments.visit import location_pl
from shared.mapping.back.values import code_of, concept_cwe, date_time_dtm, number, quantity_unit
from shared.mapping.back.writing import Writing
from shared.mapping.tables import BODY_PARTS, COMPLETION_STATUS, ROUTE


def immunization_rxa(write: Writing, immunization: Resource) -> Segment:
    """Immunization -> RXA. Source: guide, RXA[Immunization] read backwards."""
    maker = write.resolve(immunization.get("manufacturer", {}))
    dose = immunization.get("doseQuantity", {})
    when = date_time_dtm(immunization.get("occurrenceDateTime", ""))
    deleted = immunization.get("status") == "entered-in-error"
    return write.segment(
        "RXA",
        {
            "1": "0",
            "2": "1",
            "3": when,
            "4": when,
            "5": concept_cwe(immunization.get("vaccineCode", {})),
            "6": number(dose.get("value")) or "999",
            "7": quantity_unit(dose) if dose else "",
            "10": [write.practitioner(each["actor"]) for each in immunization.get("performer", []) if _function(each) != "OP"],
            "11": location_pl(write, write.resolve(immunization.get("location", {}))),
            "15": immunization.get("lotNumber", ""),
            "16": date_time_dtm(immunization.get("expirationDate", "")),
            "17": _coded_organization(maker),
            "18": concept_cwe(immunization.get("statusReason", {})),
            "19": [concept_cwe(each) for each in immunization.get("reasonCode", [])],
            "20": "" if deleted else code_of(immunization, "status", COMPLETION_STATUS),
            "21": "D" if deleted else "A",
            "22": date_time_dtm(immunization.get("recorded", "")),
        },
    )


def _coded_organization(organization: Resource) -> Value:
    number_ = organization.get("identifier", [{}])[0].get("value", "")
    return (number_, organization.get("name", ""))


def _function(performer: Element) -> str:
    return next((each.get("code", "") for each in performer.get("function", {}).get("coding", ())), "")


def ordering_provider(write: Writing, immunization: Resource) -> Value:
    """ORC-12: the person who ordered the vaccination."""
    return [write.practitioner(each["actor"]) for each in immunization.get("performer", []) if _function(each) == "OP"]


def immunization_orc(write: Writing, immunization: Resource) -> Segment:
    """Immunization -> ORC. Source: guide, ORC[Immunization] read backwards."""
    numbers = immunization.get("identifier", [])
    placer = [each for each in numbers if type_code(each) == "PLAC"]
    filler = [each for each in numbers if type_code(each) != "PLAC"]
    return write.segment(
        "ORC",
        {
            "1": "RE",
            "2": identifier_ei(placer[0]) if placer else "",
            "3": identifier_ei(filler[0]) if filler else "",
            "12": ordering_provider(write, immunization),
        },
    )


def immunization_rxr(write: Writing, immunization: Resource) -> list[Segment]:
    """Immunization -> RXR, if it has a route or a site. Source: inverse of guide, RXR[Immunization]."""
    route, site = immunization.get("route", {}), immunization.get("site", {})
    if not route and not site:
        return []
    return [write.segment("RXR", {"1": concept_cwe(route, ROUTE), "2": concept_cwe(site, BODY_PARTS)})]
