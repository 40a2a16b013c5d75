"""Rules of Public Health Wales alone: the time of the message and the date of birth."""

from collections.abc import Iterator

from integrations.phw_to_mpi.mapping import message_time
from shared.hl7 import Message, Segment
from shared.hl7.timestamp import is_dtm
from shared.issue import Issue


def message_time_known(message: Message) -> Iterator[Issue]:
    """MSH-7 is a time to the second, in one of the forms that PHW sends, and exists."""
    try:
        exists = is_dtm(message_time(message.raw("MSH-7")))
    except ValueError:
        exists = False
    if not exists:
        yield Issue("error", "value", "MSH-7", "not a date and time to the second")


def birth_date_to_the_day(message: Message) -> Iterator[Issue]:
    """PID-7 of every patient is eight digits, a date that exists, not before 1800; never absent, never a null."""
    for pid in message.segments("PID"):
        if fault := _birth_date_fault(pid):
            yield Issue("error", "value" if pid["7"] else "required", pid.where("7"), fault)


def _birth_date_fault(pid: Segment) -> str:
    sent = pid.raw("7")
    if not sent:
        return "the date of birth is absent"
    if len(sent) != 8 or not sent.isdecimal() or not is_dtm(sent):
        return "the date of birth is not eight digits of a date that exists"
    return "the date of birth is before 1800" if sent < "1800" else ""


def birth_date_in_future(message: Message) -> Iterator[Issue]:
    """PID-7 is not after the day of the message: a slip at the keyboard, or a due date."""
    today = message["MSH-7"].replace("-", "")[:8]
    for pid in message.segments("PID"):
        if not _birth_date_fault(pid) and pid["7"] > today:
            yield Issue("warning", "value", pid.where("7"), "the date of birth is after the day of the message")
