"""A queue message on its way to a function: its text decoded, its metadata as binding data."""

import base64
import binascii
import json
from typing import Any

from toolkit.local.host.functions import Value

STRINGS = ("Id", "PopReceipt", "QueueTrigger")


def decoded(text: str, encoding: str) -> bytes:
    """The body as ``messageEncoding`` says. ``ValueError``: it is not base64, though it should be."""
    if encoding == "none":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the message is not base64 (host.json extensions.queues.messageEncoding)") from None


def value(body: bytes, as_bytes: bool) -> Value:
    """Text by default (must be UTF-8), bytes for ``dataType: binary``."""
    return Value("bytes", body) if as_bytes else Value("string", body.decode())


def metadata(message: Any, queue: str, given: Value) -> dict[str, Value]:
    """The message's own facts; a text body that is a JSON object overwrites them, names compared without case."""
    facts: dict[str, Any] = {
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
        "QueueTrigger": given.value if given.kind == "string" else "",
        "DequeueCount": message.dequeue_count,
        "InsertionTime": message.inserted_on.isoformat(),
        "ExpirationTime": message.expires_on.isoformat(),
        "NextVisibleTime": message.next_visible_on.isoformat(),
    }
    return {name: _typed(name, fact) for name, fact in (facts | _overwriting(facts, given)).items()}


def _typed(name: str, fact: Any) -> Value:
    if name in STRINGS and isinstance(fact, str):
        return Value("string", fact)
    return Value("json", json.dumps(fact))


def _overwriting(facts: dict[str, Any], given: Value) -> dict[str, Any]:
    if given.kind != "string" or not given.value.lstrip().startswith("{"):
        return {}
    try:
        members = json.loads(given.value)
    except ValueError:
        return {}
    names = {name.lower(): name for name in facts}
    return {names.get(key.lower(), key): member for key, member in members.items() if not isinstance(member, list)}


def details(message: Any) -> str:
    return f"MessageId: {message.id}, DequeueCount: {message.dequeue_count}, InsertionTime: {message.inserted_on.isoformat()}"
