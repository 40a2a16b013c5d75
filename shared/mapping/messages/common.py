"""The meaning of a segment in any message: people, visits, and information about them."""

from shared.fhir.resource import Element
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.messages.participations import prt
from shared.mapping.segments.administration.event import evn_provenance, sft_device
from shared.mapping.segments.administration.insurance import in1_coverage, in3_care_team
from shared.mapping.segments.administration.patient import pid_patient
from shared.mapping.segments.administration.patient_context import (
    pd1_observation,
    pd1_patient,
    pid_account,
    pid_mother,
    pid_provenance,
)
from shared.mapping.segments.administration.related_person import (
    CONTACTS,
    NK1_PERSON,
    gt1_related_person,
    nk1_patient,
    nk1_person,
    nk1_related_person,
)
from shared.mapping.segments.administration.role import (
    is_general_practitioner,
    rol_care_team,
    rol_participant,
    rol_practitioner_role,
)
from shared.mapping.segments.administration.visit import is_no_visit, pv1_coverage, pv1_encounter, pv2_encounter
from shared.mapping.segments.clinical import (
    al1_allergy_intolerance,
    dg1_condition,
    dg1_encounter,
    iam_allergy_intolerance,
    is_deleted,
    pr1_procedure,
)
from shared.mapping.segments.note import nte_annotation
from shared.mapping.segments.results.observation import obx_attachments, obx_document_reference, obx_observation


def evn(conversion: Conversion, segment: Segment) -> None:
    target = [{"reference": f"urn:uuid:{conversion.header['id']}", "type": "MessageHeader"}]
    conversion.add_resource(evn_provenance(conversion.read, segment, target))


def sft(conversion: Conversion, segment: Segment) -> None:
    """The software of the sender and of each system on the way: the provenance of the message, not its subject."""
    link = conversion.add_resource(sft_device(conversion.read, segment))
    if link:
        conversion.software.append({"role": "derivation" if conversion.software else "source", "what": link})


def pid(conversion: Conversion, segment: Segment) -> None:
    """A patient; a second one starts a new part, and closes the open groups of the first."""
    read = conversion.read
    conversion.finish(conversion)
    conversion.end_patient()
    if conversion.pid == segment.fields[2:]:
        return  # the same patient again
    conversion.pid = segment.fields[2:]
    conversion.patient = pid_patient(read, segment)
    read.patient = conversion.add_focus(conversion.patient)
    conversion.add_focus(pid_account(read, segment))
    conversion.add_resource(pid_provenance(read, segment))
    for mother in pid_mother(read, segment):
        conversion.add_focus(mother)


def pd1(conversion: Conversion, segment: Segment) -> None:
    merge(conversion.patient, pd1_patient(conversion.read, segment))
    conversion.add_focus(pd1_observation(conversion.read, segment))


def nk1(conversion: Conversion, segment: Segment) -> None:
    """A related person, and a contact; an employer or insurer is only a contact (guide, NK1-3)."""
    if conversion.read.is_empty(segment, *NK1_PERSON):
        return
    person = nk1_person(conversion.read, segment)
    if segment["3"] not in CONTACTS:
        conversion.add_focus(nk1_related_person(conversion.read, segment, person))
    merge(conversion.patient, nk1_patient(conversion.read, segment, person))


def pv1(conversion: Conversion, segment: Segment) -> None:
    """A visit; the next visit of the same patient starts a new one. Class N without other values means that there is no visit."""
    conversion.encounter, conversion.read.encounter = {}, {}
    if conversion.read.is_empty(segment) or is_no_visit(segment):
        return
    conversion.encounter = pv1_encounter(conversion.read, segment)
    conversion.read.encounter = conversion.add_focus(conversion.encounter)
    conversion.add_focus(pv1_coverage(conversion.read, segment))


def pv2(conversion: Conversion, segment: Segment) -> None:
    if conversion.encounter:
        merge(conversion.encounter, pv2_encounter(conversion.read, segment))


def rol(conversion: Conversion, segment: Segment) -> None:
    """After the visit, a participant of it; before it, the general practitioner or the care team."""
    read = conversion.read
    is_care_team = not conversion.encounter and not is_general_practitioner(segment)
    fields = ("4", "10", "14") if is_care_team else ("4", "14")  # ROL-10, a type of organization, is that of a care team
    if read.is_withdrawn(segment, "2", ("DE", "UN")) or read.is_empty(segment, *fields):
        return
    if conversion.encounter:
        merge(
            conversion.encounter,
            {"participant": [rol_participant(read, segment, read.keep(rol_practitioner_role(read, segment)))]},
        )
    elif is_care_team:
        conversion.add_focus(rol_care_team(read, segment))
    else:
        merge(conversion.patient, {"generalPractitioner": [read.keep(rol_practitioner_role(read, segment))]})


def obx(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(observation(conversion, segment))


def observation(conversion: Conversion, segment: Segment) -> dict[str, object]:
    """An observation, and its document if it is derived from one; ``{}`` without a code and a value."""
    if conversion.read.is_empty(segment, "3", "5"):
        return {}
    made = obx_observation(conversion.read, segment)
    attachments = obx_attachments(conversion.read, segment)
    if attachments:
        made["derivedFrom"] = [conversion.read.keep(obx_document_reference(conversion.read, segment, attachments))]
    conversion.annotated = made
    return made


def al1(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(al1_allergy_intolerance(conversion.read, segment))


def iam(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(iam_allergy_intolerance(conversion.read, segment))


def dg1(conversion: Conversion, segment: Segment) -> None:
    diagnosis(conversion, segment)


def diagnosis(conversion: Conversion, segment: Segment) -> Element:
    """A diagnosis, also of the visit; the reference to it, ``{}`` if there is none or it was deleted."""
    condition = conversion.add_focus(dg1_condition(conversion.read, segment))
    if not condition or is_deleted(segment):
        return {}
    if conversion.encounter:
        merge(conversion.encounter, dg1_encounter(conversion.read, segment, condition))
    return condition


def dg1_of_request(conversion: Conversion, segment: Segment) -> None:
    """A diagnosis under an order is its reason."""
    if not conversion.request:
        dg1(conversion, segment)
        return
    conversion.append(conversion.request, "reasonReference", reason(conversion, segment))


def reason(conversion: Conversion, segment: Segment) -> Element:
    """The reference to a diagnosis; ``{}`` when there is none or it was taken back."""
    condition = conversion.add_focus(dg1_condition(conversion.read, segment))
    return {} if is_deleted(segment) else condition


def pr1(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(pr1_procedure(conversion.read, segment))


def gt1(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(gt1_related_person(conversion.read, segment))


def in1(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(in1_coverage(conversion.read, segment))


def in3(conversion: Conversion, segment: Segment) -> None:
    conversion.add_focus(in3_care_team(conversion.read, segment))


def nte(conversion: Conversion, segment: Segment) -> None:
    """A note on the resource of the segment before it."""
    if conversion.annotated:
        conversion.append(conversion.annotated, "note", nte_annotation(conversion.read, segment))
    else:
        conversion.read.note(
            code="not-supported",
            where=segment.where(),
            text="the note is on a segment whose resource has no note in FHIR",
            rule="note-not-mapped",
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
