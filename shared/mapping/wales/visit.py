"""The Encounter of NHS Wales: admission and discharge with the Welsh code systems. UK Core STU1 has them on the Encounter."""

from shared.fhir.resource import Element, Resource, element
from shared.hl7.segment import Segment
from shared.mapping.texts import text_at
from shared.mapping.wales.codes import coding, concept
from shared.mapping.wales.patient import UK_EXTENSION


def welsh_encounter(made: Resource, pv1: Segment) -> Resource:
    """The Encounter of the guide for this PV1, with the rules of Wales."""
    admission = coding("admission_method", text_at(pv1, "4"))
    methods = [
        *_extension("AdmissionMethod", admission),
        *_extension("DischargeMethod", coding("discharge_method", text_at(pv1, "36"))),
    ]
    welsh = {
        **made,
        "extension": [*made.get("extension", ()), *methods],
        "type": [] if admission else made.get("type", []),
        "serviceType": concept("specialty", text_at(pv1, "10")) or made.get("serviceType"),
        "hospitalization": _hospitalization(made.get("hospitalization", {}), pv1),
    }
    return element(**welsh)


def _extension(name: str, code: Element) -> list[Element]:
    return [{"url": UK_EXTENSION + name, "valueCodeableConcept": {"coding": [code]}}] if code else []


def _hospitalization(made: Element, pv1: Segment) -> Element:
    """PV1-14 and PV1-37 by the Welsh lists; PV1-36 stays only if it is not a Welsh code."""
    source = coding("source_of_admission", text_at(pv1, "14"))
    place = coding("discharge_destination", text_at(pv1, "37.1"))
    by_list = {
        "admitSource": {"coding": [source]} if source else made.get("admitSource"),
        "destination": None if place else made.get("destination"),
        "dischargeDisposition": {"coding": [place]} if place else _disposition(made, pv1),
    }
    return element(**{**made, **by_list})


def _disposition(made: Element, pv1: Segment) -> Element:
    found: Element = {} if coding("discharge_method", text_at(pv1, "36")) else made.get("dischargeDisposition", {})
    return found
