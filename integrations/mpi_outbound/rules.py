"""What the Master Patient Index must say for a message to be published."""

from collections.abc import Iterator

from shared.hl7 import Message
from shared.hl7.repetition import NULL
from shared.issue import Issue
from shared.validation.policy import safety

POLICIES = {"update-source": safety("an update could go back to the system that it came from", "PID-2 is empty")}


def update_source(message: Message) -> Iterator[Issue]:
    """PID-2 names the system that the update came from: without it, it could go back there."""
    for pid in message.segments("PID"):
        if not any(cx["4.1"].strip() not in ("", NULL) for cx in pid.repeats("2")):
            yield Issue(
                severity="error", code="required", where=pid.where("2"), text="PID-2 names no authority that the update came from"
            )
