"""Facts in memory: what a busy morning looks like, for the page's tests and for looking at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.ops.codes import Line
from shared.ops.facts import Actor, Flow, Found, Journey, Kind, Limit, Limits, Overview, Point, Step

DEAD = Found("pims-to-mpi", "1-ab12cd34.0f", "PIMS0000007", "dead", "2026-03-02T09:12:41.120Z", 10, "ack-AR", can_replay=True)
FLOWS = (
    Flow("phw-to-mpi", 1204, 1200, 3, 2, 0, 41, 87, 190, 2, 4),
    Flow("pims-to-mpi", 887, 880, 9, 0, 1, 52, 113, 260, 6, 312, 1),
    Flow("lims-results-to-cdr", 3120, 3100, 12, 40, 0, 95, 260, 480, 20, 65, 0, "open"),
    Flow("wds-to-mpi"),
)
CODES = (
    Line(
        integration="pas-adt-to-cdr",
        path="PID-3.4",
        code="NEW",
        rule="code-unmapped",
        text="the code is not in the table: the message waits until it is (AUTHORITIES)",
        count=12,
        first="2026-03-02T08:00:00Z",
        last="2026-03-02T09:28:00Z",
        waiting=3,
        since="2026-03-02T08:00:00Z",
        action="wait",
        place="integrations/pas_adt_to_cdr/codes.py:36",
        example=DEAD.id,
    ),
    Line(
        integration="pims-to-mpi",
        path="EVN-1",
        code="<b>Sub</b>",
        rule="table-code",
        text="not in HL7 table 0003",
        count=870,
        first="2026-03-01T00:00:00Z",
        last="2026-03-02T09:29:00Z",
        waiting=0,
        since="",
        action="review",
        place="integrations/pims_to_mpi/codes.py",
        example="",
    ),
)
POINTS = tuple(Point(1772440000 + 60 * i, 40 + (i * 37) % 50, (i % 11 == 0) * (i % 4), 80 + (i * 13) % 70) for i in range(60))


@dataclass
class SampleFacts:
    dead_letter: Found = DEAD
    audited: list[tuple[str, Actor]] = field(default_factory=list)
    given: dict[tuple[str, str], Limit] = field(default_factory=dict)

    async def overview(self, minutes: int) -> Overview:
        return Overview(FLOWS, POINTS, "2026-03-02T09:30:00.000Z")

    async def find(self, kind: Kind, value: str, actor: Actor) -> Sequence[Found]:
        self.audited.append((f"find {kind}", actor))
        return (self.dead_letter,) if value == self.dead_letter.control_id else ()

    async def journey(self, integration: str, message_id: str) -> Journey | None:
        if (integration, message_id) != (DEAD.integration, DEAD.id):
            return None
        steps = (Step(DEAD.received_at, "accepted", "AA"), Step("2026-03-02T09:20:00.000Z", "dead", "ack-AR"))
        return Journey(self.dead_letter, "c0ffee", steps)

    async def dead(self, most: int = 100) -> Sequence[Found]:
        return (self.dead_letter,) if self.dead_letter.outcome == "dead" else ()

    async def codes(self) -> list[Line]:
        return list(CODES)

    async def parallel(self, minutes: int) -> Sequence[Mapping[str, Any]]:
        run = {"integration": "phw-to-mpi", "mode": "observe", "agreement": 97.5, "pairs": 40, "same": 38, "agreed": 1}
        difference = {"path": "PID-8", "cause": "value", "rule": "", "pairs": 1, "count": 2}
        hour = {"at": 1772440000, "agreement": 97.5, "pairs": 40, "unpaired": 3}
        return ({**run, "different": 1, "unpaired": 3, "waiting": 2, "differences": [difference], "hours": [hour]},)

    async def limits(self) -> Limits:
        rules = (("backlog-age", "s"), ("error-rate", "%"))
        return Limits(tuple(self.given.values()), tuple(flow.integration for flow in FLOWS), rules)

    async def set_limit(self, limit: Limit) -> bool:
        self.audited.append((f"threshold {limit.rule}={limit.value:g}", Actor(limit.who, "", limit.why)))
        self.given[limit.integration, limit.rule] = limit
        return limit.integration != "noone"

    async def replay(self, integration: str, message_id: str, actor: Actor) -> bool:
        return self._settle("replay", "replayed", actor)

    async def discard(self, integration: str, message_id: str, actor: Actor) -> bool:
        return self._settle("discard", "discarded", actor)

    def _settle(self, act: str, outcome: str, actor: Actor) -> bool:
        self.audited.append((act, actor))
        was_dead = self.dead_letter.outcome == "dead"
        self.dead_letter = replace(self.dead_letter, outcome=outcome, can_replay=False)
        return was_dead
