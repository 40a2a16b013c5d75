"""ORM^O01, OML^O21, OMG^O19: orders."""

from itertools import dropwhile, takewhile

from shared.fhir.resource import Element, element
from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON, dg1_of_request, observation, reason
from shared.mapping.messages.participations import collected, join
from shared.mapping.messages.results import time, tq1
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.segments.medicine import rxo_medication_request, rxr_dosage
from shared.mapping.segments.order import orc_provenance, orc_service_request
from shared.mapping.segments.specimen import obr_specimen, spm_specimen
from shared.mapping.segments.timing import tq1_timing, tq_priority


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


def rxo(story: Story, segment: Segment) -> None:
    """ORC with its RXO -> MedicationRequest and where it comes from."""
    read = story.read
    if not story.orc:
        close(story)
    if read.is_empty(segment, since=1):
        return
    waiting = story.taken()
    story.prescription = rxo_medication_request(read, waiting, segment)
    for each in story.timings:
        _timed(story, each)
    story.timings = []
    told = story.tell(story.prescription)
    if waiting:
        story.also(orc_provenance(read, waiting, told))
    join(story)
    story.noted = story.prescription


def _timed(story: Story, tq1: Segment) -> None:
    timing, notes = tq1_timing(story.read, tq1)
    _dosage(story, element(timing=timing))
    merge(story.prescription, element(note=notes, priority=tq_priority(story.read, tq1, "9")))


def _dosage(story: Story, more: Element) -> None:
    """More of the only dosage of a prescription."""
    dosage = dict(story.prescription.get("dosageInstruction", [{}])[0])
    merge(dosage, more)
    story.prescription.update(element(dosageInstruction=[dosage]))


def rxr(story: Story, segment: Segment) -> None:
    """How a medicine is given; a second way, of which FHIR's dosage has no room, is named."""
    read = story.read
    story.noted = story.prescription
    if not story.prescription or read.is_empty(segment, since=1):
        return
    if "route" in story.prescription.get("dosageInstruction", [{}])[0]:
        text = "another route of the same order: the first stays"
        read.note("conflict", segment.where(), text, "second-value")
    else:
        _dosage(story, rxr_dosage(read, segment))


def rxc(story: Story, segment: Segment) -> None:
    """A component of a medicine: the guide has no map for it, and without it the order is not whole."""
    story.noted = story.prescription
    text = "a component of the ordered medicine: left out, so the order is not complete"
    story.read.note("not-supported", segment.where(), text, "component-not-mapped")


def timing(story: Story, segment: Segment) -> None:
    """TQ1 after the medicine that it times, else of an order of a service."""
    if story.prescription and not story.orc:
        _timed(story, segment)
    else:
        tq1(story, segment)


def dg1(story: Story, segment: Segment) -> None:
    """A diagnosis under an order is its reason."""
    if story.prescription and not story.orc:
        story.add(story.prescription, "reasonReference", reason(story, segment))
    else:
        dg1_of_request(story, segment)


def obx(story: Story, segment: Segment) -> None:
    """What was known when it was ordered."""
    if story.prescription:
        made = observation(story, segment)
        story.add(story.prescription, "supportingInformation", story.read.keep(made) if made else {})
        return
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
    story.request, story.prescription, story.specimens = {}, {}, []


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
