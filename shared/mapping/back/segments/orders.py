"""ORC, OBR and SPM from FHIR resources: the inverse of the guide."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, contact_point_xtn, identifier_cx, identifier_ei, identifiers_eip, type_code
from shared.mapping.back.reading import only_first, peek
from shared.mapping.back.values import (
    code_of,
    concept_code,
    concept_cwe,
    date_time_dtm,
    extension_element,
    extension_value,
    first_code,
    quantity_cq,
)
from shared.mapping.back.writing import Writing, chosen, repeated, where_of
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.results.report import PERFORMER_FUNCTION
from shared.mapping.tables import (
    ADDITIVE,
    DIAGNOSTIC_SERVICE,
    ORDER_STATUS,
    PRIORITY,
    REPORT_STATUS,
    SPECIMEN_AVAILABILITY,
    SPECIMEN_CONDITION,
    SPECIMEN_METHOD,
    SPECIMEN_TYPE,
)

# HL7 table 0123, for codes without an inverse in the guide's table. A report that was entered in error is written as one without
# results (X), because no code is closer; each of its results has the status entered in error.
OF_REPORT = {"amended": "C", "appended": "C", "entered-in-error": "X"}


def request_orc(write: Writing, request: Resource, report: Resource, control: str) -> Segment:
    """ServiceRequest (or the report alone) -> ORC. Source: guide, ORC[ServiceRequest] read backwards."""
    numbers = request.get("identifier", []) or report.get("identifier", [])
    requester = write.resolve(request.get("requester", {}))
    organization = write.resolve(requester.get("organization", {})) if requester.get("resourceType") == "PractitionerRole" else {}
    return write.segment(
        "ORC",
        {
            "1": control,
            "2": _number(numbers, "PLAC"),
            "3": _number(numbers, "FILL"),
            "4": _number([request["requisition"]], "PGN") if request.get("requisition") else "",
            "5": code_of(request, "status", ORDER_STATUS) if request.get("status") != "active" else "",
            "9": date_time_dtm(request.get("authoredOn", "")),
            "12": write.practitioner(request.get("requester", {})),
            "14": contact_point_xtn(extension_element(request, HL7 + "servicerequest-order-callback-phone-number")),
            "21": write.organization({"reference": requester["organization"]["reference"]}) if organization else "",
            "22": repeated(organization.get("address", []), address_xad),
            "23": repeated(organization.get("telecom", []), contact_point_xtn),
        },
    )


def _number(identifiers: list[Element], kind: str) -> Value:
    found = [each for each in identifiers if type_code(each) == kind]
    return identifier_ei(found[0]) if found else ""


def order_obr(write: Writing, request: Resource, report: Resource) -> Segment:
    """ServiceRequest and DiagnosticReport -> OBR. Source: guide, OBR[ServiceRequest], OBR[DiagnosticReport] backwards."""
    numbers = report.get("identifier", []) or request.get("identifier", [])
    start, end = period_times(report)
    information = only_first([each for each in request.get("supportingInfo", []) if not peek(each, "reference")])
    return write.segment(
        "OBR",
        {
            "1": write.count("OBR"),
            "2": _number(numbers, "PLAC"),
            "3": _number(numbers, "FILL"),
            "4": concept_cwe(report.get("code") or request.get("code", {})),
            "5": code_of(request, "priority", PRIORITY) if not report else "",
            "6": date_time_dtm(request.get("occurrenceDateTime", "")),
            "7": date_time_dtm(start),
            "8": date_time_dtm(end),
            "11": "G" if request.get("intent") == "reflex-order" else "",
            "13": [each.get("display", "") for each in information],
            "16": write.practitioner(request.get("requester", {})),
            "22": date_time_dtm(report.get("issued", "")),
            "24": concept_code(report.get("category", [{}])[0], DIAGNOSTIC_SERVICE) if report.get("category") else "",
            "25": _report_status(write, report),
            "31": [concept_cwe(each) for each in request.get("reasonCode", [])],
            "32": [_ndl(write, each) for each in only_first(report.get("resultsInterpreter", []))],
            "34": [_ndl(write, each) for each in report.get("performer", []) if _function(each) == "SPRF"],
            "35": [_ndl(write, each) for each in report.get("performer", []) if _function(each) == "TRANS"],
            **_specimen_fields(write, report),
        },
    )


def _report_status(write: Writing, report: Resource) -> str:
    """OBR-25 by HL7 table 0123. It has no code for a report that was entered in error: that is written as X, with an issue."""
    if report.get("status") == "entered-in-error":
        text = "entered in error; written as X (no results available)"
        write.note(where=f"{where_of(report)}.status", text=text, rule="status-written-as-another", severity="warning")
    return code_of(report, "status", REPORT_STATUS, OF_REPORT)


def _specimen_fields(write: Writing, report: Resource) -> dict[str, Value]:
    """A Specimen from OBR is written back to OBR: collector, receipt and source."""
    places = [write.resolve(each) for each in report.get("specimen", [])]
    old = [each for each in places if each and is_of_obr(each)]
    if not old:
        collectors = [each.get("collection", {}).get("collector", {}) for each in places]
        return {"10": write.practitioner(collectors[0])} if collectors and collectors[0] else {}
    specimen = write.take(old[0])
    collection = specimen.get("collection", {})
    kind = concept_cwe(specimen.get("type", {}), SPECIMEN_TYPE)
    return {
        "9": quantity_cq(collection["quantity"]) if collection.get("quantity") else "",
        "10": write.practitioner(collection.get("collector", {})),
        "14": date_time_dtm(specimen.get("receivedTime", "")),
        "15": (tuple(str(each or "") for each in kind) if kind[0] else kind[-1],) if any(kind) else "",
    }


def is_of_obr(specimen: Resource) -> bool:
    """Whether only OBR describes a Specimen: it has no number."""
    return not specimen.get("identifier") and not specimen.get("accessionIdentifier")


def period_times(report: Resource) -> tuple[str, str]:
    kind, when = chosen(report, "effective")
    if kind == "Period":
        return when.get("start", ""), when.get("end", "")
    return (when, "") if kind == "DateTime" else ("", "")


def _ndl(write: Writing, reference: Element) -> Value:
    """NDL: the person is one component with subcomponents."""
    role = write.resolve(reference)
    xcn = write.practitioner(reference)
    period = role.get("period", {})
    return (
        tuple(str(each or "") for each in xcn[:6]),
        date_time_dtm(period.get("start", "")),
        date_time_dtm(period.get("end", "")),
    )


def _function(reference: Element) -> str:
    concept = extension_value(reference, PERFORMER_FUNCTION)
    return first_code(concept) if isinstance(concept, dict) else "SPRF"


def specimen_spm(write: Writing, specimen: Resource) -> Segment:
    """Specimen -> SPM. Source: guide, SPM[Specimen] read backwards."""
    collection = specimen.get("collection", {})
    container = specimen.get("container", [{}])
    kind, when = chosen(collection, "collected")
    own = [each for each in specimen.get("identifier", []) if type_code(each) in ("PLAC", "FILL")]
    return write.segment(
        "SPM",
        {
            "1": write.count("SPM"),
            "2": identifiers_eip(own, "PLAC", "FILL") if own else "",
            "4": concept_cwe(specimen.get("type", {}), SPECIMEN_TYPE),
            "6": [
                concept_cwe(each.get("additiveCodeableConcept", {}), ADDITIVE)
                for each in container
                if "additiveCodeableConcept" in each
            ],
            "7": concept_cwe(collection.get("method", {}), SPECIMEN_METHOD),
            "8": concept_cwe(collection.get("bodySite", {})),
            "12": quantity_cq(collection["quantity"]) if collection.get("quantity") else "",
            "14": "\n".join(each.get("text", "") for each in specimen.get("note", [])),
            "17": (date_time_dtm(when.get("start", "")), date_time_dtm(when.get("end", "")))
            if kind == "Period"
            else date_time_dtm(when or ""),
            "18": date_time_dtm(specimen.get("receivedTime", "")),
            "20": code_of(specimen, "status", SPECIMEN_AVAILABILITY),
            "24": [concept_cwe(each, SPECIMEN_CONDITION) for each in specimen.get("condition", [])],
            "27": concept_cwe(container[0].get("type", {})),
            "30": identifier_cx(specimen.get("accessionIdentifier", {})),
            "31": repeated([each for each in specimen.get("identifier", []) if each not in own], identifier_cx),
        },
    )
