"""Rules of Chemocare alone: what the patient's identifiers are made from."""

from collections.abc import Iterator

from shared.hl7 import Message
from shared.issue import Issue


def number_sent(message: Message) -> Iterator[Issue]:
    """PID-2 holds the number that both identifiers are made from.

    Without it the centre's identifier is its prefix alone, which every such patient of the centre shares.
    """
    for pid in message.segments("PID"):
        if pid["2"] in ("", '""'):
            yield Issue("warning", "required", pid.where("2"), "absent: no NHS Number, and no number after the centre's prefix")


def merged_number(message: Message) -> Iterator[Issue]:
    """MRG-1 holds the number that the merged patient had."""
    for mrg in message.segments("MRG"):
        if mrg["1"] in ("", '""'):
            yield Issue("error", "required", mrg.where("1"), "the merged patient's number is absent")
