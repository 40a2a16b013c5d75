"""ServiceRequest, DiagnosticReport, Observation, Specimen, Annotation -> ORC, OBR, OBX, NTE, SPM, TQ1."""

from typing import Any

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import (
    address_xad,
    code_of,
    concept_cwe,
    contact_point_xtn,
    date_time_dtm,
    extension_value,
    identifier_cx,
    identifier_ei,
    identifiers_eip,
    number,
    quantity_cq,
    quantity_unit,
    type_code,
)
from shared.mapping.back.reading import expressed, forget, peek
from shared.mapping.back.writing import Writing, chosen, repeated, where_of
from shared.mapping.datatypes.person import HL7
from shared.mapping.segments.clinical import ALTERNATE
from shared.mapping.segments.order import PERFORMER_FUNCTION
from shared.mapping.tables import (
    ADDITIVE,
    DIAGNOSTIC_SERVICE,
    INTERPRETATION,
    NATURE_OF_ABNORMAL_TEST,
    OBSERVATION_STATUS,
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
OF_RESULT = {"registered": "I", "amended": "C", "unknown": ""}  # HL7 table 0085 of version 2.5.1


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
            "14": _callback(request),
            "21": write.organization({"reference": requester["organization"]["reference"]}) if organization else "",
            "22": repeated(organization.get("address", []), address_xad),
            "23": repeated(organization.get("telecom", []), contact_point_xtn),
        },
    )


def _number(identifiers: list[Element], kind: str) -> Value:
    found = [each for each in identifiers if type_code(each) == kind]
    return identifier_ei(found[0]) if found else ""


def _callback(request: Resource) -> Value:
    point = extension_value(request, HL7 + "servicerequest-order-callback-phone-number")
    return contact_point_xtn(point) if isinstance(point, dict) else ""


def order_obr(write: Writing, request: Resource, report: Resource) -> Segment:
    """ServiceRequest and DiagnosticReport -> OBR. Source: guide, OBR[ServiceRequest], OBR[DiagnosticReport] backwards."""
    numbers = report.get("identifier", []) or request.get("identifier", [])
    start, end = _period(report)
    information = [each.get("display", "") for each in request.get("supportingInfo", []) if not each.get("reference")]
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
            "13": information[0] if information else "",
            "16": write.practitioner(request.get("requester", {})),
            "22": date_time_dtm(report.get("issued", "")),
            "24": concept_cwe(report.get("category", [{}])[0], DIAGNOSTIC_SERVICE)[0] if report.get("category") else "",
            "25": _report_status(write, report),
            "31": [concept_cwe(each) for each in request.get("reasonCode", [])],
            "32": [_ndl(write, each) for each in report.get("resultsInterpreter", [])][:1],
            "34": [_ndl(write, each) for each in report.get("performer", []) if _function(each) == "SPRF"],
            "35": [_ndl(write, each) for each in report.get("performer", []) if _function(each) == "TRANS"],
            **_specimen_fields(write, report),
        },
    )


def _report_status(write: Writing, report: Resource) -> str:
    """OBR-25 by HL7 table 0123. It has no code for a report that was entered in error: that is written as X, with an issue."""
    if report.get("status") == "entered-in-error":
        text = "entered in error; written as X (no results available)"
        write.note(f"{where_of(report)}.status", text, "status-written-as-another", "warning")
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
        "15": (tuple(str(each or "") for each in kind) if len(kind) > 1 and kind[0] else kind[0] or kind[-1],)
        if any(kind)
        else "",
    }


def is_of_obr(specimen: Resource) -> bool:
    """Whether only OBR describes a Specimen: it has no number."""
    return not specimen.get("identifier") and not specimen.get("accessionIdentifier")


def _period(report: Resource) -> tuple[str, str]:
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
    return concept["coding"][0]["code"] if isinstance(concept, dict) else "SPRF"


def observation_obxs(write: Writing, observation: Resource) -> list[Segment]:
    """Observation -> OBX, and one more for each component with another code, all with the same sub-id (OBX-4)."""
    every = observation.get("component", [])
    components = [each for each in every if not is_repetition(observation, each)]
    sub_id = write.count("OBX") if components else ""
    # An OBX of its own only for what it says itself: else its code finds no field, and counts as unread.
    has_own = not components or len(components) < len(every) or any(_is_said(name) for name in observation)
    whole = [observation_obx(write, observation, observation, sub_id)] if has_own else []
    return [*whole, *(observation_obx(write, observation, each, sub_id) for each in components)]


