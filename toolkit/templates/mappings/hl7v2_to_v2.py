"""The title: one line for each element that changes, in the target's order."""

from shared.hl7 import Message, Segment, compose, replace


def to_message(message: Message) -> Message:
    """The message as it leaves: every segment, in the order it was sent."""
    return compose(message, [_segment(each) for each in message.segments()])


def _segment(source: Segment) -> Segment:
    if source.name == "MSH":
        return replace(source, {"5": "TARGET"})
    return source
