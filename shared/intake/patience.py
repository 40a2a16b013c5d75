"""What a queue or an event delivered and cannot be taken *now* is put back: first a copy with a growing delay, then the original.

A crash between the two leaves both, and the second finds the message stored: the copy keeps the identity of the first. The host
gives a message five tries within three minutes and then moves it to its poison queue; poison is for what cannot be read.
"""

import base64
import zlib
from typing import NamedTuple

import orjson

from shared.envelope import Trigger
from shared.hub import Hub
from shared.ledger.knocks import delay_of
from shared.privacy import keyed, valid_traceparent
from shared.storage.store import Away

ROOM = 64 * 1024  # bytes that a queue message may have
START = b'{"again":'
# Base 85 needs less room than base 64 (a queue message is 64 KiB at most); these three would be escaped in its XML.
SAFE, UNSAFE = bytes.maketrans(b"&<>", b",./"), bytes.maketrans(b",./", b"&<>")


class Inbound(NamedTuple):
    """A body, the id of the queue message or event that it first arrived with, and how often it was put back.

    ``traceparent``: the trace context that it first arrived with; all tries belong to that trace.
    """

    body: bytes
    id: str = ""
    trigger: Trigger = "queue"
    tries: int = 0
    traceparent: str = ""


def read(raw: bytes, message_id: str = "") -> Inbound:
    """A queue message as it arrived, or the body that was put back in it. One without the hub's mark is a partner's message."""
    if not raw.startswith(START):
        return Inbound(raw, message_id)
    try:
        kept = orjson.loads(raw)
        if kept["mark"] != _mark(kept["again"], kept["body"]):
            return Inbound(raw, message_id)
        body = zlib.decompress(base64.b85decode(kept["body"].encode().translate(UNSAFE)))
        return Inbound(body, *kept["again"])._replace(traceparent=valid_traceparent(kept.get("trace", "")))
    except (ValueError, TypeError, KeyError, zlib.error):
        return Inbound(raw, message_id)


def written(inbound: Inbound) -> bytes:
    """The queue message in which it is put back, marked by the hub's key so that no partner can make one."""
    facts: list[str | int] = [inbound.id, inbound.trigger, inbound.tries]
    body = base64.b85encode(zlib.compress(inbound.body, 9)).translate(SAFE).decode()
    trace = {"trace": inbound.traceparent} if inbound.traceparent else {}  # not among the facts: an older version has three
    return orjson.dumps({"again": facts, "body": body, "mark": _mark(facts, body), **trace})


async def put_back(queue: str, inbound: Inbound, hub: Hub) -> None:
    """A copy, for as long as the queue keeps a message.

    Raises:
        Away: the queue does not answer either, or the copy is too large: then the host must redeliver the original.
    """
    body = written(inbound._replace(tries=inbound.tries + 1))
    if len(body) > ROOM:
        raise Away
    await hub.store.send(queue, body, delay_of(inbound.tries, hub))


def _mark(facts: list[str | int], body: str) -> str:
    return keyed("again", orjson.dumps([facts, body]).decode())
