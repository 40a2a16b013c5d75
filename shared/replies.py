"""What comes by queue or event and has nobody who waits: accepted, and answered to the replies queue."""

import orjson

from shared import batches
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.problems import Fault, Unavailable

LIVES = 7 * 86400
LARGEST = 60 * 1024
AGAIN = Issue("error", "transient", "", "not taken now", "again")


async def take(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Accept, and answer to the replies queue. Raises ``Unavailable`` or ``Fault``: no verdict was reached, come again."""
    answer = await batches.take(integration, envelope, hub)
    if answer.status == 503:
        raise Unavailable(AGAIN)
    if answer.status == 500:
        raise Fault(AGAIN)
    await send(integration, answer, hub)
    return answer


async def send(integration: Integration, answer: Answer, hub: Hub) -> None:
    """Put an answer on the replies queue."""
    await hub.store.send(f"{integration.name}-replies", reply(answer), lives=LIVES)


def reply(answer: Answer) -> bytes:
    """An acknowledgement for the replies queue: JSON, because a queue turns a CR into an LF."""
    text = answer.body.decode("utf-8", "replace")
    said = {"message_id": answer.headers.get("X-Message-Id", ""), "status": answer.status, "content_type": answer.content_type}
    whole = orjson.dumps({**said, "acknowledgement": text})
    return whole if len(whole) <= LARGEST else orjson.dumps({**said, "acknowledgement": ""})
