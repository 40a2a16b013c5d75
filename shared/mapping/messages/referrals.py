"""REF^I12: referrals."""

from shared.hl7.segment import Segment
from shared.mapping.messages import common, results
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import UNKNOWN, merge
from shared.mapping.segments.insurance import in1_coverage
from shared.mapping.segments.note import nte_annotation
from shared.mapping.segments.referral import prd_place, prd_practitioner_role, rf1_service_request


def rf1(story: Story, segment: Segment) -> None:
    if story.read.is_empty(segment, since=1):
        return
    story.appointment = rf1_service_request(story.read, segment)
    story.tell(story.appointment)


def prd(story: Story, segment: Segment) -> None:
    """A provider; the referring one is the requester, the other the performer."""
    role = prd_practitioner_role(story.read, segment)
    told = story.tell(role)
    place = prd_place(segment["1"])
    if place == "requester" and story.appointment:
        story.appointment.setdefault("requester", told)
    elif place == "performer":
        story.add(story.appointment, "performer", told)
    elif place == "generalPractitioner":
        story.primary.append(told)


def pid(story: Story, segment: Segment) -> None:
    """The patient, whom the referral before it is about."""
    common.pid(story, segment)
    if story.primary:
        merge(story.patient, {"generalPractitioner": story.primary})
        story.primary = []
    if story.appointment and story.appointment["subject"] == UNKNOWN:
        story.appointment["subject"] = story.read.patient


def dg1(story: Story, segment: Segment) -> None:
    """A diagnosis is the reason of the referral."""
    story.add(story.appointment, "reasonReference", common.diagnosis(story, segment))


def in1(story: Story, segment: Segment) -> None:
    story.add(story.appointment, "insurance", story.tell(in1_coverage(story.read, segment)))


def obr(story: Story, segment: Segment) -> None:
    """Results that are sent with the referral."""
    results.obr(story, segment)
    story.add(story.appointment, "supportingInfo", story.told(story.report))


def obx(story: Story, segment: Segment) -> None:
    if story.report:
        results.obx(story, segment)
    else:
        story.add(story.appointment, "supportingInfo", story.tell(common.observation(story, segment)))


def pv1(story: Story, segment: Segment) -> None:
    common.pv1(story, segment)
    if story.appointment and story.read.encounter:
        story.appointment.setdefault("encounter", story.read.encounter)


def nte(story: Story, segment: Segment) -> None:
    """A note on a result, otherwise on the referral."""
    story.add(story.noted or story.appointment, "note", nte_annotation(story.read, segment))


REFERRALS: dict[str, Handler] = {
    **common.COMMON,
    "RF1": rf1,
    "PRD": prd,
    "PID": pid,
    "DG1": dg1,
    "IN1": in1,
    "ORC": results.orc,
    "OBR": obr,
    "OBX": obx,
    "SPM": results.spm,
    "PV1": pv1,
    "NTE": nte,
}
