"""Thresholds that support staff may tune: rows of a table, changed with a reason that is audited, looked at by the watchdog.

One that is passed is reported as ``hub.breach``, which has one alert. A threshold that no one has set is not checked; the alerts
with fixed limits (``infra/alerts``) are independent of these.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from shared.delivery.isolation import isolated
from shared.delivery.rows import Limit
from shared.hub import Hub
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ledger.reporting import counters
from shared.storage import names
from shared.storage.store import remove

WINDOW = 900  # seconds over which rates and times are taken
LONGEST_QUIET = 6 * 3600


class Seen(NamedTuple):
    """What a threshold is compared with: the backlog, the last quarter of an hour, and minutes since the last message."""

    backlog: Mapping[str, int | float]
    counts: Counter[str]
    quiet: float


class Rule(NamedTuple):
    """A measure, its unit and what it means."""

    unit: str
    meaning: str
    measure: Callable[[Seen], float]


def _error_rate(seen: Seen) -> float:
    received = seen.counts["accepted"] + seen.counts["rejected"]
    return 100 * (seen.counts["rejected"] + seen.counts["dead"]) / received if received else 0.0


RULES: Mapping[str, Rule] = {
    "backlog-age": Rule("s", "the oldest waiting message is older", lambda seen: float(seen.backlog["oldest_age_s"])),
    "backlog-size": Rule("messages", "more messages wait", lambda seen: float(seen.backlog["waiting"])),
    "error-rate": Rule("%", "more is refused or dead in 15 minutes", _error_rate),
    "slow": Rule("ms", "the 95th percentile of 15 minutes is longer", lambda seen: counters.percentile(seen.counts, 0.95) or 0.0),
    "quiet": Rule("minutes", "nothing has come for longer", lambda seen: seen.quiet),
}


class Threshold(NamedTuple):
    """One limit as it was set, by whom and why."""

    integration: str
    rule: str
    value: float
    who: str
    purpose: str


async def listed(hub: Hub) -> list[Threshold]:
    """Every threshold that is set."""
    rows = await hub.store.query(names.SHARED_TABLE, names.THRESHOLD)
    named = [(row.key.split("|"), Limit.of(row)) for row in rows]
    return [Threshold(name, rule, limit.value, limit.who, limit.purpose) for (name, rule), limit in named]


async def change(threshold: Threshold, hub: Hub) -> None:
    """Set a threshold, or remove it with a negative value. ``ValueError``: no such rule, no reason."""
    if threshold.rule not in RULES or not threshold.purpose:
        raise ValueError("a threshold has a rule that is known, and a reason")
    act = Act(threshold.who, "threshold", f"{threshold.rule}={threshold.value:g}", threshold.purpose)
    await audit.append(threshold.integration, act, hub)
    key = names.threshold(threshold.integration, threshold.rule)
    limit = Limit(value=float(threshold.value), who=threshold.who, purpose=threshold.purpose, at=hub.now())
    step = limit.put(key) if threshold.value >= 0 else remove(key)
    await hub.store.commit(names.SHARED_TABLE, names.THRESHOLD, step)


async def evaluate(integration: str, backlog: Mapping[str, int | float], hub: Hub) -> None:
    """Hold what is seen against each threshold of the integration, and report each one that is passed."""
    rows = await hub.store.query(
        names.SHARED_TABLE, names.THRESHOLD, names.threshold(integration, ""), names.threshold(integration, "~")
    )
    if not rows:
        return
    seen = await look(integration, backlog, hub)
    for row in rows:
        with isolated(integration, "thresholds", hub):
            rule, limit = row.key.split("|")[1], Limit.of(row).value
            if rule in RULES and (measured := RULES[rule].measure(seen)) > limit:
                hub.emit("hub.breach", integration=integration, rule=rule, threshold=limit, count=round(measured, 1))


async def look(integration: str, backlog: Mapping[str, int | float], hub: Hub) -> Seen:
    """What the thresholds are held against, now."""
    now = hub.now()
    by_minute = await counters.read(integration, now - LONGEST_QUIET, now, hub)
    lately = sum((counts for minute, counts in by_minute.items() if minute > now - WINDOW), Counter())
    arrived = [minute for minute, counts in by_minute.items() if counts["accepted"] or counts["rejected"]]
    return Seen(backlog, lately, (now - max(arrived, default=now - LONGEST_QUIET)) / 60)
