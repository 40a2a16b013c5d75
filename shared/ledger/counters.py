"""How many of what, for charts: one row per instance and minute, added up when read. Never used for conservation."""

from collections import Counter
from datetime import UTC, datetime

import orjson

from shared.hub import Hub
from shared.ledger.names import tables
from shared.ledger.store import put


async def write(integration: str, hub: Hub) -> None:
    """Write down what this process counted since the last time."""
    counted = {outcome: count for (name, outcome), count in hub.counts.items() if name == integration}
    if not counted:
        return
    when = datetime.fromtimestamp(hub.now(), UTC)
    key = f"{when:%H%M}|{hub.instance}|{hub.token()}"
    await hub.store.commit(tables(integration).counters, f"{when:%Y-%m-%d}", put(key, {"counts": orjson.dumps(counted).decode()}))
    for outcome, count in counted.items():
        hub.counts[integration, outcome] -= count
        if not hub.counts[integration, outcome]:
            del hub.counts[integration, outcome]


async def read(integration: str, day: str, hub: Hub, first: str = "", last: str = "") -> dict[str, Counter[str]]:
    """Counts of a day (``YYYY-MM-DD``) by minute (``HHMM``)."""
    minutes: dict[str, Counter[str]] = {}
    for row in await hub.store.query(tables(integration).counters, day, first, last):
        minutes.setdefault(row.key[:4], Counter()).update(orjson.loads(row["counts"]))
    return minutes
