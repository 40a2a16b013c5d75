"""EVN and SFT: the event, and the software that sent it."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7.segment import Segment
from shared.mapping.datatypes.authority import hd_identifiers
from shared.mapping.datatypes.identifier import HD
from shared.mapping.reading import UNKNOWN, Reading
from shared.mapping.segments.header import recorded
from shared.mapping.tables import (
    EVENT_REASON,
)
from shared.mapping.texts import text_at

SITE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "si"}]}


def evn_provenance(read: Reading, evn: Segment, target: list[Element]) -> Resource:
    """EVN -> Provenance of the event. Source: guide, EVN[Provenance] and MSH[Provenance-Operator]."""
    msh = read.message["MSH"]
    operators = read.practitioners(evn, "5") or [read.organization(msh, "22") or read.assigner(msh, "4")]
    return resource(
        "Provenance",
        id=read.id(evn),
        target=target,
        occurredDateTime=read.date_time(evn, "6"),
        **recorded(read, evn, "2"),
        location=_facility(read, evn),
        reason=[_reason(read, evn)],
        activity={"coding": [{"display": f"event - {text_at(msh, '9.1')}^{text_at(msh, '9.2') or text_at(evn, '1')}"}]},
        agent=[{"who": who or {"display": "unknown"}} for who in operators],
    )


def _reason(read: Reading, evn: Segment) -> Element:
    return dict(UNKNOWN) if text_at(evn, "4") == "U" else read.concept(evn, "4", EVENT_REASON)


def _facility(read: Reading, evn: Segment) -> Element:
    """EVN-7 -> Location. Source: guide, HD[Location]."""
    name, universal, kind = HD(evn.first("7"))
    if not name and not universal:
        return {}
    made = resource(
        "Location",
        id=read.id(evn, "-7"),
        identifier=hd_identifiers("", universal, kind),
        name=name or universal,
        physicalType=SITE if universal else {},
    )
    return read.keep(made)


def sft_device(read: Reading, sft: Segment) -> Resource:
    """SFT -> Device: the software that created the message. Source: guide, SFT[Device]."""
    name = text_at(sft, "3")
    return resource(
        "Device",
        id=read.id(sft),
        manufacturer=text_at(sft, "1.1") or text_at(sft, "1.10"),
        deviceName=[{"name": name, "type": "manufacturer-name"}] if name else [],
        modelNumber=text_at(sft, "4"),
        version=[element(value=text_at(sft, "2"))] if text_at(sft, "2") else [],
        note=[{"text": text_at(sft, "5")}] if text_at(sft, "5") else [],
    )
