"""Immunization, DocumentReference, ServiceRequest as a referral, PractitionerRole -> RXA, RXR, TXA, RF1, PRD."""

from binascii import a2b_base64
from collections.abc import Mapping

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, contact_point_xtn, human_name_xpn, identifier_ei, type_code
from shared.mapping.back.reading import forget
from shared.mapping.back.segments.results import attachment_value
from shared.mapping.back.segments.visit import location_pl
from shared.mapping.back.values import Field, code_of, concept_cwe, date_time_dtm, extension_value, number, quantity_unit
from shared.mapping.back.writing import Writing, repeated
from shared.mapping.segments.document import ALTERNATE
from shared.mapping.segments.referral import PRIORITY, STATUS
from shared.mapping.tables import BODY_PARTS, COMPLETION_STATUS, PROVIDER_ROLE, ROUTE

DOC_STATUS = {"final": "AU", "preliminary": "DO", "amended": "AU", "entered-in-error": "DO"}
STATUS_BACK = {fhir: v2 for v2, fhir in STATUS.items()}
PRIORITY_BACK = {fhir: v2 for v2, fhir in PRIORITY.items()}


def immunization_rxa(write: Writing, immunization: Resource) -> Segment:
    """Immunization -> RXA. Source: guide, RXA[Immunization] read backwards."""
    maker = write.resolve(immunization.get("manufacturer", {}))
    dose = immunization.get("doseQuantity", {})
    when = date_time_dtm(immunization.get("occurrenceDateTime", ""))
    deleted = immunization.get("status") == "entered-in-error"
    return write.segment(
        "RXA",
        {
            "1": "0",
            "2": "1",
            "3": when,
            "4": when,
            "5": concept_cwe(immunization.get("vaccineCode", {})),
            "6": number(dose.get("value")) or "999",
            "7": quantity_unit(dose) if dose else "",
            "10": [write.practitioner(each["actor"]) for each in immunization.get("performer", []) if _function(each) != "OP"],
            "11": location_pl(write, write.resolve(immunization.get("location", {}))),
            "15": immunization.get("lotNumber", ""),
            "16": date_time_dtm(immunization.get("expirationDate", "")),
            "17": _coded_organization(maker),
            "18": concept_cwe(immunization.get("statusReason", {})),
            "19": [concept_cwe(each) for each in immunization.get("reasonCode", [])],
            "20": "" if deleted else code_of(immunization, "status", COMPLETION_STATUS),
            "21": "D" if deleted else "A",
            "22": date_time_dtm(immunization.get("recorded", "")),
        },
    )


def _coded_organization(organization: Resource) -> Value:
    number_ = organization.get("identifier", [{}])[0].get("value", "")
    return (number_, organization.get("name", ""))


def _function(performer: Element) -> str:
    return next((each.get("code", "") for each in performer.get("function", {}).get("coding", ())), "")


def ordering_provider(write: Writing, immunization: Resource) -> Value:
    """ORC-12: the person who ordered the vaccination."""
    return [write.practitioner(each["actor"]) for each in immunization.get("performer", []) if _function(each) == "OP"]


def immunization_orc(write: Writing, immunization: Resource) -> Segment:
    """Immunization -> ORC. Source: guide, ORC[Immunization] read backwards."""
    numbers = immunization.get("identifier", [])
    placer = [each for each in numbers if type_code(each) == "PLAC"]
    filler = [each for each in numbers if type_code(each) != "PLAC"]
    return write.segment(
        "ORC",
        {
            "1": "RE",
            "2": identifier_ei(placer[0]) if placer else "",
            "3": identifier_ei(filler[0]) if filler else "",
            "12": ordering_provider(write, immunization),
        },
    )


def immunization_rxr(write: Writing, immunization: Resource) -> list[Segment]:
    """Immunization -> RXR, if it has a route or a site. Source: inverse of guide, RXR[Immunization]."""
    route, site = immunization.get("route", {}), immunization.get("site", {})
    if not route and not site:
        return []
    return [write.segment("RXR", {"1": concept_cwe(route, ROUTE), "2": concept_cwe(site, BODY_PARTS)})]


def document_txa(write: Writing, document: Resource) -> Segment:
    """DocumentReference -> TXA. Source: guide, TXA[DocumentReference] read backwards."""
    master = document.get("masterIdentifier") or document.get("identifier", [{}])[0]
    files = [each.get("value", "") for each in document.get("identifier", []) if set(each) == {"value"}]
    labels = document.get("securityLabel", [{}])
    first = document.get("content", [{}])[0].get("attachment", {})
    return write.segment(
        "TXA",
        {
            "1": "1",
            "2": concept_cwe(document.get("type", {})),
            "3": "TX" if first.get("contentType", "").startswith("text/") else "AP",
            "6": date_time_dtm(document.get("date", "")),
            "9": write.practitioners(document.get("author", [])),
            "10": write.practitioner(document.get("authenticator", {})),
            "12": identifier_ei(master),
            "16": files[0] if files else "",
            "17": _by(DOC_STATUS, document, "docStatus"),
            "18": concept_cwe(labels[0])[0] if labels and labels[0].get("coding") else "",
            "19": _availability(document),
            "25": document.get("description", ""),
        },
    )


def _availability(document: Resource) -> str:
    as_sent = extension_value(document.get("_status", {}), ALTERNATE)
    if isinstance(as_sent, dict):
        return str(as_sent.get("text") or as_sent["coding"][0]["code"])
    return _by({"current": "AV", "superseded": "OB", "entered-in-error": "CA"}, document, "status")


