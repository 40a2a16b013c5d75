"""The ops page's facts from the ledger. Every query names a partition, or a range of rows in one."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from shared.delivery import dead
from shared.delivery.rows import Backlog, Breaker
from shared.delivery.upkeep import thresholds
from shared.hub import Hub
from shared.integration import Integration
from shared.ledger import audit, schema
from shared.ledger.audit import Act
from shared.ledger.index import Listed
from shared.ledger.reporting import counters, search
from shared.ops.figures import counted, journey
from shared.ops.figures.codes import Line, listed
from shared.ops.figures.destination import destination
from shared.ops.figures.facts import Actor, Detail, Flow, Found, Journey, Kind, Limit, Limits, Overview
from shared.ops.figures.lanes import open_lanes
from shared.ops.figures.times import iso
from shared.ops.replay import replay
from shared.parallel.agreement import SUM, agreement
from shared.storage import names
from shared.storage.store import Row

BY: dict[Kind, search.By] = {"control_id": "control", "correlation_id": "correlation", "nhs_number": "patient"}
OneAct = Callable[[Integration, str, dead.Person, Hub], Awaitable[object]]  # what a person does to one dead letter
DEAD_SHOWN = 25  # dead letters on the page of an integration


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the tables of these integrations hold, from all instances."""

    hub: Hub

    async def overview(self, minutes: int) -> Overview:
        until = self.hub.now()
        since = until - 60 * minutes
        each = await asyncio.gather(*(counters.read(name, since, until, self.hub) for name in self.hub.integrations))
        waits = {row.key: Backlog.of(row) for row in await self.hub.store.query(names.SHARED_TABLE, names.BACKLOG)}
        flows = await asyncio.gather(
            *(
                self._flow(name, counted.total(by_time), waits.get(name))
                for name, by_time in zip(self.hub.integrations, each, strict=True)
            )
        )
        points, step = counted.points(each, since, until), counted.step_of(since, until)
        return Overview(tuple(flows), points, self.hub.stamp(), step)

    async def detail(self, integration: str, minutes: int) -> Detail | None:
        one = self.hub.integrations.get(integration)
        if one is None:
            return None
        until = self.hub.now()
        since = until - 60 * minutes
        by_time = await counters.read(integration, since, until, self.hub)
        counts = counted.total(by_time)
        backlog = await self.hub.store.get(names.SHARED_TABLE, names.BACKLOG, integration)
        return Detail(
            flow=await self._flow(integration, counts, Backlog.of(backlog) if backlog else None),
            points=counted.points([by_time], since, until),
            step=counted.step_of(since, until),
            at=self.hub.stamp(),
            destination=await destination(one.destination.name, self.hub),
            refusals=counted.refused(counts),
            callers=counted.callers(counts),
            lanes=await open_lanes(integration, self.hub),
            codes=await listed(one, self.hub),
            dead=await self._newest_dead([integration], DEAD_SHOWN),
            agreement=(await agreement(integration, since, self.hub)).face()
            if await self._is_parallel(integration, since)
            else None,
        )

    async def _flow(self, name: str, counts: Counter[str], waits: Backlog | None) -> Flow:
        """One row of the table. The breaker belongs to the destination, which other integrations may share."""
        where = self.hub.integrations[name].destination.name
        breaker, dead_rows = await asyncio.gather(
            self.hub.store.get(names.SHARED_TABLE, where, names.BREAKER),
            self._dead_rows(name),
        )
        return Flow(
            integration=name,
            accepted=counts["accepted"],
            delivered=counts["delivered"],
            observed=counts["observed"],
            rejected=counts["rejected"],
            duplicate=counts["duplicate"],
            failed=counted.failed(counts),
            unaccepted=sum(counts[outcome] for outcome in counted.NOT_ACCEPTED),
            p50=counters.percentile(counts, 0.5),
            p95=counters.percentile(counts, 0.95),
            p99=counters.percentile(counts, 0.99),
            waiting=waits.waiting if waits else 0,
            codes_waiting=waits.codes if waits else 0,
            held=waits.held if waits else 0,
            overdue=waits.overdue if waits else 0,
            destination=where,
            paused=iso(waits.paused) if waits else "",
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
            found += [journey.found(name, story) for story in await search.find(name, BY[kind], value, self.hub)]
        return sorted(found, key=lambda one: one.received_at)

    async def journey(self, integration: str, message_id: str) -> Journey | None:
        if integration not in self.hub.integrations or "." not in message_id:
            return None
        story = await search.status(integration, message_id, self.hub)
        if story is None:
            return None
        if story.get("newer"):
            return Journey(journey.found(integration, story), is_newer=True)
        dead_row = await self.hub.store.get(names.tables(integration).find, dead.PARTITION, message_id)
        found = replace(journey.found(integration, story), can_replay=dead_row is not None)
        tries = journey.tries(story)
        plan = await journey.next_step(integration, story, self.hub)
        return Journey(found, story.get("correlation_id", ""), journey.steps(story), *tries, plan=plan)

    async def dead(self, most: int = 100) -> Sequence[Found]:
        """The newest dead letters. Of an integration that has more than ``LOOKED_AT``, only so many are read."""
        return await self._newest_dead(list(self.hub.integrations), most)

    async def _newest_dead(self, integrations: Sequence[str], most: int) -> Sequence[Found]:
        each = await asyncio.gather(*map(self._dead_rows, integrations))
        lines = [(name, row) for name, rows in zip(integrations, each, strict=True) for row in rows]
        now = self.hub.now()  # of a line that a newer version wrote, so that it is shown
        dated = [(now if schema.is_newer(row) else Listed.of(row).at, name, row.key) for name, row in lines]
        newest = [(name, key) for _, name, key in sorted(dated, reverse=True)[:most]]
        stories = await asyncio.gather(*(search.status(name, key, self.hub) for name, key in newest))
        found = [journey.found(name, story) for (name, _), story in zip(newest, stories, strict=True) if story]
        shown = (*dead.KEPT, schema.NEWER.rule)  # the list of dead letters names it, so it needs action
        return sorted((one for one in found if one.outcome in shown), key=lambda one: one.received_at, reverse=True)

    async def _dead_rows(self, name: str) -> list[Row]:
        """The index rows of the dead letters, at most ``LOOKED_AT`` of them, in one request."""
        return await self.hub.store.query(names.tables(name).find, dead.PARTITION, limit=search.LOOKED_AT)

    async def replay(self, integration: str, message_id: str, actor: Actor) -> str:
        return await self._act(replay, integration, message_id, actor)

    async def discard(self, integration: str, message_id: str, actor: Actor) -> str:
        return await self._act(dead.discard, integration, message_id, actor)

    async def _act(self, act: OneAct, integration: str, message_id: str, actor: Actor) -> str:
        one = self.hub.integrations.get(integration)
        if one is None:
            return "no-integration"
        try:
            await act(one, message_id, dead.Person(actor.name, actor.why), self.hub)
        except dead.Refused as why:
            return why.reason
        return ""

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
