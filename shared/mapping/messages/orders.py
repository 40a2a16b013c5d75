"""ORM^O01, OML^O21, OMG^O19: orders."""

from itertools import dropwhile, takewhile

from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON, dg1_of_request, observation
from shared.mapping.messages.participations import collected, join
from shared.mapping.messages.results import time, tq1
from shared.mapping.messages.story import Handler, Story
from shared.mapping.segments.order import orc_provenance, orc_service_request
from shared.mapping.segments.specimen import obr_specimen, spm_specimen


def orc(story: Story, segment: Segment) -> None:
    close(story)
    story.orc = segment


def obr(story: Story, segment: Segment) -> None:
    """An order, with the specimen in OBR."""
    if not story.orc:
        close(story)
    order(story, segment)
    if story.request and not _has_spm(story, segment) and (specimen := obr_specimen(story.read, segment)):
        collected(story, specimen)
        story.add(story.request, "specimen", story.read.keep(specimen))


def _has_spm(story: Story, obr: Segment) -> bool:
    """Whether an SPM of the same order describes the specimen."""
    if "SPM" not in story.read.message.index:
        return False
    after = dropwhile(lambda each: each is not obr, story.read.message.segments())
    group = takewhile(lambda each: each is obr or each.name not in ("ORC", "OBR", "PID"), after)
    return any(each.name == "SPM" for each in group)


def order(story: Story, segment: Segment) -> None:
    """ORC with or without its OBR -> ServiceRequest and its Provenance."""
    read, waiting = story.read, story.taken()
    if (not waiting or read.is_empty(waiting)) and (not segment or read.is_empty(segment)):
        return
    story.request = orc_service_request(read, waiting, segment)
    time(story)
    told = story.tell(story.request)
    if waiting:
        story.also(orc_provenance(read, waiting, told))
    join(story)
    story.noted = story.request


def obx(story: Story, segment: Segment) -> None:
    """Clinical information for the order."""
    if not story.request:
        story.tell(observation(story, segment))
        return
    made = observation(story, segment)
    story.add(story.request, "supportingInfo", story.read.keep(made) if made else {})


def spm(story: Story, segment: Segment) -> None:
    """A specimen of the order."""
    if story.read.is_empty(segment):
        return
    made = spm_specimen(story.read, segment)
    collected(story, made)
    story.specimens = [made]
    told = story.read.keep(made)
    story.noted = made
    if story.request:
        story.add(story.request, "specimen", told)
    else:
        story.focus.append(told)


def close(story: Story) -> None:
    """An ORC without OBR is an order too."""
    if story.orc:
        order(story, story.read.none("OBR"))
    story.request, story.specimens = {}, []


ORDERS: dict[str, Handler] = {
    **COMMON,
    "ORC": orc,
    "OBR": obr,
    "OBX": obx,
    "SPM": spm,
    "TQ1": tq1,
    "DG1": dg1_of_request,
}
