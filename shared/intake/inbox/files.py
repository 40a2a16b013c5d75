"""What is in the inbox: files, the folder of an integration, the halves of a pair."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.hub import Hub
from shared.integration import EventGrid, Integration
from shared.issue import Issue
from shared.storage import names
from shared.storage.store import Conflict

CREATED = "Microsoft.Storage.BlobCreated"


class File(NamedTuple):
    """A blob of the inbox as it was when it was looked at."""

    name: str
    etag: str
    size: int


def file_trigger(integration: Integration) -> EventGrid | None:
    """The trigger by which files come; ``None`` for an integration that takes none."""
    triggers = (each for each in integration.triggers if isinstance(each, EventGrid))
    return next((each for each in triggers if CREATED in each.types), None)


def folder(trigger: EventGrid) -> str:
    """The folder of the inbox that a trigger listens to.

    >>> folder(EventGrid((), subject_begins="/blobServices/default/containers/inbox/blobs/documents/"))
    'documents/'
    """
    return trigger.subject_begins.partition(f"/containers/{names.INBOX}/blobs/")[2]


def home(integration: Integration) -> str:
    """The folder of the inbox whose blobs an integration may be sent references to.

    The one that its trigger listens to; the folder of its name where it takes no files, or names no folder.
    """
    trigger = file_trigger(integration)
    return (folder(trigger) if trigger else "") or f"{integration.name}/"


def split(name: str) -> tuple[str, str]:
    """A file's name without its extension, and the extension in lower case.

    >>> split("documents/a.b.PDF")
    ('documents/a.b', 'pdf')
    """
    stem, _, extension = name.rpartition(".")
    return stem, extension.lower()


async def found(name: str, hub: Hub) -> File | None:
    """The file of this name as it is now."""
    there = await hub.store.blob(names.INBOX, name) if name else None
    return File(name, *there) if there else None


@dataclass(eq=False, repr=False)
class Copy:
    """A file of the inbox on its way to a place of its own, measured as it passes."""

    blob: str
    size: int = 0
    start: bytes = b""
    sha1: "hashlib._Hash" = field(default_factory=lambda: hashlib.sha1(usedforsecurity=False))

    async def pieces(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in source:
            self.start = self.start or piece[:8]
            self.size += len(piece)
            self.sha1.update(piece)
            yield piece

    def marks(self) -> dict[str, str | int]:
        """What a message records of its separate file: length, hash as FHIR has it, and how it begins."""
        sha1, start = (base64.b64encode(part).decode() for part in (self.sha1.digest(), self.start))
        return {"size": self.size, "sha1": sha1, "start": start}


async def copied(integration: Integration, file: File, hub: Hub) -> Copy | None:
    """A name that no one else writes to: what the sender leaves under the old name later is another file.

    Returns:
        ``None`` when the file has gone meanwhile, because another worker has taken it, or is a newer one by now.
    """
    copy = Copy(names.file(integration.name, hub.token()))
    source = hub.store.blob_pieces(names.INBOX, file.name)
    try:
        await hub.store.write_blob_pieces(names.CONTENT, copy.blob, copy.pieces(source))
    except Conflict:
        return None
    return copy


def report(integration: Integration, issue: Issue, outcome: str, hub: Hub) -> None:
    """Count and report a file that has no message."""
    hub.count(integration.name, outcome)
    hub.emit("hub.message", integration=integration.name, stage="accept", outcome=outcome, error_code=issue.rule)
