"""Rules of PIMS alone: times with an offset, identifiers by their type, numbers of a merge."""

from collections.abc import Iterator

from integrations.pims_to_mpi.mapping import identifiers, is_local_time, is_pseudo
from shared.hl7 import Message, Segment
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import quality, safety

POLICIES = {
    "local-times": safety("they decide which update is newer, who the patient is and whether they died", "PID-7 is 198002"),
    "event-times": quality("left out: the MPI goes by the time of the message", "EVN-2 is 2026"),
    "death-shorter-than-a-day": quality("PIMS writes short texts there for patients who are alive", "PID-29 is 202604"),
    "identifier-of-a-known-type": safety("the MPI could not find the patient", "PID-3 is 123^^^^XX"),
    "merged-number": safety("the merge would not name the record to merge", "MRG-1 is ^^^103^PI"),
}


def local_times(message: Message) -> Iterator[Issue]:
    """MSH-7, PID-7 and a PID-29 that is a date hold 8 or 14 digits once the offset is cut off."""
    yield from _local_time(message["MSH"], "7")
    for pid in message.segments("PID"):
        yield from _local_time(pid, "7")
        if len(pid["29"].strip()) > 6:
            yield from _local_time(pid, "29")


def event_times(message: Message) -> Iterator[Issue]:
    """EVN-2 and EVN-6 hold 8 or 14 digits once the offset is cut off."""
    for field in ("2", "6"):
        yield from _local_time(message["EVN"], field)


def _local_time(segment: Segment, field: str) -> list[Issue]:
    sent = segment[field]
    if not sent or is_local_time(sent.strip()) or segment.is_null(field):
        return []
    return [
        Issue(
            severity="error",
            code="value",
            where=segment.where(field),
            text="neither a date nor a time to the second, offset aside",
        )
    ]


def message_time_sent(message: Message) -> Iterator[Issue]:
    """MSH-7 is not a null: a message has a time."""
    if message.is_null("MSH-7"):
        yield Issue(severity="error", code="value", where="MSH-7", text="the time of the message is a null")


def death_shorter_than_a_day(message: Message) -> Iterator[Issue]:
    """PID-29 of a year or a month goes to the MPI as "not dead", as every short text of PIMS does."""
    for pid in message.segments("PID"):
        if pid["29"].strip().isdecimal() and len(pid["29"].strip()) <= 6:
            yield Issue(
                severity="warning",
                code="value",
                where=pid.where("29"),
                text="a date of death shorter than a day is read as not dead",
            )


def identifier_of_a_known_type(message: Message) -> Iterator[Issue]:
    """PID-3 holds a number that the MPI can be given: an NHS Number (NI) or a PIMS number (PI)."""
    for pid in message.segments("PID"):
        if not any(identifiers(pid, message["MSH-9.2"])) and pid["3"]:
            yield Issue(
                severity="error", code="required", where=pid.where("3"), text="no NHS Number (NI) and no PIMS number (PI)"
            )


def merged_number(message: Message) -> Iterator[Issue]:
    """MRG-1 holds the number that the merged patient had."""
    for mrg in message.segments("MRG"):
        if mrg.raw("1") and (not mrg["1"].strip() or mrg.is_null("1")):
            yield Issue(severity="error", code="required", where=mrg.where("1"), text="the merged patient's number is absent")


def nhs_number_check_digit(message: Message) -> Iterator[Issue]:
    """An NHS Number, which PIMS sends with the type NI, passes the check digit, and so does one of the standard's type NH.

    A warning: old records fail it. In place of the shared rule, which knows NH alone.
    """
    for pid in message.segments("PID"):
        for where, cx in pid.each("3"):
            kind = cx["5"].strip().upper()
            if (kind == "NI" and is_wrong(cx["1"].strip())) or (kind == "NH" and not is_nhs_number(cx["1"])):
                text = "the check digit of the NHS Number is wrong"
                yield Issue(
                    severity="warning", code="value", where=f"{where}.1", text=text, clause="NHS Data Dictionary: NHS NUMBER"
                )


def is_wrong(number: str) -> bool:
    return bool(number) and not is_pseudo(number) and not is_nhs_number(number)


ALL = (
    local_times,
    event_times,
    message_time_sent,
    death_shorter_than_a_day,
    identifier_of_a_known_type,
    merged_number,
    nhs_number_check_digit,
)
