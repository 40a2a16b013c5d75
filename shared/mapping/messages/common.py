"""The meaning of a segment in any message: people, visits, and information about them."""

from shared.fhir.resource import Element
from shared.hl7.segment import Segment
from shared.mapping.messages.participations import prt
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.segments.clinical import (
    al1_allergy_intolerance,
    dg1_condition,
    dg1_encounter,
    iam_allergy_intolerance,
    is_deleted,
    pr1_procedure,
)
from shared.mapping.segments.header import evn_provenance, sft_device
from shared.mapping.segments.insurance import in1_coverage, in3_care_team
from shared.mapping.segments.note import nte_annotation
from shared.mapping.segments.observation import obx_attachments, obx_document_reference, obx_observation
from shared.mapping.segments.patient import (
    CONTACTS,
    NK1_PERSON,
    gt1_related_person,
    nk1_patient,
    nk1_person,
    nk1_related_person,
    pd1_observation,
    pd1_patient,
    pid_account,
    pid_mother,
    pid_patient,
    pid_provenance,
)
from shared.mapping.segments.role import is_general_practitioner, rol_care_team, rol_participant, rol_practitioner_role
from shared.mapping.segments.visit import is_no_visit, pv1_coverage, pv1_encounter, pv2_encounter


def evn(story: Story, segment: Segment) -> None:
    target = [{"reference": f"urn:uuid:{story.header['id']}", "type": "MessageHeader"}]
    story.also(evn_provenance(story.read, segment, target))


def sft(story: Story, segment: Segment) -> None:
    """The software of the sender, and of each that passed the message on: what the message comes from, not what it is about."""
    told = story.also(sft_device(story.read, segment))
    if told:
        story.software.append({"role": "derivation" if story.software else "source", "what": told})


def pid(story: Story, segment: Segment) -> None:
    """A patient; a second one starts a new part, and closes the open groups of the first."""
    read = story.read
    story.finish(story)
    story.leave()
    if story.pid == segment.fields[2:]:
        return  # the same patient again
    story.pid = segment.fields[2:]
    story.patient = pid_patient(read, segment)
    read.patient = story.tell(story.patient)
    story.tell(pid_account(read, segment))
    story.also(pid_provenance(read, segment))
    for mother in pid_mother(read, segment):
        story.tell(mother)


def pd1(story: Story, segment: Segment) -> None:
    merge(story.patient, pd1_patient(story.read, segment))
    story.tell(pd1_observation(story.read, segment))


def nk1(story: Story, segment: Segment) -> None:
    """A related person, and a contact; an employer or insurer is only a contact (guide, NK1-3)."""
    if story.read.is_empty(segment, *NK1_PERSON):
        return
    person = nk1_person(story.read, segment)
    if segment["3"] not in CONTACTS:
        story.tell(nk1_related_person(story.read, segment, person))
    merge(story.patient, nk1_patient(story.read, segment, person))


def pv1(story: Story, segment: Segment) -> None:
    """A visit; the next visit of the same patient starts a new one. Class N without other values means that there is no visit."""
    story.encounter, story.read.encounter = {}, {}
    if story.read.is_empty(segment) or is_no_visit(segment):
        return
    story.encounter = pv1_encounter(story.read, segment)
    story.read.encounter = story.tell(story.encounter)
    story.tell(pv1_coverage(story.read, segment))


def pv2(story: Story, segment: Segment) -> None:
    if story.encounter:
        merge(story.encounter, pv2_encounter(story.read, segment))


def rol(story: Story, segment: Segment) -> None:
    """After the visit, a participant of it; before it, the general practitioner or the care team."""
    read = story.read
    if read.is_withdrawn(segment, "2", ("DE", "UN")) or read.is_empty(segment, "4", "14"):
        return
    if story.encounter:
        merge(story.encounter, {"participant": [rol_participant(read, segment, read.keep(rol_practitioner_role(read, segment)))]})
    elif is_general_practitioner(segment):
        merge(story.patient, {"generalPractitioner": [read.keep(rol_practitioner_role(read, segment))]})
    else:
        story.tell(rol_care_team(read, segment))


def obx(story: Story, segment: Segment) -> None:
    story.tell(observation(story, segment))


def observation(story: Story, segment: Segment) -> dict[str, object]:
    """An observation, and its document if it is derived from one; ``{}`` without a code and a value."""
    if story.read.is_empty(segment, "3", "5"):
        return {}
    made = obx_observation(story.read, segment)
    attachments = obx_attachments(story.read, segment)
    if attachments:
        made["derivedFrom"] = [story.read.keep(obx_document_reference(story.read, segment, attachments))]
    story.noted = made
    return made


def al1(story: Story, segment: Segment) -> None:
    story.tell(al1_allergy_intolerance(story.read, segment))


def iam(story: Story, segment: Segment) -> None:
    story.tell(iam_allergy_intolerance(story.read, segment))


def dg1(story: Story, segment: Segment) -> None:
    diagnosis(story, segment)


def diagnosis(story: Story, segment: Segment) -> Element:
    """A diagnosis, also of the visit; the reference to it, ``{}`` if there is none or it was deleted."""
    condition = story.tell(dg1_condition(story.read, segment))
    if not condition or is_deleted(segment):
        return {}
    if story.encounter:
        merge(story.encounter, dg1_encounter(story.read, segment, condition))
    return condition


def dg1_of_request(story: Story, segment: Segment) -> None:
    """A diagnosis under an order is its reason."""
    if not story.request:
        dg1(story, segment)
        return
    story.add(story.request, "reasonReference", reason(story, segment))


def reason(story: Story, segment: Segment) -> Element:
    """The reference to a diagnosis; ``{}`` when there is none or it was taken back."""
    condition = story.tell(dg1_condition(story.read, segment))
    return {} if is_deleted(segment) else condition


def pr1(story: Story, segment: Segment) -> None:
    story.tell(pr1_procedure(story.read, segment))


def gt1(story: Story, segment: Segment) -> None:
    story.tell(gt1_related_person(story.read, segment))


def in1(story: Story, segment: Segment) -> None:
    story.tell(in1_coverage(story.read, segment))


def in3(story: Story, segment: Segment) -> None:
    story.tell(in3_care_team(story.read, segment))


def nte(story: Story, segment: Segment) -> None:
    """A note on the resource of the segment before it."""
    if story.noted:
        story.add(story.noted, "note", nte_annotation(story.read, segment))
    else:
        story.read.note(
            "not-supported", segment.where(), "the note is on a segment whose resource has no note in FHIR", "note-not-mapped"
        )


COMMON: dict[str, Handler] = {
    "SFT": sft,
    "EVN": evn,
    "PID": pid,
    "PD1": pd1,
    "NK1": nk1,
    "PV1": pv1,
    "PV2": pv2,
    "ROL": rol,
    "PRT": prt,
    "OBX": obx,
    "AL1": al1,
    "IAM": iam,
    "DG1": dg1,
    "PR1": pr1,
    "GT1": gt1,
    "IN1": in1,
    "IN3": in3,
    "NTE": nte,
}
