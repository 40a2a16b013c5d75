"""A destination as its integration's page shows it: reachable or not, since when, why, and the outages before."""

from shared.delivery.outages import outages
from shared.delivery.rows import Breaker
from shared.destinations.kinds.failures import meanings
from shared.hub import Hub
from shared.ops.figures.facts import Destination, Outage
from shared.ops.figures.times import iso
from shared.storage import names


async def destination(name: str, hub: Hub) -> Destination:
    """The destination by the row of its breaker; one without a row has never failed."""
    row = await hub.store.get(names.SHARED_TABLE, name, names.BREAKER)
    if row is None:
        return Destination(name)
    found = Breaker.of(row)
    is_failing = found.failures > 0
    return Destination(
        name=name,
        state=found.state,
        since=iso(found.first),
        last=iso(found.since) if is_failing else "",
        code=found.code,
        meanings=tuple(meanings(found.code)) if found.code else (),
        probes=max(0, found.opens - 1),
        until=iso(found.until) if found.state == "open" else "",
        outages=tuple(
            Outage(iso(one.first), iso(one.end), one.end - one.first if one.first else 0.0, max(0, one.opens - 1), one.code)
            for one in reversed(outages(found))
        ),
    )
