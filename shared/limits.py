"""The maximum length of the identity of a message, checked before it is accepted, so that a row can store it.

Azure Tables stores at most 64 KiB of a property, as UTF-16, and 1 KiB of a key. Keys are hashes; the limits are for properties.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from shared.bounds import IDENTIFIER
from shared.envelope import Identity
from shared.issue import Issue

NO_PLACES = Identity(sender="", facility="", control_id="")
RULE = "identifier-too-long"


@runtime_checkable
class Placed(Protocol):
    """A source that can name the places of the identity in a message."""

    def places(self, content: object) -> Identity:
        """The paths of sender, facility and control id."""


def too_long(source: object, content: object, who: Identity) -> Iterator[Issue]:
    """An error for each part of an identity that is longer than ``IDENTIFIER``."""
    places = source.places(content) if isinstance(source, Placed) else NO_PLACES
    for place, text in zip(places, who, strict=True):
        if len(text) > IDENTIFIER:
            yield Issue(severity="error", code="too-long", where=place, text=f"longer than {IDENTIFIER} characters", rule=RULE)
