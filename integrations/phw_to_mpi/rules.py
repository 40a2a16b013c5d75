"""What Public Health Wales alone must keep: the time of the message and of a death."""

from collections.abc import Iterator

from integrations.phw_to_mpi.mapping import message_time
from shared.hl7 import Message
from shared.hl7.repetition import NULL
from shared.hl7.syntax.timestamp import is_dtm
from shared.issue import Issue
from shared.validation.policy import safety

POLICIES = {
    "message-time-to-the-second": safety("the MPI uses it to order updates", "MSH-7 is 202605"),
    "date-of-death": safety("a death that cannot be read would be hidden, or its withdrawal", "PID-29 is YES"),
}


def message_time_to_the_second(message: Message) -> Iterator[Issue]:
    """MSH-7 is a time to the second, in one of the forms that PHW sends, and exists."""
    try:
        exists = is_dtm(message_time(message.raw("MSH-7")))
    except ValueError:
        exists = False
    if not exists:
        yield Issue(
            severity="error",
            code="value",
            where="MSH-7",
            text="MSH-7 is not a date and time to the second",
            clause="HL7 v2.5 2.15.9.7",
        )


def date_of_death(message: Message) -> Iterator[Issue]:
    """PID-29 is a date-time that exists, blanks around it aside, or states that the patient is alive after all."""
    for pid in message.segments("PID"):
        text = pid["29"].strip()
        if text and text != NULL and text.upper() != "RESURREC" and not is_dtm(text):
            yield Issue(
                severity="error",
                code="value",
                where=pid.where("29"),
                text="PID-29 is not a date and time",
                clause="HL7 v2.5 3.4.2.29",
            )
