"""The state of a conversion: the current patient, and the resource that the next segment belongs to."""

from collections.abc import Callable, Mapping

from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource
from shared.hl7.message import Message
from shared.hl7.segment import Segment
from shared.mapping.reading import Reading
from shared.mapping.segments.header import (
    msh_bundle,
    msh_message_header,
    msh_provenance_source,
    msh_provenance_transformation,
)


def _nothing(conversion: "Conversion") -> None:
    """The end of a message type without open groups."""


class Conversion:
    """The conversion of one message, segment by segment, in order. A group is the first segment and those that follow it."""

    __slots__ = (
        "annotated",
        "appointment",
        "bundle",
        "collector",
        "encounter",
        "finish",
        "focus",
        "header",
        "immunization",
        "is_group_withdrawn",
        "orc",
        "participations",
        "patient",
        "pid",
        "prescription",
        "primary",
        "read",
        "report",
        "request",
        "results",
        "segment_before",
        "sent_results",
        "software",
        "specimens",
        "timings",
    )

    def __init__(self, message: Message) -> None:
        self.read = Reading(message)
        self.bundle: Resource = {}
        self.header: Resource = {}
        self.focus: list[Element] = []  # the subject of the message: MessageHeader.focus
        self.finish: Callable[[Conversion], None] = _nothing  # closes the open groups, before the next patient
        self.is_group_withdrawn = False  # whether RGS-2 deletes the current group
        self.pid: list[str] = []  # fields of the last PID, without its number
        self.patient: Resource = {}
        self.encounter: Resource = {}
        self.orc: Segment = self.read.none("ORC")  # an ORC without its OBR or RXA so far
        self.request: Resource = {}
        self.prescription: Resource = {}
        self.report: Resource = {}
        self.results: list[Resource] = []
        self.sent_results: list[Segment] = []  # the OBX of each of these results
        self.software: list[Element] = []  # what made the message, and what passed it on
        self.specimens: list[Resource] = []
        self.collector: Element = {}  # the collector of the next specimen
        self.immunization: Resource = {}
        self.appointment: Resource = {}
        self.primary: list[Element] = []  # general practitioners before the patient
        self.timings: list[Segment] = []  # each TQ1 before its OBR
        self.participations: list[Segment] = []  # each PRT between an ORC and its order
        self.annotated: Resource = {}  # the resource that an NTE or a PRT refers to
        self.segment_before = ""  # the segment before a PRT

    def end_patient(self) -> None:
        """Waiting segments are not used for another patient; an issue names an order that had no OBR or RXA."""
        waiting: list[Segment] = [*([self.orc] if self.orc else []), *self.timings, *self.participations]
        for segment in waiting:
            text = "the segment that it belongs to did not follow for this patient; left out"
            self.read.note(code="structure", where=segment.where(), text=text, rule="segment-not-mapped")
        self.orc, self.timings, self.participations, self.collector = self.read.none("ORC"), [], [], {}
        self.immunization, self.prescription, self.annotated = {}, {}, {}
        self.encounter, self.read.encounter = {}, {}

    def add_focus(self, made: Resource) -> Element:
        """Add a resource that the message is about; ``{}`` if it is empty."""
        reference = self.add_resource(made)
        if reference:
            self.focus.append(reference)
        return reference

    def reference_to(self, made: Resource) -> Element:
        """The reference to a resource that was added; ``{}`` for none."""
        return {"reference": full_url(made["id"]), "type": made["resourceType"]} if made else {}

    def add_resource(self, made: Resource) -> Element:
        """Add a resource that the message is not about; ``{}`` if it is empty."""
        return self.read.keep(made) if made else {}

    def take_orc(self) -> Segment:
        """The waiting ORC, once: it belongs to one OBR or RXA."""
        orc, self.orc = self.orc, self.read.none("ORC")
        return orc

    def append(self, to: Resource, name: str, value: Element) -> None:
        """Add an element to a list."""
        if to and value and value not in (held := to.get(name, [])):
            to[name] = [*held, value]


Handler = Callable[[Conversion, Segment], None]


def begin(message: Message) -> Conversion:
    """The bundle with its MessageHeader as the first entry."""
    conversion = Conversion(message)
    msh = message["MSH"]
    conversion.bundle = msh_bundle(conversion.read, msh)
    conversion.header = {}
    header = msh_message_header(conversion.read, msh)
    conversion.read.resources.insert(0, header)
    conversion.header = header
    return conversion


def follow(conversion: Conversion, handlers: Mapping[str, Handler]) -> None:
    """Call the handler of every segment; an issue names a segment without one."""
    for segment in conversion.read.message.segments():
        handler = handlers.get(segment.name)
        if segment.name not in BELOW:
            conversion.annotated, conversion.segment_before = {}, segment.name
        if handler is not None:
            handler(conversion, segment)
        elif segment.name not in SILENT:
            conversion.read.note(
                code="not-supported",
                where=segment.where(),
                text="this segment is not mapped",
                rule="segment-not-mapped",
                severity="information",
            )


BELOW = ("NTE", "PRT")  # belong to another segment and add to it
SILENT = ("MSH", "RGS", "DSC")  # already read, or without content of their own


def end(conversion: Conversion) -> Resource:
    """The complete bundle: the subject of the message, its provenance, and every resource with its full URL."""
    read, msh = conversion.read, conversion.read.message["MSH"]
    target = [{"reference": full_url(conversion.header["id"]), "type": "MessageHeader"}]
    source = msh_provenance_source(read, msh, target)
    source["entity"] = [*source["entity"], *conversion.software]
    read.keep(source)
    read.keep(msh_provenance_transformation(read, msh, target))
    if conversion.focus:
        conversion.header["focus"] = conversion.focus
    conversion.bundle["entry"] = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in read.resources]
    return conversion.bundle