def _is_said(name: str) -> bool:
    return name.startswith("value") or name in ("referenceRange", "interpretation", "dataAbsentReason")


def is_repetition(observation: Resource, component: Element) -> bool:
    """Whether a component is one of several values of the observation: it has the same code."""
    return bool(peek(component, "code") == peek(observation, "code"))


def observation_obx(write: Writing, observation: Resource, part: Element, sub_id: str = "") -> Segment:
    """Observation, or one of its components, -> OBX. Source: inverse of guide, OBX[Observation]."""
    kind, value, unit = observation_value(write, part)
    performers = [write.resolve(each) for each in observation.get("performer", [])]
    return write.segment(
        "OBX",
        {
            "1": write.count("OBX"),
            "2": kind,
            "3": concept_cwe(part.get("code", {})),
            "4": sub_id,
            "5": value,
            "6": unit,
            "7": reference_range(part),
            "8": [concept_cwe(each, INTERPRETATION) for each in part.get("interpretation", [])],
            "10": _nature(observation),
            "11": _status(observation),
            "14": date_time_dtm(_start(observation)),
            "16": [write.practitioner(each.get("practitioner", {})) for each in performers if _is_observer(each)],
            "17": concept_cwe(observation.get("method", {})),
            "18": _devices(write, observation),
            "20": concept_cwe(observation.get("bodySite", {})),
            "21": identifier_ei(observation.get("identifier", [{}])[0]),
            **_organizations(write, observation, performers),
            "29": _category(observation),
        },
    )


def _start(observation: Resource) -> str:
    """The time of the observation; the end of a period has no field."""
    start, _ = _period(observation)
    forget(observation.get("effectivePeriod", {}), "end")
    return start


def reference_range(part: Element) -> str:
    """OBX-7: ``1-5``, ``>=1``, ``<=5`` or a text; ``""`` for a range of only some patients, which has no field.

    The unit is that of OBX-6; a limit in another unit has its unit in the text. Source: HL7 v2.5.1 section 7.4.2.7.
    """
    held = part.get("referenceRange", [{}])[0]
    if any(peek(held, name) for name in ("appliesTo", "age")):
        return ""
    unit = _unit(peek(part, "valueQuantity") or {})
    low, high = (_limit(held.get(name, {}), unit) for name in ("low", "high"))
    if low and high:
        return f"{low}-{high}"
    return f">={low}" if low else f"<={high}" if high else str(held.get("text", ""))


def _limit(quantity: Element, unit: str) -> str:
    """A limit of a range, with its unit unless that is the unit of the value."""
    own = _unit(quantity)
    for name in ("unit", "code", "system"):
        quantity.get(name)
    return number(quantity.get("value")) + (f" {own}" if own and own != unit and peek(quantity, "value") is not None else "")


def _unit(quantity: Element) -> str:
    return str(peek(quantity, "unit") or peek(quantity, "code") or "")


def _is_observer(role: Resource) -> bool:
    return any(each.get("text") == "responsible observer" for each in role.get("code", ()))


def _is_director(role: Resource) -> bool:
    return any(coding.get("code") == "MDIR" for each in role.get("code", ()) for coding in each.get("coding", ()))


def _organizations(write: Writing, observation: Resource, performers: list[Resource]) -> dict[str, Value]:
    """Performers that are organizations -> OBX-23 and 24, otherwise OBX-15; the director -> OBX-25."""
    directors = [each for each in performers if _is_director(each)]
    own = [each for each in observation.get("performer", []) if write.resolve(each).get("resourceType") == "Organization"]
    of_director = [each["organization"] for each in directors if each.get("organization")]
    performing = [*of_director, *own]
    organization = write.resolve(performing[0]) if performing else {}
    producer = write.resolve(performing[1]) if len(performing) > 1 else {}
    return {
        "15": (producer.get("identifier", [{}])[0].get("value", ""), producer.get("name", "")),
        "23": write.organization(performing[0]) if performing else "",
        "24": repeated(organization.get("address", []), address_xad),
        "25": [write.practitioner(each.get("practitioner", {})) for each in directors][:1],
    }


def _devices(write: Writing, observation: Resource) -> list[Value]:
    device = write.resolve(observation.get("device", {}))
    return repeated(device.get("identifier", []), identifier_ei)


