"""What the schema of a vaccination event cannot say, and what a VXU^V04 must say about a vaccination."""

from collections.abc import Iterator
from typing import Any

from shared.hl7 import Message
from shared.issue import Issue
from shared.validation import nhs_number
from shared.validation.policy import destination, quality, safety
from shared.validation.rules import has_number, is_valued

Event = dict[str, Any]

POLICIES = {
    "nhs-number-check-digit": safety("the vaccination would go to no one, or to someone else", "9990000019"),
    "reason-when-not-done": safety("a refusal would read as a vaccination that was given", "not-done without a reason"),
    "not-before-birth": safety("the vaccination or the patient is another one", "occurred is before birthDate"),
    "not-expired": quality("a clinical incident, whose record must not be lost", "occurred is after expires"),
    "vaccination-number": safety("a correction would become a second vaccination", "ORC-2 and ORC-3 are empty"),
    "vaccine-and-time": destination("an Immunization has its vaccine and its time", "RXA-5 is empty"),
}


def nhs_number_check_digit(event: Event) -> Iterator[Issue]:
    """A number that fails its check digit is a typing error: the vaccination would go to no one, or to another patient."""
    if not nhs_number.is_nhs_number(event["patient"]["nhsNumber"]):
        text = "the check digit of the NHS Number is wrong"
        yield Issue(
            severity="error", code="value", where="/patient/nhsNumber", text=text, clause="NHS data dictionary: NHS NUMBER"
        )


def reason_when_not_done(event: Event) -> Iterator[Issue]:
    """A vaccination that was not given has a reason; one that was given has none."""
    v = event["vaccination"]
    if (v["status"] == "not-done") != ("reasonNotDone" in v):
        text = "reasonNotDone belongs to status not-done, and only to it"
        yield Issue(
            severity="error",
            code="invariant",
            where="/vaccination/reasonNotDone",
            text=text,
            clause="FHIR R4 Immunization.statusReason",
        )


def not_before_birth(event: Event) -> Iterator[Issue]:
    """A vaccination cannot be earlier than the birth."""
    if event["vaccination"]["occurred"][:10] < event["patient"]["birthDate"]:
        yield Issue(severity="error", code="value", where="/vaccination/occurred", text="before the date of birth")


def not_expired(event: Event) -> Iterator[Issue]:
    """A vaccine given after its expiry is a clinical incident, so the record of it is taken, with a warning."""
    v = event["vaccination"]
    if v["status"] == "completed" and "expires" in v and v["occurred"][:10] > v["expires"]:
        yield Issue(
            severity="warning", code="business-rule", where="/vaccination/expires", text="given after the vaccine expired"
        )


def vaccination_number(message: Message) -> Iterator[Issue]:
    """Each vaccination has an order number: without it a correction would be a second vaccination."""
    for orc in message.segments("ORC"):
        if not has_number(orc, "2") and not has_number(orc, "3"):
            yield Issue(
                severity="error",
                code="required",
                where=orc.where("3"),
                text="no order number of the vaccination",
                clause="HL7 v2.5.1 4.5.1.3",
            )


def vaccine_and_time(message: Message) -> Iterator[Issue]:
    """Each RXA has the vaccine and the time that it was given or refused."""
    for rxa in message.segments("RXA"):
        for field in ("3", "5"):
            if not is_valued(rxa, field):
                yield Issue(
                    severity="error",
                    code="required",
                    where=rxa.where(field),
                    text="a required field is absent",
                    clause=f"HL7 v2.5.1 4.14.7.{field}",
                )


OF_MESSAGES = (vaccination_number, vaccine_and_time)
RULES = (nhs_number_check_digit, reason_when_not_done, not_before_birth, not_expired)

ROUTING = "describes the transport of the message, not the vaccination"
# Element -> why it reaches nothing (mapping_sheet.md)
DROPPED = {
    **dict.fromkeys(("MSH-5", "MSH-6", "MSH-15", "MSH-16", "MSH-18", "MSH-12", "MSH-11"), ROUTING),
    "MSH-7": "the transaction carries the times of the vaccinations themselves",
    "MSH-9.2": "the only event that is taken",
    "MSH-9.3": "the structure of the only event that is taken",
    "PID-1": "numbers the segment",
    "ORC-1": "every order control means the same here: a vaccination was recorded",
    "OBX-1": "numbers the segment",
    "RXA-1": "numbers the segment",
    "RXA-2": "numbers the administration",
    "RXA-9.2": "the text of a code that is mapped",
    "RXA-9.3": "the table of a code that is mapped",
    "RXA-20": "a record that is deleted (RXA-21 D) is in error, whether the vaccine had been given or not",
    "RXA-17": "the profile requires the manufacturer's name; the code of a foreign register adds nothing",
    "RXA-17.3": "the table of a code that is not kept",
    "vaccination.series": "FHIR accepts a series only with a dose number",
}
