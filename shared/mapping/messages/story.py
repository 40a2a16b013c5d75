"""How far a message has been told: whom it is about, and what the next segment belongs to."""

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
    """No group is open."""


class Story:
    """One message while it is told, segment by segment, in its own order: a group is whatever follows its first segment."""

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
        "primary",
        "read",
        "report",
        "request",
        "results",
        "sent_results",
        "specimens",
        "timings",
        "under",
    )

    def __init__(self, message: Message) -> None:
        self.read = Reading(message)
        self.bundle: Resource = {}
        self.header: Resource = {}
        self.focus: list[Element] = []  # what the message is about: MessageHeader.focus
        self.finish: Callable[[Story], None] = _nothing  # closes what is open, at the next patient
        self.is_group_withdrawn = False  # RGS-2 deletes the group that is read
        self.pid: list[str] = []  # fields of the last PID, without its number
        self.patient: Resource = {}
        self.encounter: Resource = {}
        self.orc: Segment = self.read.none("ORC")  # an ORC that no OBR or RXA has followed yet
        self.request: Resource = {}
        self.report: Resource = {}
        self.results: list[Resource] = []
        self.sent_results: list[Segment] = []  # the OBX of each of these results
        self.specimens: list[Resource] = []
        self.collector: Element = {}  # who takes the specimen that follows
        self.immunization: Resource = {}
        self.appointment: Resource = {}
        self.primary: list[Element] = []  # general practitioners that were named before the patient
        self.timings: list[Segment] = []  # each TQ1 that came before the OBR that it times
        self.participations: list[Segment] = []  # each PRT that came between an ORC and what it orders
        self.noted: Resource = {}  # what an NTE annotates, or a PRT takes part in
        self.under = ""  # the segment that a PRT stands under

    def leave(self) -> None:
        """Nothing that waits goes over to another patient; an order that never found its OBR or RXA is named."""
        waiting: list[Segment] = [*([self.orc] if self.orc else []), *self.timings, *self.participations]
        for segment in waiting:
            text = "no segment of this patient followed that it belongs to: left out"
            self.read.note("structure", segment.where(), text, "segment-not-mapped")
        self.orc, self.timings, self.participations, self.collector = self.read.none("ORC"), [], [], {}
        self.immunization, self.noted = {}, {}
        self.encounter, self.read.encounter = {}, {}

    def tell(self, made: Resource) -> Element:
        """Keep what the message is about; ``{}`` when there is nothing to keep."""
        reference = self.also(made)
        if reference:
            self.focus.append(reference)
        return reference

    def told(self, made: Resource) -> Element:
        """The reference to what was kept already; ``{}`` for nothing."""
        return {"reference": full_url(made["id"]), "type": made["resourceType"]} if made else {}

    def also(self, made: Resource) -> Element:
        """Keep what only surrounds it; ``{}`` when there is nothing to keep."""
        return self.read.keep(made) if made else {}

    def taken(self) -> Segment:
        """The ORC that waits, once: it belongs to one OBR or RXA."""
        orc, self.orc = self.orc, self.read.none("ORC")
        return orc

    def add(self, to: Resource, name: str, value: Element) -> None:
        """Put one more element into a list."""
        if to and value and value not in (held := to.get(name, [])):
            to[name] = [*held, value]


Handler = Callable[[Story, Segment], None]


def begin(message: Message) -> Story:
    """The bundle and its MessageHeader, first of all entries."""
    story = Story(message)
    msh = message["MSH"]
    story.bundle = msh_bundle(story.read, msh)
    story.header = {}
    header = msh_message_header(story.read, msh)
    story.read.resources.insert(0, header)
    story.header = header
    return story


def follow(story: Story, handlers: Mapping[str, Handler]) -> None:
    """Tell every segment that there is a handler for; the others are named in an issue."""
    for segment in story.read.message.segments():
        handler = handlers.get(segment.name)
        if segment.name not in BELOW:
            story.noted, story.under = {}, segment.name
        if handler is not None:
            handler(story, segment)
        elif segment.name not in SILENT:
            story.read.note("not-supported", segment.where(), "a segment that is not mapped", "segment-not-mapped", "information")


BELOW = ("NTE", "PRT")  # stand under another segment, and say something of it
SILENT = ("MSH", "RGS", "DSC")  # told already, or saying nothing of their own


def end(story: Story) -> Resource:
    """The finished bundle: what the message is about, where it comes from, and every resource with its name."""
    read, msh = story.read, story.read.message["MSH"]
    target = [{"reference": full_url(story.header["id"]), "type": "MessageHeader"}]
    read.keep(msh_provenance_source(read, msh, target))
    read.keep(msh_provenance_transformation(read, msh, target))
    if story.focus:
        story.header["focus"] = story.focus
    story.bundle["entry"] = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in read.resources]
    return story.bundle
