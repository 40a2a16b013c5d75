"""ORU^R01: each OBX with its OBR, each note with its segment, each specimen with its report."""

from shared.fhir.reference import reference
from shared.fhir.resource import Element, Resource
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.common import COMMON, observation
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.messages.participations import collected, join
from shared.mapping.segments.orders.order import orc_service_request
from shared.mapping.segments.orders.timing import tq1_service_request
from shared.mapping.segments.results.observation_value import CODES
from shared.mapping.segments.results.report import obr_diagnostic_report
from shared.mapping.segments.results.specimen import obr_specimen, spm_specimen
from shared.mapping.texts import text_at

ABOUT_THE_ORDER = ("QST", "SCI")  # OBX-29: a question of the order, clinical information of the order


def orc(conversion: Conversion, segment: Segment) -> None:
    close(conversion)
    conversion.orc = segment


def obr(conversion: Conversion, segment: Segment) -> None:
    """A report and its order, which has the information about the order."""
    read = conversion.read
    close(conversion)
    order = conversion.take_orc()
    conversion.request = orc_service_request(read, order, segment)
    time(conversion)
    conversion.report = obr_diagnostic_report(read, order, segment)
    request = read.keep(conversion.request)
    conversion.add_focus(conversion.report)
    conversion.report["basedOn"] = [request]
    join(conversion)
    conversion.annotated = conversion.request


def obx(conversion: Conversion, segment: Segment) -> None:
    """A result of its report; after the specimen and other results, an observation about the specimen."""
    made = observation(conversion, segment)
    if not made:
        return
    link = conversion.read.keep(made)
    if not conversion.report:
        conversion.focus.append(link)
    elif segment["29"] in ABOUT_THE_ORDER:
        conversion.append(conversion.request, "supportingInfo", link)
    elif conversion.specimens and conversion.results:
        last = conversion.specimens[-1]
        made["focus"] = [reference("Specimen", last["id"])]
        conversion.focus.append(link)
    else:
        conversion.results.append(made)
        conversion.sent_results.append(segment)
        conversion.report.setdefault("result", []).append(link)


def spm(conversion: Conversion, segment: Segment) -> None:
    """A specimen of the report and of the observations after it."""
    if conversion.read.is_empty(segment):
        return
    made = spm_specimen(conversion.read, segment)
    collected(conversion, made)
    link = conversion.read.keep(made)
    conversion.specimens.append(made)
    conversion.annotated = made
    if conversion.report:
        conversion.report.setdefault("specimen", []).append(link)
    else:
        conversion.focus.append(link)


def tq1(conversion: Conversion, segment: Segment) -> None:
    """Time and frequency; before the OBR it waits for it."""
    if conversion.orc or not conversion.request:
        conversion.timings.append(segment)
    else:
        timed(conversion.request, tq1_service_request(conversion.read, segment))


def time(conversion: Conversion) -> None:
    """The timings that wait for the order."""
    for segment in conversion.timings:
        timed(conversion.request, tq1_service_request(conversion.read, segment))
    conversion.timings = []


def timed(request: Resource, more: Element) -> None:
    """TQ1 is added to the timing of OBR; occurrence[x] has one choice: another time is an event of the timing."""
    merge(request, more)
    if "occurrenceTiming" in request and "occurrenceDateTime" in request:
        moment = request.pop("occurrenceDateTime")
        request["occurrenceTiming"] = {**request["occurrenceTiming"], "event": [moment]}


def close(conversion: Conversion) -> None:
    """The end of a group: its only specimen is that of its results, with the information of OBR."""
    if conversion.report and len(conversion.specimens) < 2:
        _specimen_of_obr(conversion)
    if len(conversion.specimens) == 1:
        link = reference("Specimen", conversion.specimens[0]["id"])
        for result in conversion.results:
            result.setdefault("specimen", link)
    tie(conversion)
    conversion.request, conversion.report, conversion.results, conversion.specimens, conversion.sent_results = {}, {}, [], [], []


def tie(conversion: Conversion) -> None:
    """OBX-4: a coded result and those with the same sub-id become one group, with the first as parent and the others as members.

    For example an organism and the drugs of its susceptibility test. A sub-id without a coded first result, or one that all
    results of a report have with several coded ones, is not such a group: an issue names it.
    """
    groups: dict[str, list[int]] = {}
    for place, obx in enumerate(conversion.sent_results):
        if sub_id := text_at(obx, "4").partition(".")[0]:
            groups.setdefault(sub_id, []).append(place)
    for first, *others in groups.values():
        if not others:
            continue
        if _opens(conversion, first, others):
            members = [reference("Observation", conversion.results[each]["id"]) for each in others]
            conversion.results[first]["hasMember"] = members
        else:
            where, words = (
                conversion.sent_results[first].where("4"),
                "results with the same sub-id, but it is not clear which one is the parent",
            )
            conversion.read.note(code="informational", where=where, text=words, rule="sub-id-not-mapped", severity="information")


def _opens(conversion: Conversion, first: int, others: list[int]) -> bool:
    coded = [conversion.sent_results[each]["2"] in CODES for each in (first, *others)]
    everywhere = len(coded) == len(conversion.results)
    return coded[0] and not (everywhere and sum(coded) > 1)


def _specimen_of_obr(conversion: Conversion) -> None:
    """The specimen of OBR, or the information of OBR about the specimen of SPM."""
    occurrence = sum(each["resourceType"] == "DiagnosticReport" for each in conversion.read.resources)
    made = obr_specimen(conversion.read, conversion.read.message.segment("OBR", occurrence))
    if made and conversion.specimens:
        if "collection" in conversion.specimens[0]:
            made.get("collection", {}).pop("collectedDateTime", "")
            made.get("collection", {}).pop("collectedPeriod", "")
        merge(conversion.specimens[0], made)
    elif made:
        collected(conversion, made)
        conversion.report["specimen"] = [conversion.read.keep(made)]
        conversion.specimens.append(made)


RESULTS: dict[str, Handler] = {**COMMON, "ORC": orc, "OBR": obr, "OBX": obx, "SPM": spm, "TQ1": tq1}
