"""The ops page's facts from the ledger. Every query names a partition, or a range of rows in one."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from shared.delivery import dead
from shared.delivery.rows import Backlog, Breaker
from shared.delivery.upkeep import thresholds
from shared.hub import Hub
from shared.ledger import audit
from shared.ledger.audit import Act
from shared.ledger.index import Listed
from shared.ledger.reporting import counters, search
from shared.ops.codes import Line, listed
from shared.ops.facts import Actor, Flow, Found, Journey, Kind, Limit, Limits, Overview, Point, Step
from shared.ops.replay import replay
from shared.parallel.agreement import SUM, agreement
from shared.storage import names
from shared.storage.store import Row

BY: dict[Kind, search.By] = {"control_id": "control", "correlation_id": "correlation", "nhs_number": "patient"}
ERRORS = ("rejected", "dead", "expired")
STEPS = 120  # a chart has at most so many points


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the tables of these integrations hold, from all instances."""

    hub: Hub

    async def overview(self, minutes: int) -> Overview:
        until = self.hub.now()
        since = until - 60 * minutes
        counted = await asyncio.gather(*(counters.read(name, since, until, self.hub) for name in self.hub.integrations))
        waits = {row.key: Backlog.of(row) for row in await self.hub.store.query(names.SHARED_TABLE, names.BACKLOG)}
        flows = await asyncio.gather(
            *(self._flow(name, _total(each), waits.get(name)) for name, each in zip(self.hub.integrations, counted, strict=True))
        )
        return Overview(tuple(flows), tuple(_points(counted, since, until)), self.hub.stamp())

    async def _flow(self, name: str, counts: Counter[str], waits: Backlog | None) -> Flow:
        """One row of the table. The breaker belongs to the destination, which other integrations may share."""
        destination = self.hub.integrations[name].destination.name
        breaker, dead_rows = await asyncio.gather(
            self.hub.store.get(names.SHARED_TABLE, destination, names.BREAKER),
            self._dead_rows(name),
        )
        return Flow(
            integration=name,
            accepted=counts["accepted"],
            delivered=counts["delivered"],
            observed=counts["observed"],
            rejected=counts["rejected"],
            duplicate=counts["duplicate"],
            dead=counts["dead"],
            p50=counters.percentile(counts, 0.5),
            p95=counters.percentile(counts, 0.95),
            p99=counters.percentile(counts, 0.99),
            waiting=waits.waiting if waits else 0,
            codes_waiting=waits.codes if waits else 0,
            oldest_s=waits.oldest_age_s if waits else 0,
            dead_now=len(dead_rows),
            dead_is_more=len(dead_rows) == search.LOOKED_AT,
            breaker=Breaker.of(breaker).state if breaker else "closed",
        )

    async def find(self, kind: Kind, value: str, actor: Actor) -> Sequence[Found]:
        """Search every integration. A search by NHS Number is recorded in the audit of each."""
        found: list[Found] = []
        for name in self.hub.integrations:
            if kind == "nhs_number":
                await audit.append(name, Act(actor.name, "search", "", kind), self.hub)
            found += [_found(name, story) for story in await search.find(name, BY[kind], value, self.hub)]
        return sorted(found, key=lambda one: one.received_at)

    async def journey(self, integration: str, message_id: str) -> Journey | None:
        if integration not in self.hub.integrations or "." not in message_id:
            return None
        story = await search.status(integration, message_id, self.hub)
        if story is None:
            return None
        dead_row = await self.hub.store.get(names.tables(integration).find, dead.PARTITION, message_id)
        found = replace(_found(integration, story), can_replay=dead_row is not None)
        return Journey(found, story.get("correlation_id", ""), tuple(_steps(story)))

    async def dead(self, most: int = 100) -> Sequence[Found]:
        """The newest dead letters. Of an integration that has more than ``LOOKED_AT``, only so many are read."""
        each = await asyncio.gather(*map(self._dead_rows, self.hub.integrations))
        rows = [
            (Listed.of(row).at, name, row.key) for name, rows in zip(self.hub.integrations, each, strict=True) for row in rows
        ]
        newest = [(name, key) for _, name, key in sorted(rows, reverse=True)[:most]]
        stories = await asyncio.gather(*(search.status(name, key, self.hub) for name, key in newest))
        found = [_found(name, story) for (name, _), story in zip(newest, stories, strict=True) if story]
        return sorted((one for one in found if one.outcome in dead.KEPT), key=lambda one: one.received_at, reverse=True)

    async def _dead_rows(self, name: str) -> list[Row]:
        """The index rows of the dead letters, at most ``LOOKED_AT`` of them, in one request."""
        return await self.hub.store.query(names.tables(name).find, dead.PARTITION, limit=search.LOOKED_AT)

    async def replay(self, integration: str, message_id: str, actor: Actor) -> bool:
        try:
            person = dead.Person(actor.name, actor.why)
            await replay(self.hub.integrations[integration], message_id, person, self.hub)
        except (dead.Refused, KeyError):
            return False
        return True

    async def discard(self, integration: str, message_id: str, actor: Actor) -> bool:
        try:
            person = dead.Person(actor.name, actor.why)
            await dead.discard(self.hub.integrations[integration], message_id, person, self.hub)
        except (dead.Refused, KeyError):
            return False
        return True

    async def codes(self) -> Sequence[Line]:
        """The unmapped codes of every integration, those that lanes wait for first, then the most frequent."""
        each = await asyncio.gather(*(listed(one, self.hub) for one in self.hub.integrations.values()))
        return sorted((line for lines in each for line in lines), key=lambda line: (-line.waiting, -line.count, line.integration))

    async def parallel(self, minutes: int) -> Sequence[Mapping[str, Any]]:
        """The runs of now, and those that have results in the range."""
        since = self.hub.now() - 60 * minutes
        names_of = [name for name in self.hub.integrations if await self._is_parallel(name, since)]
        return [(await agreement(name, since, self.hub)).face() for name in names_of]

    async def _is_parallel(self, name: str, since: float) -> bool:
        if self.hub.is_observed(name):
            return True
        return bool(await self.hub.store.query(names.tables(name).pairs, SUM, names.hour(since), limit=1))

    async def limits(self) -> Limits:
        given = tuple(Limit(*each) for each in await thresholds.listed(self.hub))
        return Limits(given, tuple(self.hub.integrations), tuple((name, rule.unit) for name, rule in thresholds.RULES.items()))

    async def set_limit(self, limit: Limit) -> bool:
        """Set or remove a threshold; the change is audited. False: no such integration or rule, or no reason."""
        if limit.integration not in self.hub.integrations:
            return False
        try:
            await thresholds.change(thresholds.Threshold(*astuple(limit)), self.hub)
        except ValueError:
            return False
        return True


