"""Files as a sender leaves them in the inbox, and the event by which storage announces each."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from shared.formats.sidecar.document import carries_document
from shared.intake.inbox.files import CREATED, file_trigger, folder
from shared.integration import Integration
from shared.storage.names import INBOX
from shared.storage.store import Store
from toolkit.samples import Sample

SUBJECT = f"/blobServices/default/containers/{INBOX}/blobs/"


def takes_files(integration: Integration) -> bool:
    """Whether its messages come as files of the inbox."""
    return file_trigger(integration) is not None


def halves(body: bytes, extension: str) -> dict[str, bytes]:
    """A message as the files that it would come in, by extension: a sidecar with its document inside comes as two.

    >>> halves(b'{"document": {"data": "JVBERi0="}}', "json")
    {'pdf': b'%PDF-', 'json': b'{"document":{}}'}
    """
    if extension != "json" or not carries_document(body):
        return {extension: body}
    sidecar = orjson.loads(body)
    document = base64.b64decode(sidecar["document"].pop("data"))
    return {"pdf": document, "json": orjson.dumps(sidecar)}


def other_halves(integration: Integration, extension: str) -> list[str]:
    """The extensions of the files that belong to one with this extension; none where it stands alone."""
    trigger = file_trigger(integration)
    pairs = trigger.pairs if trigger else ()
    return [each for each in pairs if each != extension] if extension in pairs else []


def waits(integration: Integration, sample: Sample) -> bool:
    """Whether a sample is half of a pair, whose other half never comes: it waits, and is in no demo."""
    trigger = file_trigger(integration)
    return trigger is not None and sample.extension in trigger.pairs and not carries_document(sample.body)


async def leave(integration: Integration, store: Store, stem: str, files: Mapping[str, bytes]) -> list[str]:
    """Put files of one name into the folder that the integration listens to; their names there, in this order."""
    trigger = file_trigger(integration)
    assert trigger
    names = {f"{folder(trigger)}{stem}.{extension}": body for extension, body in files.items()}
    for name, body in names.items():
        await store.write_blob(INBOX, name, body)
    return list(names)


def created(name: str) -> dict[str, Any]:
    """The event of a blob that was written, as Event Grid delivers it in the CloudEvents schema."""
    return {
        "specversion": "1.0",
        "type": CREATED,
        "source": "/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/local",
        "id": name.rpartition("/")[2],
        "subject": SUBJECT + name,
        "data": {"api": "PutBlob", "url": f"https://local.blob.core.windows.net/{INBOX}/{quote(name)}"},
    }
