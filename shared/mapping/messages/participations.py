"""PRT: a participation in the resource of the segment before it; after an ORC it waits for the order or the vaccination."""

from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.messages.story import Story
from shared.mapping.reading import merge
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


def prt(story: Story, segment: Segment) -> None:
    """One participation. Source: guide, message maps of ADT_A01, ORU_R01, OML_O21 and VXU_V04."""
    if segment["2"] in DELETED:
        text = "the participation was ended by a deletion; it is left out, because FHIR would show it as current"
        story.read.note("informational", segment.where("2"), text, "deleted-not-mapped", "information")
    elif story.under in OF_THE_PATIENT and story.patient:
        _of_patient(story, segment)
    elif story.under in OF_THE_VISIT and story.encounter:
        _of_visit(story, segment)
    elif story.under == "OBX" and story.noted:
        _of_observation(story, segment)
    elif story.orc:
        story.participations.append(segment)
    elif story.under in OF_THE_ORDER and (story.request or story.immunization or story.prescription):
        of_order(story, segment)
    else:
        text = "a participation in a resource that the guide has no map for"
        story.read.note("not-supported", segment.where(), text, "segment-not-mapped", "information")


def _of_patient(story: Story, segment: Segment) -> None:
    if kind(segment) == "PP":
        merge(story.patient, {"generalPractitioner": [story.read.keep(prt_practitioner_role(story.read, segment))]})
    elif kind(segment) in PROVIDERS:
        story.tell(prt_care_team(story.read, segment))
    else:
        story.tell(prt_related_person(story.read, segment))


def _of_visit(story: Story, segment: Segment) -> None:
    read = story.read
    role = read.keep(prt_practitioner_role(read, segment))
    participant = {"type": read.concepts(segment, "4", PARTICIPATION), "individual": role}
    story.add(story.encounter, "participant", {name: value for name, value in participant.items() if value})


def _of_observation(story: Story, segment: Segment) -> None:
    """The device, the place and the person."""
    read = story.read
    device = prt_device(read, segment)
    if device and "device" in story.noted:
        read.note("conflict", segment.where("10"), "another device of one observation: the first stays", "second-value")
    elif device:
        story.noted["device"] = read.keep(device)
    for each in prt_location(read, segment):
        story.add(story.noted, "extension", each)
    if segment["5"]:
        story.add(story.noted, "performer", read.keep(prt_practitioner_role(read, segment)))


def of_order(story: Story, segment: Segment) -> None:
    """The person who ordered, took the specimen, made or interpreted the report, or gave the vaccine."""
    read, code = story.read, kind(segment)
    role = read.keep(prt_practitioner_role(read, segment))
    if story.immunization:
        story.add(story.immunization, "performer", {**_function(code), "actor": role})
    elif story.prescription:
        _prescribes(story, segment, "requester" if code == "OP" else "performer", role)
    elif code == "SC":
        story.collector = role
        collected(story, *story.specimens[-1:])
    elif code == "PRI" and story.report:
        story.add(story.report, "resultsInterpreter", role)
    elif code in REPORTERS and story.report:
        story.add(story.report, "performer", role)
    elif code == "OP":
        story.request.setdefault("requester", role)
    else:
        story.add(story.request, "performer", role)


def _function(code: str) -> Element:
    """What somebody does at a vaccination: by HL7 table 0443, which the guide names, else by that of participations."""
    if not code:
        return {}
    table = next((table.v2 for table in (PROVIDER_ROLE, PARTICIPATION) if code in table), "")
    return {"function": {"coding": [{"system": V2_SYSTEM + table, "code": code}]} if table else {"text": code}}


def _prescribes(story: Story, segment: Segment, name: str, role: Element) -> None:
    """A prescription has one requester and one performer; another one is named."""
    if name in story.prescription:
        text = "another participation in an order of a medicine: the first stays"
        story.read.note("conflict", segment.where("5"), text, "second-value")
    story.prescription.setdefault(name, role)


def collected(story: Story, *specimens: Resource) -> None:
    """The collector of a specimen is sent before the specimen."""
    if story.collector and specimens:
        specimens[0].setdefault("collection", {}).setdefault("collector", story.collector)
        story.collector = {}


def join(story: Story) -> None:
    """The participations that wait for the order or the vaccination."""
    for segment in story.participations:
        of_order(story, segment)
    story.participations = []
