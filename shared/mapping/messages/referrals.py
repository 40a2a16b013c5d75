"""REF^I12: referrals."""

from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages import common, results
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.reading import UNKNOWN
from shared.mapping.segments.administration.insurance import in1_coverage
from shared.mapping.segments.note import nte_annotation
from shared.mapping.segments.referral import prd_place, prd_practitioner_role, rf1_service_request


def rf1(conversion: Conversion, segment: Segment) -> None:
    if conversion.read.is_empty(segment, since=1):
        return
    conversion.appointment = rf1_service_request(conversion.read, segment)
    conversion.add_focus(conversion.appointment)


def prd(conversion: Conversion, segment: Segment) -> None:
    """A provider; the referring one is the requester, the other the performer."""
    role = prd_practitioner_role(conversion.read, segment)
    link = conversion.add_focus(role)
    place = prd_place(segment["1"])
    if place == "requester" and conversion.appointment:
        conversion.appointment.setdefault("requester", link)
    elif place == "performer":
        conversion.append(conversion.appointment, "performer", link)
    elif place == "generalPractitioner":
        conversion.primary.append(link)


def pid(conversion: Conversion, segment: Segment) -> None:
    """The patient, whom the referral before it is about."""
    common.pid(conversion, segment)
    if conversion.primary:
        merge(conversion.patient, {"generalPractitioner": conversion.primary})
        conversion.primary = []
    if conversion.appointment and conversion.appointment["subject"] == UNKNOWN:
        conversion.appointment["subject"] = conversion.read.patient


def dg1(conversion: Conversion, segment: Segment) -> None:
    """A diagnosis is the reason of the referral."""
    conversion.append(conversion.appointment, "reasonReference", common.diagnosis(conversion, segment))


def in1(conversion: Conversion, segment: Segment) -> None:
    conversion.append(conversion.appointment, "insurance", conversion.add_focus(in1_coverage(conversion.read, segment)))


def obr(conversion: Conversion, segment: Segment) -> None:
    """Results that are sent with the referral."""
    results.obr(conversion, segment)
    conversion.append(conversion.appointment, "supportingInfo", conversion.reference_to(conversion.report))


def obx(conversion: Conversion, segment: Segment) -> None:
    if conversion.report:
        results.obx(conversion, segment)
    else:
        conversion.append(conversion.appointment, "supportingInfo", conversion.add_focus(common.observation(conversion, segment)))


def pv1(conversion: Conversion, segment: Segment) -> None:
    common.pv1(conversion, segment)
    if conversion.appointment and conversion.read.encounter:
        conversion.appointment.setdefault("encounter", conversion.read.encounter)


def nte(conversion: Conversion, segment: Segment) -> None:
    """A note on a result, otherwise on the referral."""
    conversion.append(conversion.annotated or conversion.appointment, "note", nte_annotation(conversion.read, segment))


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
