"""VXU^V04: vaccinations."""

from shared.fhir.reference import reference
from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON, observation
from shared.mapping.messages.participations import join
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.segments.vaccination import orc_vaccination_request, rxa_immunization, rxr_immunization


def orc(story: Story, segment: Segment) -> None:
    story.orc = segment
    story.immunization = {}


def rxa(story: Story, segment: Segment) -> None:
    """A vaccination, and the order behind it."""
    if story.read.is_empty(segment, since=3):
        story.immunization, story.orc = {}, story.read.none("ORC")
        return
    read, orc = story.read, story.taken()
    story.immunization = rxa_immunization(read, orc, segment)
    story.tell(story.immunization)
    story.also(orc_vaccination_request(read, orc))
    join(story)
    story.noted = story.immunization


def rxr(story: Story, segment: Segment) -> None:
    if story.immunization:
        merge(story.immunization, rxr_immunization(story.read, segment))


def obx(story: Story, segment: Segment) -> None:
    """An observation at a vaccination, or about the person."""
    made = observation(story, segment)
    if not made:
        return
    if story.immunization:
        made["partOf"] = [reference("Immunization", story.immunization["id"])]
    story.tell(made)


VACCINATIONS: dict[str, Handler] = {**COMMON, "ORC": orc, "RXA": rxa, "RXR": rxr, "OBX": obx}
