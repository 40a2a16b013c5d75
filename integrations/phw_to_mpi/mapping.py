"""PHW ADT 2.5 -> MPI ADT 2.5: everything is copied in the order it was sent, but for MSH-7 and PID-29."""

import re

from shared.hl7 import Message, Segment, compose, replace

TIME_SENT = re.compile(r"(\d{14})(?:\.\d{1,4})?(?:[+-]\d{4})?")


def to_mpi(message: Message) -> Message:
    """The message for the MPI: one output segment for each one that was sent, groups and repetitions kept."""
    return compose(message, [_segment(each) for each in message.segments()])


def _segment(source: Segment) -> Segment:
    if source.name == "MSH":
        return replace(source, {"7": message_time(source.raw("7"))})
    if source.name == "PID":
        return replace(source, {"29": date_of_death(source["29"])})
    return source


def message_time(text: str) -> str:
    """MSH-7 to the second, without fraction and offset.

    Args:
        text: ``YYYYMMDDHHMMSS[.S[S[S[S]]]][+/-ZZZZ]``. Never absent: the reader has put the time of receipt there, and has
            read other forms of a time.
    Returns:
        ``YYYYMMDDHHMMSS``. The offset is dropped, never applied: the MPI takes the sender's local time.
    Raises:
        ValueError: another form. Whether the date exists is the rule's business.

    Source: the MPI's interface for PHW; HL7 v2.5 section 2.A.78 (TS).

    >>> message_time("20260501101112"), message_time("20260501101112.1234+0100")
    ('20260501101112', '20260501101112')
    """
    if found := TIME_SENT.fullmatch(text):
        return found[1]
    raise ValueError("not a time to the second")


def date_of_death(text: str) -> str:
    """PID-29 component 1; ``RESURREC`` means that the patient is alive after all, which is sent to the MPI as a null.

    Args:
        text: a date-time, ``RESURREC`` in any case, or blank; blank stays absent.

    Source: the MPI's interface for PHW.

    >>> date_of_death(" resurrec "), date_of_death("  "), date_of_death(" 20260401")
    ('""', '', '20260401')
    """
    trimmed = text.strip()
    return '""' if trimmed.upper() == "RESURREC" else trimmed
