"""ORU^R01: each OBX under its OBR, notes under what they annotate, specimens to their report."""

from shared.fhir.reference import reference
from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON, observation
from shared.mapping.messages.participations import collected, join
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.said import said
from shared.mapping.segments.observation import CODES
from shared.mapping.segments.order import obr_diagnostic_report, orc_service_request
from shared.mapping.segments.specimen import obr_specimen, spm_specimen
from shared.mapping.segments.timing import tq1_service_request

ABOUT_THE_ORDER = ("QST", "SCI")  # OBX-29: a question that the order asked, clinical information that it gave


def orc(story: Story, segment: Segment) -> None:
    close(story)
    story.orc = segment


def obr(story: Story, segment: Segment) -> None:
    """A report, and the order that it answers: so that what is said of the order has a place."""
    read = story.read
    close(story)
    order = story.taken()
    story.request = orc_service_request(read, order, segment)
    time(story)
    story.report = obr_diagnostic_report(read, order, segment)
    request = read.keep(story.request)
    story.tell(story.report)
    story.report["basedOn"] = [request]
    join(story)
    story.noted = story.request


def obx(story: Story, segment: Segment) -> None:
    """A result of its report; after the specimen and other results, something seen of the specimen."""
    made = observation(story, segment)
    if not made:
        return
    told = story.read.keep(made)
    if not story.report:
        story.focus.append(told)
    elif segment["29"] in ABOUT_THE_ORDER:
        story.add(story.request, "supportingInfo", told)
    elif story.specimens and story.results:
        last = story.specimens[-1]
        made["focus"] = [reference("Specimen", last["id"])]
        story.focus.append(told)
    else:
        story.results.append(made)
        story.sent_results.append(segment)
        story.report.setdefault("result", []).append(told)


def spm(story: Story, segment: Segment) -> None:
    """A specimen, of the report and of the observations that follow it."""
    if story.read.is_empty(segment):
        return
    made = spm_specimen(story.read, segment)
    collected(story, made)
    told = story.read.keep(made)
    story.specimens.append(made)
    story.noted = made
    if story.report:
        story.report.setdefault("specimen", []).append(told)
    else:
        story.focus.append(told)


def tq1(story: Story, segment: Segment) -> None:
    """When and how often: before the OBR it waits for it."""
    if story.orc or not story.request:
        story.timings.append(segment)
    else:
        timed(story.request, tq1_service_request(story.read, segment))


def time(story: Story) -> None:
    """What waited for the order."""
    for segment in story.timings:
        timed(story.request, tq1_service_request(story.read, segment))
    story.timings = []


def timed(request: Resource, more: Element) -> None:
    """TQ1 joins what OBR says; one choice of occurrence[x]: a time of its own is an event of the timing."""
    merge(request, more)
    if "occurrenceTiming" in request and "occurrenceDateTime" in request:
        moment = request.pop("occurrenceDateTime")
        request["occurrenceTiming"] = {**request["occurrenceTiming"], "event": [moment]}


def close(story: Story) -> None:
    """The group ends: its only specimen is that of its results, with what OBR says of it beside."""
    if story.report and len(story.specimens) < 2:
        _specimen_of_obr(story)
    if len(story.specimens) == 1:
        told = reference("Specimen", story.specimens[0]["id"])
        for result in story.results:
            result.setdefault("specimen", told)
    tie(story)
    story.request, story.report, story.results, story.specimens, story.sent_results = {}, {}, [], [], []


def tie(story: Story) -> None:
    """OBX-4: a coded result and those that share its sub-id become one group, the first with the others as its members.

    An organism and the drugs that it was tried with. A sub-id that no coded result opens, or that all results of a report
    have and of which several are coded, shows no such group: it is named in an issue.
    """
    groups: dict[str, list[int]] = {}
    for place, obx in enumerate(story.sent_results):
        if sub_id := said(obx, "4").partition(".")[0]:
            groups.setdefault(sub_id, []).append(place)
    for first, *others in groups.values():
        if not others:
            continue
        if _opens(story, first, others):
            members = [reference("Observation", story.results[each]["id"]) for each in others]
            story.results[first]["hasMember"] = members
        else:
            where, words = story.sent_results[first].where("4"), "results of one sub-id, of which none is plainly the first"
            story.read.note("informational", where, words, "sub-id-not-mapped", "information")


def _opens(story: Story, first: int, others: list[int]) -> bool:
    coded = [story.sent_results[each]["2"] in CODES for each in (first, *others)]
    everywhere = len(coded) == len(story.results)
    return coded[0] and not (everywhere and sum(coded) > 1)


def _specimen_of_obr(story: Story) -> None:
    """OBR's specimen, or what OBR adds to the one of SPM."""
    occurrence = sum(each["resourceType"] == "DiagnosticReport" for each in story.read.resources)
    made = obr_specimen(story.read, story.read.message.segment("OBR", occurrence))
    if made and story.specimens:
        if "collection" in story.specimens[0]:
            made.get("collection", {}).pop("collectedDateTime", "")
            made.get("collection", {}).pop("collectedPeriod", "")
        merge(story.specimens[0], made)
    elif made:
        collected(story, made)
        story.report["specimen"] = [story.read.keep(made)]
        story.specimens.append(made)


RESULTS: dict[str, Handler] = {**COMMON, "ORC": orc, "OBR": obr, "OBX": obx, "SPM": spm, "TQ1": tq1}
