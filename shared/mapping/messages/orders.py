"""ORM^O01, OML^O21, OMG^O19: orders."""

from itertools import dropwhile, takewhile

from shared.fhir.resource import Element, element
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.common import COMMON, dg1_of_request, observation, reason
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.messages.participations import collected, join
from shared.mapping.messages.results import time, tq1
from shared.mapping.segments.orders.medicine import rxo_medication_request, rxr_dosage
from shared.mapping.segments.orders.order import orc_provenance, orc_service_request
from shared.mapping.segments.orders.timing import tq1_timing, tq_priority
from shared.mapping.segments.results.specimen import obr_specimen, spm_specimen


def orc(conversion: Conversion, segment: Segment) -> None:
    close(conversion)
    conversion.orc = segment


def obr(conversion: Conversion, segment: Segment) -> None:
    """An order, with the specimen in OBR."""
    if not conversion.orc:
        close(conversion)
    order(conversion, segment)
    if conversion.request and not _has_spm(conversion, segment) and (specimen := obr_specimen(conversion.read, segment)):
        collected(conversion, specimen)
        conversion.append(conversion.request, "specimen", conversion.read.keep(specimen))


def _has_spm(conversion: Conversion, obr: Segment) -> bool:
    """Whether an SPM of the same order describes the specimen."""
    if "SPM" not in conversion.read.message.index:
        return False
    after = dropwhile(lambda each: each is not obr, conversion.read.message.segments())
    group = takewhile(lambda each: each is obr or each.name not in ("ORC", "OBR", "PID"), after)
    return any(each.name == "SPM" for each in group)


def order(conversion: Conversion, segment: Segment) -> None:
    """ORC with or without its OBR -> ServiceRequest and its Provenance."""
    read, waiting = conversion.read, conversion.take_orc()
    if (not waiting or read.is_empty(waiting)) and (not segment or read.is_empty(segment)):
        return
    conversion.request = orc_service_request(read, waiting, segment)
    time(conversion)
    link = conversion.add_focus(conversion.request)
    if waiting:
        conversion.add_resource(orc_provenance(read, waiting, link))
    join(conversion)
    conversion.annotated = conversion.request


def rxo(conversion: Conversion, segment: Segment) -> None:
    """ORC with its RXO -> MedicationRequest and its Provenance."""
    read = conversion.read
    if not conversion.orc:
        close(conversion)
    if read.is_empty(segment, since=1):
        return
    waiting = conversion.take_orc()
    conversion.prescription = rxo_medication_request(read, waiting, segment)
    for each in conversion.timings:
        _timed(conversion, each)
    conversion.timings = []
    link = conversion.add_focus(conversion.prescription)
    if waiting:
        conversion.add_resource(orc_provenance(read, waiting, link))
    join(conversion)
    conversion.annotated = conversion.prescription


def _timed(conversion: Conversion, tq1: Segment) -> None:
    timing, notes = tq1_timing(conversion.read, tq1)
    _dosage(conversion, element(timing=timing))
    merge(conversion.prescription, element(note=notes, priority=tq_priority(conversion.read, tq1, "9")))


def _dosage(conversion: Conversion, more: Element) -> None:
    """More of the only dosage of a prescription."""
    dosage = dict(conversion.prescription.get("dosageInstruction", [{}])[0])
    merge(dosage, more)
    conversion.prescription.update(element(dosageInstruction=[dosage]))


def rxr(conversion: Conversion, segment: Segment) -> None:
    """How a medicine is given; a second way, of which FHIR's dosage has no room, is named."""
    read = conversion.read
    conversion.annotated = conversion.prescription
    if not conversion.prescription or read.is_empty(segment, since=1):
        return
    if "route" in conversion.prescription.get("dosageInstruction", [{}])[0]:
        text = "another route of the same order: the first stays"
        read.note(code="conflict", where=segment.where(), text=text, rule="second-value")
    else:
        _dosage(conversion, rxr_dosage(read, segment))


def rxc(conversion: Conversion, segment: Segment) -> None:
    """A component of a medicine: the guide has no map for it, and without it the order is not whole."""
    conversion.annotated = conversion.prescription
    text = "a component of the ordered medicine: left out, so the order is not complete"
    conversion.read.note(code="not-supported", where=segment.where(), text=text, rule="component-not-mapped")


def timing(conversion: Conversion, segment: Segment) -> None:
    """TQ1 after the medicine that it times, else of an order of a service."""
    if conversion.prescription and not conversion.orc:
        _timed(conversion, segment)
    else:
        tq1(conversion, segment)


def dg1(conversion: Conversion, segment: Segment) -> None:
    """A diagnosis under an order is its reason."""
    if conversion.prescription and not conversion.orc:
        conversion.append(conversion.prescription, "reasonReference", reason(conversion, segment))
    else:
        dg1_of_request(conversion, segment)


def obx(conversion: Conversion, segment: Segment) -> None:
    """What was known when it was ordered."""
    if conversion.prescription:
        made = observation(conversion, segment)
        conversion.append(conversion.prescription, "supportingInformation", conversion.read.keep(made) if made else {})
        return
    if not conversion.request:
        conversion.add_focus(observation(conversion, segment))
        return
    made = observation(conversion, segment)
    conversion.append(conversion.request, "supportingInfo", conversion.read.keep(made) if made else {})


def spm(conversion: Conversion, segment: Segment) -> None:
    """A specimen of the order."""
    if conversion.read.is_empty(segment):
        return
    made = spm_specimen(conversion.read, segment)
    collected(conversion, made)
    conversion.specimens = [made]
    link = conversion.read.keep(made)
    conversion.annotated = made
    if conversion.request:
        conversion.append(conversion.request, "specimen", link)
    else:
        conversion.focus.append(link)


def close(conversion: Conversion) -> None:
    """An ORC without OBR is an order too."""
    if conversion.orc:
        order(conversion, conversion.read.none("OBR"))
    conversion.request, conversion.prescription, conversion.specimens = {}, {}, []


ORDERS: dict[str, Handler] = {
    **COMMON,
    "ORC": orc,
    "OBR": obr,
    "OBX": obx,
    "SPM": spm,
    "TQ1": timing,
    "DG1": dg1,
    "RXO": rxo,
    "RXR": rxr,
    "RXC": rxc,
}
