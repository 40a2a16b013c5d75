"""SIU^S12 to S26: appointments."""

from collections.abc import Callable

from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.messages import common
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import UNKNOWN, Reading, merge
from shared.mapping.segments.note import lines
from shared.mapping.segments.schedule import (
    aig_participant,
    ail_participant,
    aip_participant,
    ais_appointment,
    ais_service_request,
    complete,
    patient_participant,
    sch_appointment,
    sch_provenance,
    sch_service_requests,
    service_times,
)


def sch(story: Story, segment: Segment) -> None:
    """The appointment and its order."""
    if story.read.is_empty(segment, since=1):
        return
    story.appointment = sch_appointment(story.read, segment)
    told = story.tell(story.appointment)
    story.also(sch_provenance(story.read, segment, told))
    for request in sch_service_requests(story.read, segment, story.appointment["status"]):
        story.request = request
        story.add(story.appointment, "basedOn", story.read.keep(request))


def pid(story: Story, segment: Segment) -> None:
    common.pid(story, segment)
    story.add(story.appointment, "participant", patient_participant(story.read, story.appointment))
    if story.request and story.request["subject"] == UNKNOWN:
        story.request["subject"] = story.read.patient


def nte(story: Story, segment: Segment) -> None:
    """A comment on the appointment, added as a line."""
    words = [story.appointment.get("comment", ""), lines(segment, "3")]
    story.appointment["comment"] = "\n".join(filter(None, words))


def rgs(story: Story, segment: Segment) -> None:
    """A group of resources; RGS-2 can delete the whole group."""
    story.is_group_withdrawn = story.read.is_withdrawn(segment, "2")


def _is_withdrawn(story: Story, segment: Segment) -> bool:
    return story.is_group_withdrawn or story.read.is_withdrawn(segment, "2")


def ais(story: Story, segment: Segment) -> None:
    if _is_withdrawn(story, segment):
        return
    merge(story.appointment, ais_appointment(story.read, segment))
    if story.request:
        merge(story.request, ais_service_request(story.read, segment))


def aig(story: Story, segment: Segment) -> None:
    _takes_part(story, aig_participant, segment, ("8", "11", "12"))


def ail(story: Story, segment: Segment) -> None:
    _takes_part(story, ail_participant, segment, ("6", "9", "10"))


def aip(story: Story, segment: Segment) -> None:
    _takes_part(story, aip_participant, segment, ("6", "9", "10"))


Participant = Callable[[Reading, Segment, Resource], Element]


def _takes_part(story: Story, participant: Participant, segment: Segment, times: tuple[str, str, str]) -> None:
    """One more participant; its times are those of the appointment unless another segment has them."""
    if _is_withdrawn(story, segment):
        return
    story.add(story.appointment, "participant", participant(story.read, segment, story.appointment))
    if not story.appointment.get("start"):
        merge(story.appointment, service_times(story.read, segment, times))


def finish(story: Story) -> None:
    """FHIR requires a participant and times; without a SCH there is no appointment, and an issue reports that."""
    if "id" not in story.appointment:
        story.read.note("required", "SCH", "no SCH segment; the bundle has no appointment", "element-absent")
    else:
        complete(story.read, story.appointment)
        story.appointment.setdefault("participant", [{"type": [{"text": "unknown"}], "status": "needs-action"}])


SCHEDULES: dict[str, Handler] = {
    **common.COMMON,
    "SCH": sch,
    "PID": pid,
    "NTE": nte,
    "RGS": rgs,
    "AIS": ais,
    "AIG": aig,
    "AIL": ail,
    "AIP": aip,
}
