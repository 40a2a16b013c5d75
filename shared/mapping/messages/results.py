"""ORU^R01: each OBX with its OBR, each note with its segment, each specimen with its report."""

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

ABOUT_THE_ORDER = ("QST", "SCI")  # OBX-29: a question of the order, clinical information of the order


def orc(story: Story, segment: Segment) -> None:
    close(story)
    story.orc = segment


def obr(story: Story, segment: Segment) -> None:
    """A report and its order, which has the information about the order."""
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
    """A result of its report; after the specimen and other results, an observation about the specimen."""
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
    """A specimen of the report and of the observations after it."""
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
    """Time and frequency; before the OBR it waits for it."""
    if story.orc or not story.request:
        story.timings.append(segment)
    else:
        timed(story.request, tq1_service_request(story.read, segment))


def time(story: Story) -> None:
    """The timings that wait for the order."""
    for segment in story.timings:
        timed(story.request, tq1_service_request(story.read, segment))
    story.timings = []


def timed(request: Resource, more: Element) -> None:
    """TQ1 is added to the timing of OBR; occurrence[x] has one choice: another time is an event of the timing."""
    merge(request, more)
    if "occurrenceTiming" in request and "occurrenceDateTime" in request:
        moment = request.pop("occurrenceDateTime")
        request["occurrenceTiming"] = {**request["occurrenceTiming"], "event": [moment]}


def close(story: Story) -> None:
    """The end of a group: its only specimen is that of its results, with the information of OBR."""
    if story.report and len(story.specimens) < 2:
        _specimen_of_obr(story)
    if len(story.specimens) == 1:
        told = reference("Specimen", story.specimens[0]["id"])
        for result in story.results:
            result.setdefault("specimen", told)
    tie(story)
    story.request, story.report, story.results, story.specimens, story.sent_results = {}, {}, [], [], []


def tie(story: Story) -> None:
    """OBX-4: a coded result and those with the same sub-id become one group, with the first as parent and the others as members.

    For example an organism and the drugs of its susceptibility test. A sub-id without a coded first result, or one that all
    results of a report have with several coded ones, is not such a group: an issue names it.
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
            where, words = (
                story.sent_results[first].where("4"),
                "results with the same sub-id, but it is not clear which one is the parent",
            )
            story.read.note("informational", where, words, "sub-id-not-mapped", "information")


def _opens(story: Story, first: int, others: list[int]) -> bool:
    coded = [story.sent_results[each]["2"] in CODES for each in (first, *others)]
    everywhere = len(coded) == len(story.results)
    return coded[0] and not (everywhere and sum(coded) > 1)


def _specimen_of_obr(story: Story) -> None:
    """The specimen of OBR, or the information of OBR about the specimen of SPM."""
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
