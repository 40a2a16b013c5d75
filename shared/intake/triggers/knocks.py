"""Knocks: a queue message that names a lane with work, a lane of a publisher's outbox, or a batch to split."""

from collections.abc import Mapping
from typing import Any

from shared.budget import Short
from shared.delivery.process import process
from shared.hub import Hub
from shared.intake import subscription
from shared.intake.splitting import split
from shared.intake.triggers.queue_bodies import json_object, publisher_of
from shared.integration import Integration
from shared.ledger.knocks import knock, knock_again
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Away


async def answer_knock(integration: Integration, raw: bytes, hub: Hub) -> None:
    """A knock: which lane has work, or which lane of a publisher's outbox. One that makes no sense is reported and dropped.

    Raises:
        Away: neither storage nor the queue answers.
    """
    knock = json_object(raw)
    try:
        await _work(integration, knock, hub)
    except (Away, Short, Unavailable):
        await knock_again(integration.name, knock, hub)


async def _work(integration: Integration, knock: Mapping[str, Any], hub: Hub) -> None:
    lane, publisher, batch = knock.get("lane"), knock.get("publisher", ""), knock.get("batch")
    if isinstance(batch, str) and names.is_lane(batch):
        await split(integration, batch, hub)
    elif not isinstance(lane, str) or not names.is_lane(lane) or publisher not in ("", publisher_of(integration)):
        hub.emit("hub.poison", integration=integration.name, queue="work", error_code="not-a-knock")
    elif publisher:
        await subscription.take(integration, str(publisher), lane, hub)
    else:
        await process(integration, lane, hub)


async def answer_poisoned_knock(integration: Integration, raw: bytes, hub: Hub) -> None:
    """A knock that failed again and again: knock later; the watchdog would find the lane as well."""
    hub.emit("hub.poison", integration=integration.name, queue="work")
    lane = json_object(raw).get("lane")
    if isinstance(lane, str) and names.is_lane(lane):
        await knock(integration.name, lane, hub, 60)
