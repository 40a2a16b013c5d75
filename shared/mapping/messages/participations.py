"""PRT: a participation in the resource of the segment before it; after an ORC it waits for the order or the vaccination."""

from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.conversion import Conversion
from shared.mapping.segments.participation import (
    PROVIDERS,
    kind,
    prt_care_team,
    prt_device,
    prt_location,
    prt_practitioner_role,
    prt_related_person,
)
from shared.mapping.tables import PARTICIPATION, PROVIDER_ROLE, V2_SYSTEM

OF_THE_PATIENT = ("PID", "PD1", "ARV", "ROL", "NK1")
OF_THE_VISIT = ("PV1", "PV2")
OF_THE_ORDER = ("ORC", "TQ1", "TQ2", "OBR", "SPM", "RXA", "RXR", "CTD")
DELETED = ("D", "DE", "UN")  # PRT-2, of table 0206 or 0287
REPORTERS = ("ARI", "TN", "TR")


def prt(conversion: Conversion, segment: Segment) -> None:
    """One participation. Source: guide, message maps of ADT_A01, ORU_R01, OML_O21 and VXU_V04."""
    if segment["2"] in DELETED:
        text = "the participation was ended by a deletion; it is left out, because FHIR would show it as current"
        conversion.read.note(
            code="informational", where=segment.where("2"), text=text, rule="deleted-not-mapped", severity="information"
        )
    elif conversion.segment_before in OF_THE_PATIENT and conversion.patient:
        _of_patient(conversion, segment)
    elif conversion.segment_before in OF_THE_VISIT and conversion.encounter:
        _of_visit(conversion, segment)
    elif conversion.segment_before == "OBX" and conversion.annotated:
        _of_observation(conversion, segment)
    elif conversion.orc:
        conversion.participations.append(segment)
    elif conversion.segment_before in OF_THE_ORDER and (conversion.request or conversion.immunization or conversion.prescription):
        of_order(conversion, segment)
    else:
        text = "a participation in a resource that the guide has no map for"
        conversion.read.note(
            code="not-supported", where=segment.where(), text=text, rule="segment-not-mapped", severity="information"
        )


def _of_patient(conversion: Conversion, segment: Segment) -> None:
    if kind(segment) == "PP":
        merge(
            conversion.patient, {"generalPractitioner": [conversion.read.keep(prt_practitioner_role(conversion.read, segment))]}
        )
    elif kind(segment) in PROVIDERS:
        conversion.add_focus(prt_care_team(conversion.read, segment))
    else:
        conversion.add_focus(prt_related_person(conversion.read, segment))


def _of_visit(conversion: Conversion, segment: Segment) -> None:
    read = conversion.read
    role = read.keep(prt_practitioner_role(read, segment))
    participant = {"type": read.concepts(segment, "4", PARTICIPATION), "individual": role}
    conversion.append(conversion.encounter, "participant", {name: value for name, value in participant.items() if value})


def _of_observation(conversion: Conversion, segment: Segment) -> None:
    """The device, the place and the person."""
    read = conversion.read
    device = prt_device(read, segment)
    if device and "device" in conversion.annotated:
        read.note(
            code="conflict",
            where=segment.where("10"),
            text="another device of one observation: the first stays",
            rule="second-value",
        )
    elif device:
        conversion.annotated["device"] = read.keep(device)
    for each in prt_location(read, segment):
        conversion.append(conversion.annotated, "extension", each)
    if segment["5"]:
        conversion.append(conversion.annotated, "performer", read.keep(prt_practitioner_role(read, segment)))


def of_order(conversion: Conversion, segment: Segment) -> None:
    """The person who ordered, took the specimen, made or interpreted the report, or gave the vaccine."""
    read, code = conversion.read, kind(segment)
    role = read.keep(prt_practitioner_role(read, segment))
    if conversion.immunization:
        conversion.append(conversion.immunization, "performer", {**_function(code), "actor": role})
    elif conversion.prescription:
        _prescribes(conversion, segment, "requester" if code == "OP" else "performer", role)
    elif code == "SC":
        conversion.collector = role
        collected(conversion, *conversion.specimens[-1:])
    elif code == "PRI" and conversion.report:
        conversion.append(conversion.report, "resultsInterpreter", role)
    elif code in REPORTERS and conversion.report:
        conversion.append(conversion.report, "performer", role)
    elif code == "OP":
        conversion.request.setdefault("requester", role)
    else:
        conversion.append(conversion.request, "performer", role)


def _function(code: str) -> Element:
    """The function of a person at a vaccination: by HL7 table 0443, as in the guide, otherwise by that of participations."""
    if not code:
        return {}
    table = next((table.v2 for table in (PROVIDER_ROLE, PARTICIPATION) if code in table), "")
    return {"function": {"coding": [{"system": V2_SYSTEM + table, "code": code}]} if table else {"text": code}}


def _prescribes(conversion: Conversion, segment: Segment, name: str, role: Element) -> None:
    """A prescription has one requester and one performer; another one is named."""
    if name in conversion.prescription:
        text = "another participation in an order of a medicine: the first stays"
        conversion.read.note(code="conflict", where=segment.where("5"), text=text, rule="second-value")
    conversion.prescription.setdefault(name, role)


def collected(conversion: Conversion, *specimens: Resource) -> None:
    """The collector of a specimen is sent before the specimen."""
    if conversion.collector and specimens:
        specimens[0].setdefault("collection", {}).setdefault("collector", conversion.collector)
        conversion.collector = {}


def join(conversion: Conversion) -> None:
    """The participations that wait for the order or the vaccination."""
    for segment in conversion.participations:
        of_order(conversion, segment)
    conversion.participations = []
