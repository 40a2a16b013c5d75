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


def _nothing(story: "Story") -> None:
    """The end of a message type without open groups."""


class Story:
    """The conversion of one message, segment by segment, in order. A group is the first segment and those that follow it."""

    __slots__ = (
        "appointment",
        "bundle",
        "collector",
        "encounter",
        "finish",
        "focus",
        "header",
        "immunization",
        "is_group_withdrawn",
        "noted",
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
        "sent_results",
        "software",
        "specimens",
        "timings",
        "under",
    )

    def __init__(self, message: Message) -> None:
        self.read = Reading(message)
        self.bundle: Resource = {}
        self.header: Resource = {}
        self.focus: list[Element] = []  # the subject of the message: MessageHeader.focus
        self.finish: Callable[[Story], None] = _nothing  # closes the open groups, before the next patient
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
        self.noted: Resource = {}  # the resource that an NTE or a PRT refers to
        self.under = ""  # the segment before a PRT

    def leave(self) -> None:
        """Waiting segments are not used for another patient; an issue names an order that had no OBR or RXA."""
        waiting: list[Segment] = [*([self.orc] if self.orc else []), *self.timings, *self.participations]
        for segment in waiting:
            text = "the segment that it belongs to did not follow for this patient; left out"
            self.read.note("structure", segment.where(), text, "segment-not-mapped")
        self.orc, self.timings, self.participations, self.collector = self.read.none("ORC"), [], [], {}
        self.immunization, self.prescription, self.noted = {}, {}, {}
        self.encounter, self.read.encounter = {}, {}

    def tell(self, made: Resource) -> Element:
        """Add a resource that the message is about; ``{}`` if it is empty."""
        reference = self.also(made)
        if reference:
            self.focus.append(reference)
        return reference

    def told(self, made: Resource) -> Element:
        """The reference to a resource that was added; ``{}`` for none."""
        return {"reference": full_url(made["id"]), "type": made["resourceType"]} if made else {}

    def also(self, made: Resource) -> Element:
        """Add a resource that the message is not about; ``{}`` if it is empty."""
        return self.read.keep(made) if made else {}

    def taken(self) -> Segment:
        """The waiting ORC, once: it belongs to one OBR or RXA."""
        orc, self.orc = self.orc, self.read.none("ORC")
        return orc

    def add(self, to: Resource, name: str, value: Element) -> None:
        """Add an element to a list."""
        if to and value and value not in (held := to.get(name, [])):
            to[name] = [*held, value]


Handler = Callable[[Story, Segment], None]


def begin(message: Message) -> Story:
    """The bundle with its MessageHeader as the first entry."""
    story = Story(message)
    msh = message["MSH"]
    story.bundle = msh_bundle(story.read, msh)
    story.header = {}
    header = msh_message_header(story.read, msh)
    story.read.resources.insert(0, header)
    story.header = header
    return story


def follow(story: Story, handlers: Mapping[str, Handler]) -> None:
    """Call the handler of every segment; an issue names a segment without one."""
    for segment in story.read.message.segments():
        handler = handlers.get(segment.name)
        if segment.name not in BELOW:
            story.noted, story.under = {}, segment.name
        if handler is not None:
            handler(story, segment)
        elif segment.name not in SILENT:
            story.read.note("not-supported", segment.where(), "this segment is not mapped", "segment-not-mapped", "information")


BELOW = ("NTE", "PRT")  # belong to another segment and add to it
SILENT = ("MSH", "RGS", "DSC")  # already read, or without content of their own


def end(story: Story) -> Resource:
    """The complete bundle: the subject of the message, its provenance, and every resource with its full URL."""
    read, msh = story.read, story.read.message["MSH"]
    target = [{"reference": full_url(story.header["id"]), "type": "MessageHeader"}]
    source = msh_provenance_source(read, msh, target)
    source["entity"] = [*source["entity"], *story.software]
    read.keep(source)
    read.keep(msh_provenance_transformation(read, msh, target))
    if story.focus:
        story.header["focus"] = story.focus
    story.bundle["entry"] = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in read.resources]
    return story.bundle
