"""SIU^S12 to S26: appointments."""

from collections.abc import Callable

from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages import common
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.reading import UNKNOWN, Reading
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


def sch(conversion: Conversion, segment: Segment) -> None:
    """The appointment and its order."""
    if conversion.read.is_empty(segment, since=1):
        return
    conversion.appointment = sch_appointment(conversion.read, segment)
    link = conversion.add_focus(conversion.appointment)
    conversion.add_resource(sch_provenance(conversion.read, segment, link))
    for request in sch_service_requests(conversion.read, segment, conversion.appointment["status"]):
        conversion.request = request
        conversion.append(conversion.appointment, "basedOn", conversion.read.keep(request))


def pid(conversion: Conversion, segment: Segment) -> None:
    common.pid(conversion, segment)
    conversion.append(conversion.appointment, "participant", patient_participant(conversion.read, conversion.appointment))
    if conversion.request and conversion.request["subject"] == UNKNOWN:
        conversion.request["subject"] = conversion.read.patient


def nte(conversion: Conversion, segment: Segment) -> None:
    """A comment on the appointment, added as a line."""
    words = [conversion.appointment.get("comment", ""), lines(segment, "3")]
    conversion.appointment["comment"] = "\n".join(filter(None, words))


def rgs(conversion: Conversion, segment: Segment) -> None:
    """A group of resources; RGS-2 can delete the whole group."""
    conversion.is_group_withdrawn = conversion.read.is_withdrawn(segment, "2")


def _is_withdrawn(conversion: Conversion, segment: Segment) -> bool:
    return conversion.is_group_withdrawn or conversion.read.is_withdrawn(segment, "2")


def ais(conversion: Conversion, segment: Segment) -> None:
    if _is_withdrawn(conversion, segment):
        return
    merge(conversion.appointment, ais_appointment(conversion.read, segment))
    if conversion.request:
        merge(conversion.request, ais_service_request(conversion.read, segment))


def aig(conversion: Conversion, segment: Segment) -> None:
    _takes_part(conversion, aig_participant, segment, ("8", "11", "12"))


def ail(conversion: Conversion, segment: Segment) -> None:
    _takes_part(conversion, ail_participant, segment, ("6", "9", "10"))


def aip(conversion: Conversion, segment: Segment) -> None:
    _takes_part(conversion, aip_participant, segment, ("6", "9", "10"))


Participant = Callable[[Reading, Segment, Resource], Element]


def _takes_part(conversion: Conversion, participant: Participant, segment: Segment, times: tuple[str, str, str]) -> None:
    """One more participant; its times are those of the appointment unless another segment has them."""
    if _is_withdrawn(conversion, segment):
        return
    conversion.append(conversion.appointment, "participant", participant(conversion.read, segment, conversion.appointment))
    if not conversion.appointment.get("start"):
        merge(conversion.appointment, service_times(conversion.read, segment, times))


def finish(conversion: Conversion) -> None:
    """FHIR requires a participant and times; without a SCH there is no appointment, and an issue reports that."""
    if "id" not in conversion.appointment:
        conversion.read.note(
            code="required", where="SCH", text="no SCH segment; the bundle has no appointment", rule="element-absent"
        )
    else:
        complete(conversion.read, conversion.appointment)
        conversion.appointment.setdefault("participant", [{"type": [{"text": "unknown"}], "status": "needs-action"}])


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
