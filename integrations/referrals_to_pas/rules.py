"""What a referral must hold so that the PAS can book it: one patient, one request, one requester."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared import mapping as guide
from shared.fhir.profile import check_incoming
from shared.formats.fhir.profile import hidden_character_listed
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import Listed, apply_policy, destination, quality, rule_functions, safety

Resource = dict[str, Any]
Rule = Callable[[Resource], Iterator[Issue]]

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"


def each(bundle: Resource, resource_type: str) -> list[tuple[str, Resource]]:
    """Every resource of a type with its path."""
    return [
        (f"Bundle.entry[{n}].resource", entry["resource"])
        for n, entry in enumerate(bundle.get("entry", ()))
        if entry.get("resource", {}).get("resourceType") == resource_type
    ]


POLICIES = {
    "fhir": destination("what is not valid R4 cannot be read with certainty", "a code that R4 does not have"),
    "one-request": safety("two requests would be one booking and one that is forgotten", "two ServiceRequests"),
    "one-patient": safety("the referral would be filed for one of two people", "two Patients"),
    "patient-named": safety("the PAS could not find or register the patient", "a Patient without birthDate"),
    "nhs-number-check-digit": quality("the PAS looks the patient up again", "9990000019"),
    "request-is-active": safety("a withdrawn or drafted request would be booked", "status is draft"),
    "requester-is-here": destination("the PAS answers to the requester", "requester is not in the bundle"),
}


def one_request(bundle: Resource) -> Iterator[Issue]:
    """A referral asks for one thing: two requests would be one booking and one that is forgotten."""
    if len(found := each(bundle, "ServiceRequest")) != 1:
        where = found[1][0] if found else "Bundle.entry"
        yield Issue(severity="error", code="business-rule", where=where, text="exactly one ServiceRequest is expected")


def one_patient(bundle: Resource) -> Iterator[Issue]:
    """A referral is about one patient."""
    if len(found := each(bundle, "Patient")) != 1:
        yield Issue(
            severity="error",
            code="business-rule",
            where=found[1][0] if found else "Bundle.entry",
            text="exactly one Patient is expected",
        )


def patient_named(bundle: Resource) -> Iterator[Issue]:
    """The patient has an identifier, a family name and a date of birth."""
    for where, patient in each(bundle, "Patient"):
        if not patient.get("identifier"):
            yield Issue(
                severity="error", code="required", where=f"{where}.identifier", text="an identifier of the patient is expected"
            )
        if not any(name.get("family") for name in patient.get("name", ())):
            yield Issue(severity="error", code="required", where=f"{where}.name", text="a family name is expected")
        if not patient.get("birthDate"):
            yield Issue(severity="error", code="required", where=f"{where}.birthDate", text="a date of birth is expected")


def nhs_number_check_digit(bundle: Resource) -> Iterator[Issue]:
    """An NHS Number passes its check digit. A warning: the PAS looks the patient up again."""
    for where, patient in each(bundle, "Patient"):
        for n, identifier in enumerate(patient.get("identifier", ())):
            if identifier.get("system") == NHS_NUMBER and not is_nhs_number(str(identifier.get("value", ""))):
                yield Issue(
                    severity="warning",
                    code="value",
                    where=f"{where}.identifier[{n}].value",
                    text="the check digit of the NHS Number is wrong",
                )


def request_is_active(bundle: Resource) -> Iterator[Issue]:
    """Only an active request is a referral; one that is revoked or a draft must not be booked."""
    for where, request in each(bundle, "ServiceRequest"):
        if request.get("status") != "active":
            yield Issue(severity="error", code="business-rule", where=f"{where}.status", text="only an active request is taken")


def requester_is_here(bundle: Resource) -> Iterator[Issue]:
    """The bundle contains the requester: the PAS answers to them."""
    named = {entry.get("fullUrl", "") for entry in bundle.get("entry", ())}
    for where, request in each(bundle, "ServiceRequest"):
        asked_by = request.get("requester", {}).get("reference", "")
        if asked_by not in named:
            yield Issue(severity="error", code="not-found", where=f"{where}.requester", text="the requester is not in the bundle")


def nothing_is_lost(bundle: Resource) -> Iterator[Issue]:
    """Elements without a field in the PAS's message are reported to the sender, as information."""
    for issue in guide.compose_bundle(bundle).issues:
        yield issue._replace(severity="information", rule="no-field-for-it")


RULES = (one_request, one_patient, patient_named, nhs_number_check_digit, request_is_active, requester_is_here)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReferralProfile:
    """R4 and the national profiles that are claimed, then the rules of a referral, then what will not reach the PAS."""

    name: str = "FHIR referral"
    rules: tuple[Rule, ...] = RULES
    refuses: tuple[str, ...] = ()

    def check(self, content: Resource) -> list[Issue]:
        found = check_incoming(content)
        if any(issue.is_error for issue in found):
            return found
        for rule in self.rules:
            named = (issue._replace(rule=rule.__name__.replace("_", "-")) for issue in rule(content))
            found += [apply_policy(issue, POLICIES, self.refuses) for issue in named]
        return found if any(issue.is_error for issue in found) else [*found, *nothing_is_lost(content)]

    def listed(self) -> Iterator[Listed]:
        """R4 as one rule, and each rule that is a function, for the interface sheet."""
        yield Listed(
            rule="fhir",
            text="every resource is valid R4, and keeps the profiles that it claims",
            policy=POLICIES["fhir"],
            severity="error",
        )
        yield hidden_character_listed()
        yield from rule_functions(self.rules, POLICIES, self.refuses)


# Element -> why it reaches nothing (mapping_sheet.md)
INSIDE = "names the resource inside the bundle; the message has its own order"
ONE_PATIENT = "the message is about one patient"
NO_FIELD = "HL7 v2.5.1 has no field for it"
ELSEWHERE = "an organisation that no one in this referral acts for"
DROPPED = {
    **dict.fromkeys(
        (
            *("MessageHeader.id", "Patient.id", "Practitioner.id", "PractitionerRole.id", "Organization.id", "Condition.id"),
            *("AllergyIntolerance.id", "DocumentReference.id", "ServiceRequest.id", "ServiceRequest.supportingInfo"),
            *("MessageHeader.focus", "Practitioner.resourceType", "Practitioner[2]", "DocumentReference[2]"),
        ),
        INSIDE,
    ),
    **dict.fromkeys(
        (
            *("AllergyIntolerance.patient.reference", "Condition.subject.reference", "DocumentReference.subject.reference"),
            "ServiceRequest.subject.reference",
        ),
        ONE_PATIENT,
    ),
    **dict.fromkeys(("AllergyIntolerance.clinicalStatus.coding", "Condition.clinicalStatus.coding"), NO_FIELD),
    **dict.fromkeys(("Organization.identifier", "Organization.name", "Organization.resourceType"), ELSEWHERE),
    "DocumentReference.status": "only current documents come with a referral",
    "MessageHeader.eventCoding.code": "the message is always REF^I12",
    "MessageHeader.eventCoding.system": "the message is always REF^I12",
    "MessageHeader.source.endpoint": "an address of the sender's own network",
    "ServiceRequest.intent": "what is sent for booking is an order",
}
