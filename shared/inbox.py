"""Files that are left in the inbox: a message, or a document and the sidecar that describes it, which wait for each other.

The inbox is the truth and an event only a hint: the watchdog looks through the folder too, so that a lost event costs a minute
and never a file. A file's name is its sender's choice and may identify a patient: it is content, and leaves this module as a
keyed hash alone.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import orjson

from shared import replies
from shared.envelope import Envelope, Trigger
from shared.formats.sidecar import carries_document, is_description, with_document, with_file
from shared.hub import Hub
from shared.integration import EventGrid, Integration
from shared.issue import Issue, Verdict
from shared.ledger import names
from shared.ledger.rejections import Refusal, refuse
from shared.ledger.store import put
from shared.privacy import digest, keyed
from shared.problems import Problem

LARGEST = 100 * 1024 * 1024
GRACE = 60.0  # seconds that an event has to come before the watchdog knocks in its place
KNOCKS = 200  # most of them in one round: what is left is still there in the next
CREATED = "Microsoft.Storage.BlobCreated"
NO_BLOB = Issue("error", "not-found", "", "the blob that the message names is not in the inbox", "blob-missing")
TOO_LARGE = Issue("error", "too-costly", "", "the file is larger than is taken", "file-too-large")
UNPAIRED = Issue("error", "incomplete", "", "the other file of the pair never came", "unpaired")


class File(NamedTuple):
    """A blob of the inbox as it was when it was looked at."""

    name: str
    etag: str
    size: int


async def take(integration: Integration, name: str, trigger: Trigger, hub: Hub) -> None:
    """One file into the ledger, then out of the inbox; half of a pair is left there until the other half comes.

    Raises:
        Problem: the file is not there and was never taken.
    """
    file = await _file(name, hub)
    if file is None:
        return await _gone(integration, name, hub)
    halves = await _halves(integration, name, hub)
    if halves is None:
        return await _take_message(integration, file, trigger, hub)
    document, sidecar = halves
    if document and sidecar:
        return await _take_pair(integration, document, sidecar, trigger, hub)
    if await _was_taken(integration, file, hub):
        await _done(integration, [file], hub)
    elif sidecar and await _is_complete(sidecar, hub):
        await _take_message(integration, sidecar, trigger, hub)
    return None


def files(integration: Integration) -> EventGrid | None:
    """The trigger by which files come; ``None`` for an integration that takes none."""
    triggers = (each for each in integration.triggers if isinstance(each, EventGrid))
    return next((each for each in triggers if CREATED in each.types), None)


def folder(trigger: EventGrid) -> str:
    """The folder of the inbox that a trigger listens to.

    >>> folder(EventGrid((), subject_begins="/blobServices/default/containers/inbox/blobs/documents/"))
    'documents/'
    """
    return trigger.subject_begins.partition(f"/containers/{names.INBOX}/blobs/")[2]


def split(name: str) -> tuple[str, str]:
    """A file's name without its extension, and the extension in lower case.

    >>> split("documents/a.b.PDF")
    ('documents/a.b', 'pdf')
    """
    stem, _, extension = name.rpartition(".")
    return stem, extension.lower()


async def look(integration: Integration, hub: Hub) -> int:
    """The watchdog's round: knock for what no event told of, give up what waited for days.

    Returns:
        How many halves have waited longer than they may.
    """
    trigger = files(integration)
    if trigger is None:
        return 0
    ages = {name: hub.now() - at for name, at in await hub.store.blobs(names.INBOX, folder(trigger))}
    lonely = _lonely(ages, trigger)
    late = {name for name in lonely if ages[name] > hub.timing.pairing}
    due = sorted((name for name, age in ages.items() if age > GRACE and name not in late), key=ages.__getitem__, reverse=True)
    for name in due[:KNOCKS]:  # a half too: a sidecar may carry its document
        await hub.store.send(f"{integration.name}-in", orjson.dumps({"blob": name}))
    for name in late:
        if ages[name] > integration.retention.dead_content * 86400:
            await _give_up(integration, name, hub)
    return len(late)


def _lonely(there: Iterable[str], trigger: EventGrid) -> set[str]:
    """The files whose other half is not there."""
    kinds = defaultdict(set)
    for name in there:
        stem, extension = split(name)
        kinds[stem].add(extension)
    halves = {name for name in there if split(name)[1] in trigger.pairs}
    return {name for name in halves if not kinds[split(name)[0]].issuperset(trigger.pairs)}


async def _halves(integration: Integration, name: str, hub: Hub) -> tuple[File | None, File | None] | None:
    """Document and sidecar of the pair that a file belongs to, as far as they are there; ``None`` when it is no half."""
    trigger, (stem, extension) = files(integration), split(name)
    if trigger is None or extension not in trigger.pairs:
        return None
    there = [found for found, _ in await hub.store.blobs(names.INBOX, f"{stem}.")]
    kinds = {split(found)[1]: found for found in there if split(found)[0] == stem}
    document, sidecar = (kinds.get(kind, "") for kind in trigger.pairs)
    return await _file(document, hub), await _file(sidecar, hub)


async def _file(name: str, hub: Hub) -> File | None:
    found = await hub.store.blob(names.INBOX, name) if name else None
    return File(name, *found) if found else None


async def _is_complete(sidecar: File, hub: Hub) -> bool:
    """Whether a sidecar needs no second file, because the document is in it."""
    return carries_document(await hub.store.read_blob(names.INBOX, sidecar.name) or b"")


async def _take_message(integration: Integration, file: File, trigger: Trigger, hub: Hub) -> None:
    if file.size > LARGEST:
        return await _refuse(integration, file, trigger, hub)
    body = await hub.store.read_blob(names.INBOX, file.name)
    if body is not None:
        await replies.take(integration, _envelope(integration, file, body, trigger, hub), hub)
        await _done(integration, [file], hub)
    return None


async def _take_pair(integration: Integration, document: File, sidecar: File, trigger: Trigger, hub: Hub) -> None:
    """Both as one message: a document of a usual size inside it, a large one beside it and never in memory."""
    told = await hub.store.read_blob(names.INBOX, sidecar.name)
    if told is None:
        return  # somebody else has taken the pair
    if document.size <= hub.timing.inline and is_description(told):
        body = with_document(told, await hub.store.read_blob(names.INBOX, document.name) or b"")
        envelope = _envelope(integration, sidecar, body, trigger, hub)
    else:
        copy = await _copied(integration, document, hub)
        envelope = _envelope(integration, sidecar, with_file(told, copy.marks()), trigger, hub)
        envelope = replace(envelope, files=(copy.blob,))
    await replies.take(integration, envelope, hub)
    await _done(integration, [document, sidecar], hub)


def _envelope(integration: Integration, file: File, body: bytes, trigger: Trigger, hub: Hub) -> Envelope:
    reference = f"{keyed('blob', file.name)}-{digest(body)[:16]}"
    return Envelope(integration.name, body, hub.stamp(), content_type(body), trigger, reference=reference)


def content_type(body: bytes) -> str:
    """What a body without a content type looks like."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": "application/json", b"[": "application/json", b"<": "application/xml"}.get(start, "x-application/hl7-v2+er7")


