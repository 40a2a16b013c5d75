"""A file out of the inbox into the ledger: a message, or a document and its sidecar as one."""

from collections.abc import Collection
from dataclasses import replace

from shared import budget
from shared.envelope import LARGEST, Envelope, Trigger
from shared.formats import content_type
from shared.formats.media import JSON
from shared.formats.sidecar.document import carries_document, is_description, with_document, with_file
from shared.hub import Hub
from shared.intake import replies
from shared.intake.inbox.acknowledgement import write_back
from shared.intake.inbox.files import File, copied, file_trigger, found, report, split
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.ledger.index import Taken
from shared.privacy import digest, handing_over, keyed
from shared.problems import Problem
from shared.storage import names

NO_BLOB = Issue(
    severity="error", code="not-found", text="the blob that the message names is not in the inbox", rule="blob-missing"
)
TOO_LARGE = Issue(severity="error", code="too-costly", text="the file is larger than is taken", rule="file-too-large")


async def take(integration: Integration, name: str, trigger: Trigger, hub: Hub) -> None:
    """One file into the ledger, then out of the inbox; half of a pair is left there until the other half arrives.

    Raises:
        Problem: the file is not there and was never taken.
        Short: the memory for it was not free for too long; the file stays where it is.
    """
    file = await found(name, hub)
    if file is None:
        return await _gone(integration, name, hub)
    halves = await _halves(integration, name, hub)
    if halves is None:
        return await _take_message(integration, file, trigger, hub)
    document, sidecar = halves
    if sidecar and sidecar.size > LARGEST:  # it is read whole, to put its pair together
        return await _refuse(integration, sidecar, trigger, hub)
    if document and sidecar:
        inside = document.size if document.size <= hub.timing.inline else 0
        async with budget.turn(sidecar.size + inside * 4 // 3, budget.PATIENCE, hub):
            return await _take_pair(integration, document, sidecar, trigger, hub)
    if await _was_taken(integration, file, hub):
        await _done(integration, [file], hub)
    elif sidecar and await _is_complete(sidecar, hub):
        await _take_message(integration, sidecar, trigger, hub)
    return None


async def _halves(integration: Integration, name: str, hub: Hub) -> tuple[File | None, File | None] | None:
    """Document and sidecar of the pair of a file, as far as they are there; ``None`` when it is not half of a pair."""
    trigger, (stem, extension) = file_trigger(integration), split(name)
    if trigger is None or extension not in trigger.pairs:
        return None
    there = [each for each, _ in await hub.store.blobs(names.INBOX, f"{stem}.")]
    kinds = {split(each)[1]: each for each in there if split(each)[0] == stem}
    document, sidecar = (kinds.get(kind, "") for kind in trigger.pairs)
    return await found(document, hub), await found(sidecar, hub)


async def _is_complete(sidecar: File, hub: Hub) -> bool:
    """Whether a sidecar needs no second file, because the document is in it."""
    async with budget.turn(sidecar.size, budget.PATIENCE, hub):
        return carries_document(await hub.store.read_blob(names.INBOX, sidecar.name) or b"")


async def _take_message(integration: Integration, file: File, trigger: Trigger, hub: Hub) -> None:
    if file.size > LARGEST:
        return await _refuse(integration, file, trigger, hub)
    async with budget.turn(file.size, budget.PATIENCE, hub):
        body = await hub.store.read_blob(names.INBOX, file.name)
        if body is None:
            return None
        answer = await replies.take(integration, _envelope(integration, file, body, trigger, hub), hub)
    await write_back(integration, file, answer, hub)
    await _done(integration, [file], hub)
    return None


async def _take_pair(integration: Integration, document: File, sidecar: File, trigger: Trigger, hub: Hub) -> None:
    envelope = await _paired(integration, document, sidecar, trigger, hub)
    if envelope is None:
        return
    answer = await replies.take(integration, envelope, hub)
    await write_back(integration, sidecar, answer, hub)
    await _done(integration, [document, sidecar], hub)


async def _paired(integration: Integration, document: File, sidecar: File, trigger: Trigger, hub: Hub) -> Envelope | None:
    """Both as one message: a document of a usual size inside it, a large one in a blob of its own and never in memory.

    Returns:
        ``None`` when a half is not there any more: another worker has taken the pair, and answers for it.
    """
    description = await hub.store.read_blob(names.INBOX, sidecar.name)
    if description is None:
        return None
    if document.size <= hub.timing.inline and is_description(description):
        read = await hub.store.read_blob(names.INBOX, document.name)
        return None if read is None else _envelope(integration, sidecar, with_document(description, read), trigger, hub)
    copy = await copied(integration, document, hub)
    if copy is None:
        return None
    envelope = _envelope(integration, sidecar, with_file(description, copy.marks()), trigger, hub)
    return replace(envelope, content_type=JSON, files=(copy.blob,))  # by its name; what it is will be seen


def _envelope(integration: Integration, file: File, body: bytes, trigger: Trigger, hub: Hub) -> Envelope:
    reference = f"{keyed('blob', file.name)}-{digest(body)[:16]}"
    handed = handing_over("file", file.name, file.etag)
    return Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=content_type(integration.source, body),
        trigger=trigger,
        reference=reference,
        handed=handed,
    )


async def _refuse(integration: Integration, file: File, trigger: Trigger, hub: Hub) -> None:
    copy = await copied(integration, file, hub)
    if copy is None:
        return
    envelope = replace(_envelope(integration, file, copy.sha1.digest(), trigger, hub), body=b"", files=(copy.blob,))
    found = Verdict("AR", (TOO_LARGE,))
    await refuse(integration, envelope, found, Refusal(), hub)
    report(integration, TOO_LARGE, "rejected", hub)
    await write_back(integration, file, integration.source.acknowledge(envelope, None, found), hub)
    await _done(integration, [file], hub)


async def _done(integration: Integration, taken: Collection[File], hub: Hub) -> None:
    """Out of the inbox, unless the sender has left another one under that name meanwhile."""
    table = names.tables(integration.name).find
    for file in taken:
        await hub.store.commit(table, names.by_name(file.name), Taken(at=hub.now(), etag=file.etag).put(names.TAKEN))
    for file in taken:
        await hub.store.delete_blob(names.INBOX, file.name, file.etag)


async def _was_taken(integration: Integration, file: File, hub: Hub) -> bool:
    """Whether a half is what a crash left of a pair: the other half is out of the inbox already."""
    taken = await hub.store.get(names.tables(integration.name).find, names.by_name(file.name), names.TAKEN)
    return taken is not None and Taken.of(taken).etag == file.etag


async def _gone(integration: Integration, name: str, hub: Hub) -> None:
    """A file that is not there: taken already, else a mistake of the sender of the event."""
    if not await hub.store.get(names.tables(integration.name).find, names.by_name(name), names.TAKEN):
        raise Problem(NO_BLOB)
