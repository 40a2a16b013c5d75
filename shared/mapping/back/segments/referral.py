"""ServiceRequest as a referral, PractitionerRole -> RF1, PRD, ROL."""

from shared.fhir.resource import Element, Resource
from shared.hl7.compose import Value
from shared.hl7.segment import Segment
from shared.mapping.back.datatypes import address_xad, contact_point_xtn, human_name_xpn, identifier_ei, type_code
from shared.mapping.back.reading import leave_out, only_first
from shared.mapping.back.values import Field, code_by, concept_cwe, date_time_dtm
from shared.mapping.back.writing import Writing, repeated
from shared.mapping.segments.referral import PRIORITY, STATUS
from shared.mapping.tables import PROVIDER_ROLE

STATUS_BACK = {fhir: v2 for v2, fhir in STATUS.items()}


PRIORITY_BACK = {fhir: v2 for v2, fhir in PRIORITY.items()}


def referral_rf1(write: Writing, request: Resource) -> Segment:
    """ServiceRequest -> RF1."""
    numbers = request.get("identifier", [])
    filler = [each for each in numbers if type_code(each) == "FILL"]
    placer = [each for each in numbers if each not in filler]
    kind, other = _referral_type(request)
    return write.segment(
        "RF1",
        {
            "1": code_by(STATUS_BACK, request, "status"),
            "2": code_by({**PRIORITY_BACK, "urgent": PRIORITY_BACK.get("urgent", "S")}, request, "priority"),
            "3": kind,
            "5": other,
            "6": identifier_ei(placer[0]) if placer else "",
            "7": date_time_dtm(request.get("authoredOn", "")),
            "8": date_time_dtm(request.get("occurrencePeriod", {}).get("end", "")),
            "10": [concept_cwe(each) for each in request.get("reasonCode", [])],
            "11": identifier_ei(filler[0]) if filler else "",
        },
    )


def _referral_type(request: Resource) -> tuple[Field, Field]:
    """RF1-3, and another category for RF1-5.

    The requested service describes the type of referral best; its category is the second code if there is room, and nothing of
    either (a version, a text) would be left out.
    """
    categories = request.get("category", [])
    kinds = [concept_cwe(each) for each in categories]
    service = concept_cwe(request["code"]) if request.get("code") else ()
    if service and kinds and not any(service[3:]) and not any(kinds[0][3:]):
        one, other = (each[:3] for each in (service, kinds.pop(0)))
        service = (*one, *("",) * (3 - len(one)), *other)
    elif not service:
        service = kinds.pop(0) if kinds else ()
    leave_out(categories[len(categories) - len(kinds) + 1 :])
    return service, kinds[0] if kinds else ()


def provider_prd(write: Writing, role: str, reference: Element) -> list[Segment]:
    """PractitionerRole, Practitioner or Organization -> PRD in a role of HL7 table 0286; none if it is not in the bundle."""
    found = write.resolve(reference)
    is_role = found.get("resourceType") == "PractitionerRole"
    person = write.resolve(found.get("practitioner", {}), found) if is_role else found
    if not found:
        return []
    organization = write.organization(found.get("organization", {}), found) if is_role else ()
    is_organization = person.get("resourceType") == "Organization"
    numbers = [*person.get("telecom", []), *(found.get("telecom", []) if is_role else [])]
    names: list[Value] = [(str(person.get("name", "")),)] if is_organization else repeated(person.get("name", []), human_name_xpn)
    return [
        write.segment(
            "PRD",
            {
                "1": (role, "", "HL70286"),
                "2": names,
                "3": repeated(person.get("address", []), address_xad),
                "5": list(dict.fromkeys(repeated(numbers, contact_point_xtn))),  # one number is often both theirs and of the role
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
            "3": [concept_cwe(each, PROVIDER_ROLE) for each in only_first(kinds)],
            "4": write.practitioner(role.get("practitioner", {}), role),
            "5": date_time_dtm(period.get("start", "")),
            "6": date_time_dtm(period.get("end", "")),
            "12": repeated(role.get("telecom", []), contact_point_xtn),
        },
    )
