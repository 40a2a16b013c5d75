"""Rules of Chemocare alone: what the patient's identifiers are made from."""

from collections.abc import Iterator

from shared.hl7 import Message
from shared.hl7.repetition import NULL
from shared.hl7.syntax.timestamp import is_dtm
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import quality, safety
from shared.validation.repairs import nhs_number
from shared.validation.rules import is_valued

POLICIES = {
    "number-sent": quality("the centre's own number is then its prefix alone", "PID-2 is empty"),
    "message-time-exists": safety("the MPI uses it to order updates", "MSH-7 is 20261301"),
    "merged-number": safety("the merge would not name the record to merge", "MRG-1 is ^^^224^PI"),
}


def number_sent(message: Message) -> Iterator[Issue]:
    """PID-2 holds the number that both identifiers are made from.

    Without it the centre's identifier is its prefix alone, which every such patient of the centre shares.
    """
    for pid in message.segments("PID"):
        if pid["2"] in ("", NULL):
            yield Issue(
                severity="warning",
                code="required",
                where=pid.where("2"),
                text="absent: no NHS Number, and no number after the centre's prefix",
            )


def message_time_exists(message: Message) -> Iterator[Issue]:
    """MSH-7 is a date-time that exists."""
    if not is_dtm(message["MSH-7"]):
        yield Issue(severity="error", code="value", where="MSH-7", text="MSH-7 is not a date-time", clause="HL7 v2.4 2.16.9.7")


def merged_number(message: Message) -> Iterator[Issue]:
    """MRG-1 holds the number that the merged patient had."""
    for mrg in message.segments("MRG"):
        if is_valued(mrg, "1") and mrg["1"] in ("", NULL):
            yield Issue(severity="error", code="required", where=mrg.where("1"), text="the merged patient's number is absent")


def merge_of_one_record(message: Message) -> Iterator[Issue]:
    """MRG-1, which Chemocare writes without an authority, is another number than PID-2, which both identifiers are made from."""
    for group in message.groups("PID"):
        for mrg in (each for each in group if each.name == "MRG"):
            if mrg["1"].strip() not in ("", NULL) and mrg["1"].strip() == group[0]["2"].strip():
                text = "the record to merge is the record that it is merged into"
                yield Issue(severity="error", code="business-rule", where=mrg.where("1"), text=text, clause="HL7 v2.4 3.3.40")


def nhs_number_check_digit(message: Message) -> Iterator[Issue]:
    """The number in PID-2, which the MPI is given as an NHS Number, passes the check digit."""
    for pid in message.segments("PID"):
        if pid["2"] not in ("", NULL) and not is_nhs_number(nhs_number(pid["2"])):
            text = "the check digit of the NHS Number is wrong"
            yield Issue(
                severity="warning", code="value", where=pid.where("2"), text=text, clause="NHS Data Dictionary: NHS NUMBER"
            )


ALL = (number_sent, message_time_exists, merged_number, merge_of_one_record, nhs_number_check_digit)