@dataclass
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
        """What a message says of the file beside it: length, hash as FHIR has it, and how it begins."""
        sha1, start = (base64.b64encode(part).decode() for part in (self.sha1.digest(), self.start))
        return {"size": self.size, "sha1": sha1, "start": start}


async def _copied(integration: Integration, file: File, hub: Hub) -> Copy:
    """A name that nobody else writes to: what the sender leaves under the old name later is another file."""
    copy = Copy(names.file(integration.name, hub.token()))
    source = hub.store.blob_pieces(names.INBOX, file.name)
    await hub.store.write_blob_pieces(names.CONTENT, copy.blob, copy.pieces(source))
    return copy


async def _refuse(integration: Integration, file: File, trigger: Trigger, hub: Hub) -> None:
    copy = await _copied(integration, file, hub)
    envelope = replace(_envelope(integration, file, copy.sha1.digest(), trigger, hub), body=b"", files=(copy.blob,))
    await refuse(integration, envelope, Verdict("AR", (TOO_LARGE,)), Refusal(), hub)
    _tell(integration, TOO_LARGE, "rejected", hub)
    await _done(integration, [file], hub)


async def _give_up(integration: Integration, name: str, hub: Hub) -> None:
    """Half of a pair that nobody completed in all the time that a dead letter is kept."""
    if file := await _file(name, hub):
        _tell(integration, UNPAIRED, "expired", hub)
        await hub.store.delete_blob(names.INBOX, name, file.etag)


def _tell(integration: Integration, issue: Issue, outcome: str, hub: Hub) -> None:
    hub.count(integration.name, outcome)
    hub.tell("hub.message", integration=integration.name, stage="accept", outcome=outcome, error_code=issue.rule)


async def _done(integration: Integration, taken: Collection[File], hub: Hub) -> None:
    """Out of the inbox, unless the sender has left another one under that name meanwhile."""
    table = names.tables(integration.name).find
    for file in taken:
        await hub.store.commit(table, names.by_name(file.name), put("taken", {"at": hub.now(), "etag": file.etag}))
    for file in taken:
        await hub.store.delete_blob(names.INBOX, file.name, file.etag)


async def _was_taken(integration: Integration, file: File, hub: Hub) -> bool:
    """Whether a half is what a crash left of a pair: the other half is out of the inbox already."""
    taken = await hub.store.get(names.tables(integration.name).find, names.by_name(file.name), "taken")
    return taken is not None and taken["etag"] == file.etag


async def _gone(integration: Integration, name: str, hub: Hub) -> None:
    """A file that is not there: taken already, else a mistake of who told of it."""
    if not await hub.store.get(names.tables(integration.name).find, names.by_name(name), "taken"):
        raise Problem(NO_BLOB)
