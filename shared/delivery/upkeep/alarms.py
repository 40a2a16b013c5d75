"""The second way to an alert, which needs no logs: an event on a topic of its own; a metric alert counts them.

The watchdog looks at the ledger and the counts; while something is dead or got no verdict since five minutes ago or less, is
overdue, paused for an hour, or out of reach, each round publishes one event for it. Off without the
setting ``HUB_ALARMS__ENDPOINT``.
"""

from collections.abc import Mapping

from shared.delivery import pause
from shared.destinations.event_grid import Topic
from shared.envelope import Outgoing
from shared.hub import Hub
from shared.ledger import schema
from shared.ledger.index import Listed
from shared.ledger.reporting import counters
from shared.problems import Undelivered
from shared.settings import setting
from shared.storage import names

ALARMS = Topic("HUB_ALARMS", "wales.nhs.hub.alarm", takes_synthetic=True)
FRESH = 300.0  # seconds that a dead letter, or a message without a verdict, is news
NO_VERDICT = ("fault", "unavailable")  # the counts of messages whose sender got 500 or 503


async def raise_alarms(integration: str, backlog: Mapping[str, int | float], hub: Hub) -> None:
    """Publish what is wrong with an integration; a topic that does not answer is reported as a failed attempt."""
    if not setting("HUB_ALARMS__ENDPOINT"):
        return
    since = await pause.paused(integration, hub)
    found = {
        "overdue": bool(backlog["overdue"]),
        "dead": await _is_dead_lately(integration, hub),
        "paused": since is not None and hub.now() - since.at > pause.LONG,
        "no-verdict": await _is_without_verdict_lately(integration, hub),
    }
    for reason in (reason for reason, is_so in found.items() if is_so):
        await alarm(integration, reason, hub)


async def alarm(integration: str, reason: str, hub: Hub) -> None:
    """One event: which integration and what kind of trouble, nothing else."""
    if not setting("HUB_ALARMS__ENDPOINT"):
        return
    properties = {"integration": integration, "reason": reason}
    try:
        await ALARMS.deliver(
            Outgoing(
                content_type="application/json",
                body=b"{}",
                control_id=f"{integration}-{reason}-{hub.token()}",
                properties=properties,
            )
        )
    except Undelivered as problem:
        hub.emit("hub.attempt", integration=integration, destination=ALARMS.name, outcome="waiting", error_code=problem.code)


async def _is_dead_lately(integration: str, hub: Hub) -> bool:
    rows = await hub.store.query(names.tables(integration).find, names.DEAD)
    return any(hub.now() - Listed.of(row).at <= FRESH for row in rows if not schema.is_newer(row))


async def _is_without_verdict_lately(integration: str, hub: Hub) -> bool:
    """By the counts that every process writes, so that the watchdog of another app sees it too."""
    by_minute = await counters.read(integration, hub.now() - FRESH, hub.now(), hub)
    return any(counts[outcome] for counts in by_minute.values() for outcome in NO_VERDICT)