def content_obx(write: Writing, document: Resource, content: Element) -> Segment:
    """DocumentReference.content -> OBX: the data, that of a Binary in the bundle, or a pointer."""
    attachment = content.get("attachment", {})
    binary = write.resolve({"reference": attachment.get("url", "")})
    if binary.get("resourceType") == "Binary":
        attachment = {
            "contentType": binary.get("contentType", ""),
            "data": binary.get("data", ""),
            "title": attachment.get("title", ""),
        }
    kind, value = _text(attachment)
    if not kind:
        kind, value = attachment_value(attachment)
    title = attachment.get("title") or document.get("description", "")
    values: dict[str, Value] = {"1": write.count("OBX"), "2": kind, "3": ("", title), "5": value, "11": "F"}
    return write.segment("OBX", values)


def _by(codes: Mapping[str, str], element: Element, name: str) -> str:
    """The v2 code of a FHIR code; ``""`` if there is none: then the element counts as not read."""
    code = codes.get(element.get(name, ""), "")
    if not code:
        forget(element, name)
    return code


def _text(attachment: Element) -> tuple[str, Value]:
    """TX of plain text, line by line; empty for any other content."""
    if attachment.get("contentType") != "text/plain" or not attachment.get("data"):
        return ("", "")
    try:
        return "TX", list(a2b_base64(attachment["data"]).decode().split("\n"))
    except ValueError:
        return ("", "")


def referral_rf1(write: Writing, request: Resource) -> Segment:
    """ServiceRequest -> RF1."""
    numbers = request.get("identifier", [])
    filler = [each for each in numbers if type_code(each) == "FILL"]
    placer = [each for each in numbers if each not in filler]
    kind, others = _referral_type(request)
    return write.segment(
        "RF1",
        {
            "1": _by(STATUS_BACK, request, "status"),
            "2": _by({**PRIORITY_BACK, "urgent": PRIORITY_BACK.get("urgent", "S")}, request, "priority"),
            "3": kind,
            "5": others[:1],
            "6": identifier_ei(placer[0]) if placer else "",
            "7": date_time_dtm(request.get("authoredOn", "")),
            "8": date_time_dtm(request.get("occurrencePeriod", {}).get("end", "")),
            "10": [concept_cwe(each) for each in request.get("reasonCode", [])],
            "11": identifier_ei(filler[0]) if filler else "",
        },
    )


def _referral_type(request: Resource) -> tuple[Field, list[Field]]:
    """RF1-3, and the other categories for RF1-5.

    The requested service describes the type of referral best; its category is the second code if there is room.
    """
    kinds = [concept_cwe(each) for each in request.get("category", [])]
    if not request.get("code"):
        return (kinds[0] if kinds else (), kinds[1:])
    service = concept_cwe(request["code"])
    if not kinds or any(service[3:6]):
        return service, kinds
    one, other = (each[:3] for each in (service, kinds[0]))
    return (*one, *("",) * (3 - len(one)), *other), kinds[1:]


def provider_prd(write: Writing, role: str, reference: Element) -> list[Segment]:
    """PractitionerRole, Practitioner or Organization -> PRD in a role of HL7 table 0286; none if it is not in the bundle."""
    found = write.resolve(reference)
    is_role = found.get("resourceType") == "PractitionerRole"
    person = write.resolve(found.get("practitioner", {}), found) if is_role else found
    if not found:
        return []
    organization = write.organization(found.get("organization", {}), found) if is_role else ()
    is_organization = person.get("resourceType") == "Organization"
    names: list[Value] = [(str(person.get("name", "")),)] if is_organization else repeated(person.get("name", []), human_name_xpn)
    return [
        write.segment(
            "PRD",
            {
                "1": (role, "", "HL70286"),
                "2": names,
                "3": repeated(person.get("address", []), address_xad),
                "5": repeated(person.get("telecom", []) or found.get("telecom", []), contact_point_xtn),
                "7": [_pln(each) for each in person.get("identifier", [])],
                "8": date_time_dtm(found.get("period", {}).get("start", "")),
                "9": date_time_dtm(found.get("period", {}).get("end", "")),
                "10": organization,
            },
        )
    ]


def _pln(identifier: Element) -> Value:
    """PLN: the number and its type; a register is named as the type."""
    _, namespace, *_ = (*identifier_ei(identifier), "")
    kind = type_code(identifier) or str(namespace or "")
    return (identifier.get("value", ""), kind)


def role_rol(write: Writing, role: Resource, participant: Element) -> Segment:
    """PractitionerRole of a participant -> ROL. Source: inverse of guide, ROL[Encounter-PractitionerRole]."""
    period = role.get("period", {}) or participant.get("period", {})
    kinds = role.get("code", []) or participant.get("type", [])
    return write.segment(
        "ROL",
        {
            "1": identifier_ei(role.get("identifier", [{}])[0]),
            "2": "UP",
            "3": [concept_cwe(each, PROVIDER_ROLE) for each in kinds][:1],
            "4": write.practitioner(role.get("practitioner", {}), role),
            "5": date_time_dtm(period.get("start", "")),
            "6": date_time_dtm(period.get("end", "")),
            "12": repeated(role.get("telecom", []), contact_point_xtn),
        },
    )