def _nature(observation: Resource) -> Value:
    concept = extension_value(observation, HL7 + "observation-nature-of-abnormal-test")
    return concept_cwe(concept, NATURE_OF_ABNORMAL_TEST) if isinstance(concept, dict) else ""


def _category(observation: Resource) -> str:
    codings = [each for kind in observation.get("category", ()) for each in kind.get("coding", ())]
    return next((each.get("code", "") for each in codings if each.get("system", "").endswith("v2-0936")), "")


def _status(observation: Resource) -> str:
    """OBX-11: as sent, otherwise by the table."""
    as_sent = extension_value(observation.get("_status", {}), ALTERNATE)
    if isinstance(as_sent, dict):
        return str(as_sent.get("text") or as_sent["coding"][0]["code"])
    return code_of(observation, "status", OBSERVATION_STATUS, OF_RESULT)


def observation_value(write: Writing, observation: Resource) -> tuple[str, Value, Value]:
    """The type, value and unit of an Observation: OBX-2, OBX-5, OBX-6."""
    components = [each for each in observation.get("component", []) if is_repetition(observation, each)]
    if components:
        values = [_value(*chosen(each, "value")) for each in components]
        for each in components:
            expressed(each, "code")
        return values[0][0], [each[1] for each in values], values[0][2]
    documents = [write.resolve(each) for each in observation.get("derivedFrom", [])]
    for document in documents:
        if document.get("resourceType") == "DocumentReference":
            return (*attachment_value(document["content"][0]["attachment"]), "")
    return _value(*chosen(observation, "value"))


def _value(kind: str, value: Any) -> tuple[str, Value, Value]:
    if kind == "Quantity":
        return _quantity(value)
    if kind == "CodeableConcept":
        return "CWE", concept_cwe(value), ""
    if kind in ("Range", "Ratio"):
        return _two(kind, value)
    if kind == "Period":
        return "DR", (date_time_dtm(value.get("start", "")), date_time_dtm(value.get("end", ""))), ""
    if kind == "DateTime":
        return ("DT" if "T" not in value else "DTM"), date_time_dtm(value), ""
    if kind == "Time":
        return "TM", date_time_dtm(value), ""
    if kind == "SampledData":
        return "NA", tuple("" if each == "E" else each for each in value.get("data", "").split()), ""
    return _plain(kind, value)


def _plain(kind: str, value: Any) -> tuple[str, Value, Value]:
    """Text: one line is ST, several are repetitions of TX; a boolean or an integer is text or a number."""
    if kind == "String":
        lines = value.split("\n")
        return ("ST", value, "") if len(lines) == 1 else ("TX", list(lines), "")
    if kind == "Boolean":
        return "ID", "Y" if value else "N", ""
    return ("NM", str(value), "") if kind == "Integer" else ("", "", "")


def _quantity(value: Element) -> tuple[str, Value, Value]:
    comparator = value.get("comparator", "")
    if comparator:
        return "SN", (comparator, number(value.get("value"))), quantity_unit(value)
    return "NM", number(value.get("value")), quantity_unit(value)


def _two(kind: str, value: Element) -> tuple[str, Value, Value]:
    names, separator = (("low", "high"), "-") if kind == "Range" else (("numerator", "denominator"), ":")
    first, second = (value.get(name, {}) for name in names)
    if kind == "Range" and bool(first) != bool(second):
        return (
            "SN",
            (">=", number(first.get("value"))) if first else ("<=", number(second.get("value"))),
            quantity_unit(first or second),
        )
    sent = (first.get("comparator", ""), number(first.get("value")), separator, number(second.get("value")))
    return "SN", sent, quantity_unit(first)


def attachment_value(attachment: Element) -> tuple[str, Value]:
    """ED of an attachment with data, RP of one with a URL."""
    main, _, sub = attachment.get("contentType", "").partition("/")
    kind = {"application": "AP", "image": "IM", "text": "TEXT", "audio": "AU"}.get(main, main)
    if attachment.get("data"):
        return "ED", ("", kind, sub.upper(), "Base64", attachment["data"])
    return "RP", (attachment.get("url", ""), "", kind, sub.upper())


def annotation_nte(write: Writing, note: Element) -> Segment:
    """Annotation -> NTE. Source: guide, NTE[Observation] read backwards."""
    return write.segment(
        "NTE",
        {
            "1": write.count("NTE"),
            "3": list(note.get("text", "").split("\n")),
            "5": write.practitioner(note.get("authorReference", {})),
            "6": date_time_dtm(note.get("time", "")),
        },
    )


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
