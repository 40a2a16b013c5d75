"""What a queue message or an event holds: a message, a reference to a file of the inbox, or a knock on an outbox."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from shared import formats
from shared.integration import EventGrid, Integration
from shared.storage import names

EMULATED = "devstoreaccount1"  # the account, which an emulator puts into the path of its URLs


def json_object(raw: bytes) -> dict[str, Any]:
    if raw.lstrip()[:1] != b"{":
        return {}
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def lane_of(content: Mapping[str, Any]) -> str:
    data = content.get("data")
    return str(data.get("lane", "")) if isinstance(data, dict) else ""


def publisher_of(integration: Integration) -> str:
    """The integration whose outbox this one takes from; empty when it takes from none."""
    return next((t.publisher for t in integration.triggers if isinstance(t, EventGrid) and t.publisher), "")


def decoded(raw: bytes) -> bytes:
    """The body of a queue message, out of its base64 when it is in it.

    >>> decoded(b"TVNIfF5+XFwm")
    b'MSH|^~\\\\\\\\&'
    """
    text = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in formats.MARKUP or any(form.begins and text.startswith(form.begins) for form in formats.every()):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True) or raw
    except binascii.Error:
        return raw


def blob_name(url: str) -> str:
    """The name of a blob of the inbox container, from its URL; empty when it is of another container or the URL is broken.

    >>> blob_name("https://x.blob.core.windows.net/inbox/a/b%201.hl7"), blob_name("https://x.blob.core.windows.net/content/inbox/a")
    ('a/b 1.hl7', '')
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    inside = path.removeprefix(f"/{EMULATED}").removeprefix(f"/{names.INBOX}/")
    return unquote(inside) if not inside.startswith("/") and inside != path else ""


def referenced_blob(body: bytes) -> str | None:
    """The blob that a queue message refers to: ``{"blob": name}``, or a blob-created event that was sent to the queue."""
    content = json_object(body)
    return str(content["blob"]) if set(content) == {"blob"} else created_blob(content)


def created_blob(content: Mapping[str, Any]) -> str | None:
    """The blob of the inbox of a blob-created event, ``""`` for one elsewhere; ``None`` for any other event."""
    data = content.get("data")
    kind = str(content.get("type") or content.get("eventType"))
    if "BlobCreated" not in kind:
        return None
    return blob_name(str(data["url"])) if isinstance(data, dict) and "url" in data else ""
