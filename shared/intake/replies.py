"""Messages by queue or event, for which no caller waits: accepted, and answered to the replies queue."""

from collections.abc import Iterator

import orjson

from shared.delivery import load
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake import batches
from shared.integration import Integration
from shared.issue import Issue
from shared.problems import Fault, Unavailable

LIVES = 7 * 86400
LARGEST = 60 * 1024
AGAIN = Issue(severity="error", code="transient", text="not taken now", rule="again")


async def take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Accept, and answer to the replies queue. Raises ``Unavailable`` or ``Fault``: no verdict was reached, come again."""
    if await load.overload(integration.name, hub):
        raise Unavailable(AGAIN)
    answer = await batches.take(integration, envelope, hub)
    if answer.status == 503:
        raise Unavailable(AGAIN)
    if answer.status == 500:
        raise Fault(AGAIN)
    await send(integration, answer, hub)
    return answer


async def send(integration: Integration, answer: Answer, hub: Hub) -> None:
    """Put an answer on the replies queue."""
    for part in reply(answer):
        await hub.store.send(f"{integration.name}-replies", part, lives=LIVES)


def reply(answer: Answer) -> list[bytes]:
    """An acknowledgement for the replies queue: JSON, because a queue turns a CR into an LF.

    One that is larger than a queue message is sent in parts, in whole segments: ``part`` of ``parts``, one-based. A segment that
    is too large on its own is left out.
    """
    about = {"message_id": answer.headers.get("X-Message-Id", ""), "status": answer.status, "content_type": answer.content_type}
    texts = list(_texts(answer.body.decode("utf-8", "replace")))
    if len(texts) == 1:
        return [orjson.dumps({**about, "acknowledgement": texts[0]})]
    parts = enumerate(texts, 1)
    return [orjson.dumps({**about, "part": n, "parts": len(texts), "acknowledgement": text}) for n, text in parts]


def _texts(text: str) -> Iterator[str]:
    """The text in pieces that fit, each of whole segments."""
    piece, size = list[str](), 0
    for segment in text.splitlines(keepends=True) or [""]:
        length = len(orjson.dumps(segment))
        if length > LARGEST:
            continue
        if size + length > LARGEST:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(segment)
        size += length
    yield "".join(piece)
