"""What Public Health Wales alone must keep: the time of the message."""

from collections.abc import Iterator

from integrations.phw_to_mpi.mapping import message_time
from shared.hl7 import Message
from shared.hl7.timestamp import is_dtm
from shared.issue import Issue


def message_time_to_the_second(message: Message) -> Iterator[Issue]:
    """MSH-7 is a time to the second, in one of the forms that PHW sends, and exists."""
    try:
        exists = is_dtm(message_time(message.raw("MSH-7")))
    except ValueError:
        exists = False
    if not exists:
        yield Issue("error", "value", "MSH-7", "MSH-7 is not a date and time to the second", "", "HL7 v2.5 2.15.9.7")