def _total(by_minute: dict[int, Counter[str]]) -> Counter[str]:
    return sum(by_minute.values(), Counter())


def _points(counted: Sequence[dict[int, Counter[str]]], since: float, until: float) -> list[Point]:
    """The time axis, in whole minutes or hours; each step is as long as ``STEPS`` requires."""
    least = counters.HOUR if until - since > counters.HOURLY_FROM else 60
    step = least * max(1, -(-int(until - since) // (least * STEPS)))
    at: dict[int, Counter[str]] = {}
    for by_minute in counted:
        for minute, counts in by_minute.items():
            at.setdefault(minute - minute % step, Counter()).update(counts)
    first, last = int(since) - int(since) % step, int(until) - int(until) % step
    return [_point(t, at.get(t, Counter())) for t in range(first, last + 1, step)]


def _point(t: int, counts: Counter[str]) -> Point:
    return Point(t, counts["accepted"], sum(counts[name] for name in ERRORS), counters.percentile(counts, 0.95))


def _found(integration: str, story: dict[str, Any]) -> Found:
    return Found(
        integration=integration,
        id=story["id"],
        control_id=story.get("control", ""),
        outcome=story["outcome"],
        received_at=_stamp(story["at"]),
        attempts=int(story.get("attempts", 0)),
        reason=" ".join(filter(None, (story.get("code", ""), story.get("where", "")))),
    )


def _steps(story: dict[str, Any]) -> list[Step]:
    """When it was received, each earlier outcome, and its state now."""
    received = Step(_stamp(story["at"]), "accepted" if story["outcome"] != "rejected" else "rejected", story.get("rules", ""))
    past = [_end(each) for each in story["history"]]
    now = (
        [_end(story)]
        if story.get("ended")
        else [Step(_stamp(story.get("due") or story["at"]), story["outcome"], story.get("code", ""))]
    )
    return [received, *past, *now] if story["outcome"] != "rejected" else [received]


def _end(each: dict[str, Any]) -> Step:
    details = [
        each.get("code", ""),
        f"×{each['attempts']}" if each.get("attempts") else "",
        "ambiguous" if each.get("ambiguous") else "",
    ]
    return Step(_stamp(each["ended"]), each["outcome"], " ".join(filter(None, details)))


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
