"""The open rows, which the watchdog walks: one for each message that waits, and one for each lane with published messages."""

from typing import ClassVar

from shared.storage import names
from shared.storage.stored import Stored, always, row_type


@row_type(frozen=True, kw_only=True, repr=False)
class Opened(Stored):
    """A lane has work since ``at``. ``identity``: the key of the message's receipt; empty for an outbox and in older rows."""

    STORED_AS: ClassVar[dict[str, str]] = {"identity": "key"}
    at: float
    identity: str = always("")

    @property
    def of_lane(self) -> str:
        """The lane, from the key of the row."""
        return names.lane_of(self.row.key)

    @property
    def mark(self) -> str:
        """The mark that the waiting row of the message carries."""
        return self.row.key.split(".")[1]
