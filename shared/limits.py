"""How long what identifies a message may be: known at the door, so that nothing is accepted that no row can hold.

Azure Tables takes 64 KiB of a property, as UTF-16, and 1 KiB of a key. Keys are hashes; these limits are for what rows show.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from shared.bounds import IDENTIFIER
from shared.envelope import Identity
from shared.issue import Issue

UNPLACED = Identity(sender="", facility="", control_id="")
RULE = "identifier-too-long"


@runtime_checkable
class Placed(Protocol):
    """A source that knows where in a message its identity is written."""

    def places(self, content: object) -> Identity:
        """The paths of sender, facility and control id."""


def too_long(source: object, content: object, who: Identity) -> Iterator[Issue]:
    """An error for each part of an identity that is longer than ``IDENTIFIER``."""
    places = source.places(content) if isinstance(source, Placed) else UNPLACED
    for place, text in zip(places, who, strict=True):
        if len(text) > IDENTIFIER:
            yield Issue(severity="error", code="too-long", where=place, text=f"longer than {IDENTIFIER} characters", rule=RULE)
