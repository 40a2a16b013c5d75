"""Laboratory results in Wales: categories, times, groups of results, and their documents."""

from itertools import count

from shared.fhir.reference import Ids, full_url, reference
from shared.fhir.resource import Element, Resource, element, resource
from shared.hl7 import Message, Segment

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
V2_0074 = "http://terminology.hl7.org/CodeSystem/v2-0074"
LABORATORY = {"coding": [{"system": CATEGORY, "code": "laboratory", "display": "Laboratory"}]}
# Observation-Lab fixes this one, whose system is the address of a value set; the usual one is added.
LABORATORY_FIXED = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/ValueSet/observation-category",
            "version": "4.3.0",
            "code": "laboratory",
            "display": "Laboratory",
        }
    ]
}
LAB = {"system": V2_0074, "code": "LAB", "display": "Laboratory"}
DOCUMENT_STATUS = {  # Observation.status -> DocumentReference.docStatus
    "final": "final",
    "preliminary": "preliminary",
    "amended": "amended",
    "corrected": "amended",
    "entered-in-error": "entered-in-error",
}
CODED = ("CE", "CWE")


class Results:
    """The results of a message: which observation belongs to which report, and to which OBX."""

    def __init__(self, message: Message, made: list[Resource]) -> None:
        self.ids = Ids.of(message)
        self.places = {self.ids(f"OBX[{obx.occurrence}]"): obx for obx in message.segments("OBX")}
        self.made = {each["id"]: each for each in made}
        self.reports = [each for each in made if each["resourceType"] == "DiagnosticReport"]
        self.report_of = {of(each): report for report in self.reports for each in report.get("result", ())}
        self.gone: set[str] = set()

    def obx(self, observation: Resource) -> Segment | None:
        return self.places.get(observation["id"])


def of(leads: Element) -> str:
    """The id that a reference leads to."""
    return str(leads["reference"]).removeprefix("urn:uuid:")


def laboratory(results: Results) -> list[Resource]:
    """Every resource as a laboratory has it in Wales, in the order of the message."""
    for report in results.reports:
        group(results, report)
    for document in [each for each in results.made.values() if each["resourceType"] == "DocumentReference"]:
        present(results, document)
    return [lab(results, each) for each in results.made.values() if each["id"] not in results.gone]


def lab(results: Results, made: Resource) -> Resource:
    if made["resourceType"] == "Observation":
        return observation(made, results.report_of.get(made["id"], {}))
    return {**made, "category": section(made)} if made["resourceType"] == "DiagnosticReport" else made


def section(report: Resource) -> list[Element]:
    """DiagnosticReport-Lab has LAB in every category, and nothing else of table 0074: the section (OBR-24) is sent as text."""
    codings = [coding for each in report.get("category", ()) for coding in each.get("coding", ())]
    words = [each.get("display") or each["code"] for each in codings if each["code"] != LAB["code"]]
    return [element(coding=[LAB], text=", ".join(words))]


def observation(made: Resource, report: Resource) -> Resource:
    """A laboratory result, observed and issued at the times of its report unless it has its own."""
    times: Element = {
        name: report[name] for name in ("effectiveDateTime", "effectivePeriod", "issued", "basedOn") if name in report
    }
    if "effectiveDateTime" in made:
        times.pop("effectivePeriod", None)
    return {**times, **made, "category": [*made.get("category", ()), LABORATORY, LABORATORY_FIXED]}


def group(results: Results, report: Resource) -> None:
    """Results that share a sub-id (OBX-4) with a coded first one are its members: an organism and what it yields to."""
    groups: dict[str, list[str]] = {}
    for each in report.get("result", ()):
        obx = results.places.get(of(each))
        if obx and obx["4"]:
            groups.setdefault(obx["4"].partition(".")[0], []).append(of(each))
    for head, *members in groups.values():
        if members and results.places[head]["2"] in CODED:
            results.made[head] = {**results.made[head], "hasMember": [reference("Observation", each) for each in members]}
            report["result"] = [each for each in report["result"] if of(each) not in members]


def present(results: Results, document: Resource) -> None:
    """A document: its data in a Binary, referred to by the report. The observation that only carried it goes."""
    carrier = next((each for each in results.made.values() if reference_to(document) in each.get("derivedFrom", ())), {})
    report = results.report_of.get(carrier.get("id", ""), {})
    attachments = stored(results, document)
    results.made[document["id"]] = {
        **document,
        **element(date=report.get("issued"), docStatus=DOCUMENT_STATUS.get(carrier.get("status", ""))),
        "content": [{"attachment": each} for each in attachments],
        "context": element(
            **document.get("context", {}),
            related=[reference("DiagnosticReport", report.get("id", ""))],
        ),
    }
    if report:
        results.gone.add(carrier["id"])
        report["presentedForm"] = [*report.get("presentedForm", ()), *attachments]
        report["result"] = [each for each in report["result"] if of(each) != carrier["id"]]
        if not report["result"]:
            del report["result"]


def reference_to(document: Resource) -> Element:
    return {"reference": full_url(document["id"]), "type": "DocumentReference"}


def stored(results: Results, document: Resource) -> list[Element]:
    """The attachments of a document, each with the address of a Binary in place of its data."""
    title = document.get("type", {}).get("text") or next(
        (c.get("display") for c in document.get("type", {}).get("coding", ())), ""
    )
    names = (f"{document['id']}/Binary{number if number > 1 else ''}" for number in count(1))
    return [
        _stored(results, results.ids(name), content["attachment"], title)
        for name, content in zip(names, document["content"], strict=False)
    ]


def _stored(results: Results, binary: str, attachment: Element, title: str) -> Element:
    if "data" not in attachment:
        return element(**attachment, title=title)
    kind = attachment.get("contentType", "application/octet-stream")
    results.made[binary] = resource("Binary", id=binary, contentType=kind, data=attachment["data"])
    return element(contentType=kind, url=f"Binary/{binary}", title=title)
