"""The rows of the index: where a message is, which messages are dead letters, and which files of the inbox were taken."""

from typing import ClassVar

from shared.storage.stored import Stored, always, row_type


@row_type(frozen=True, kw_only=True, repr=False)
class Found(Stored):
    """A message under a value that it is searched by, or under the hour of its acceptance.

    ``of_lane`` and ``identity``: where it is. ``finders``: the other partitions that list it, in the row of its hour only.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"of_lane": "lane", "identity": "key"}
    of_lane: str = always("")
    identity: str = always("")
    digest: str = always("")
    at: float = always(0.0)
    finders: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Listed(Stored):
    """``dead``: a dead letter in the list of them, under its id, and since when it is there."""

    at: float


@row_type(frozen=True, kw_only=True, repr=False)
class Taken(Stored):
    """``b|name``: a file of the inbox that was taken, and its version."""

    at: float
    etag: str = always("")
