"""Facts in memory: what a busy morning looks like, for the page's tests and for looking at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.ops.figures.codes import Line
from shared.ops.figures.facts import (
    Actor,
    Destination,
    Detail,
    Flow,
    Found,
    Journey,
    Kind,
    Limit,
    Limits,
    OpenLane,
    Outage,
    Overview,
    Plan,
    Point,
    Refusals,
    Step,
    Try,
)

DEAD = Found("pims-to-mpi", "1-ab12cd34.0f", "PIMS0000007", "dead", "2026-03-02T09:12:41.120Z", 10, "ack-AR", can_replay=True)
WAITING = Found("lims-results-to-cdr", "1-77aa.0e", "LIMS0000042", "waiting", "2026-03-02T08:50:00.000Z", 0, "http-503")
BEHIND = Found("pims-to-mpi", "1-ab12cd34.10", "PIMS0000008", "waiting", "2026-03-02T09:13:00.000Z")
FLOWS = (
    Flow("phw-to-mpi", 1204, 1200, 3, 2, 0, 41, 87, 190, 2, 4),
    Flow("pims-to-mpi", 887, 880, 9, 0, 1, 52, 113, 260, 6, 312, 1, held=1),
    Flow("lims-results-to-cdr", 3120, 3100, 12, 40, 0, 95, 260, 480, 20, 65, 0, breaker="open", overdue=3, destination="CDR"),
    Flow("pas-adt-to-cdr", 400, 390, 210, 0, 0, 60, 120, 240, 3, 500, codes_waiting=3, destination="CDR"),
    Flow("wds-to-mpi"),
)
SICK = Destination(
    name="CDR",
    state="open",
    since="2026-03-02T08:49:58.000Z",
    last="2026-03-02T09:29:30.000Z",
    code="http-503",
    meanings=(("destination", "HTTP status 503"),),
    probes=21,
    until="2026-03-02T09:31:00.000Z",
    outages=(Outage("2026-02-27T01:10:00.000Z", "2026-02-27T01:42:00.000Z", 1920, 16, "timeout"),),
)
HASHED = "hash-0f9b1c2d3e4f5a6b7c8d9e0f1a2b3c4d"
REFUSED = (
    Refusals("PAS7A4", "*", 208),
    Refusals("PAS7A4", "patient-identifier", 208),
    Refusals("PAS7A4", "table-code", 31),
    Refusals(HASHED, "*", 2),
)
JOURNEYS = {
    DEAD.id: Journey(
        DEAD,
        "c0ffee",
        (Step(DEAD.received_at, "accepted"), Step("2026-03-02T09:20:00.000Z", "dead", "ack-AR")),
        (
            Try(1, "2026-03-02T09:12:41.300Z", "waiting", "timeout", 30000),
            Try(9, "", "unknown"),
            Try(10, "2026-03-02T09:19:59.900Z", "dead", "ack-AR", 112),
        ),
        7,
    ),
    WAITING.id: Journey(
        WAITING,
        "decade",
        (Step(WAITING.received_at, "accepted"),),
        (Try(1, "2026-03-02T08:50:00.100Z", "waiting", "http-503", 41),),
        plan=Plan("2026-03-02T09:31:20.000Z", "breaker-open"),
    ),
    BEHIND.id: Journey(BEHIND, "facade", (Step(BEHIND.received_at, "accepted"),), plan=Plan("", "held", DEAD.id)),
}
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
POINTS = tuple(
    Point(1772440000 + 60 * i, 40 + (i * 37) % 50, (i % 11 == 0) * (i % 4), int(i == 40), 80 + (i * 13) % 70) for i in range(60)
)
QUIET = tuple(Point(1772440000 + 60 * i) for i in range(60))
RUN = {"different": 1, "unpaired": 3, "waiting": 2}
AT = "2026-03-02T09:30:00.000Z"
DETAILS: dict[str, dict[str, Any]] = {
    "lims-results-to-cdr": {
        "destination": SICK,
        "lanes": (OpenLane(WAITING, 2, WAITING.received_at, Plan("2026-03-02T09:31:20.000Z", "breaker-open")),),
    },
    "pims-to-mpi": {
        "lanes": (OpenLane(BEHIND, 1, BEHIND.received_at, Plan("", "held", DEAD.id), DEAD.id),),
        "dead": (DEAD,),
        "codes": (CODES[1],),
    },
    "pas-adt-to-cdr": {
        "destination": replace(SICK, state="closed", since="", last="", code="", meanings=(), until=""),
        "refusals": REFUSED,
        "callers": (("forbidden", 4),),
        "codes": (CODES[0],),
    },
    "phw-to-mpi": {"agreement": {"mode": "observe", "agreement": 97.5, "pairs": 40, "same": 38, "agreed": 1, **RUN}},
}


@dataclass
class SampleFacts:
    dead_letter: Found = DEAD
    audited: list[tuple[str, Actor]] = field(default_factory=list)
    given: dict[tuple[str, str], Limit] = field(default_factory=dict)

    async def overview(self, minutes: int) -> Overview:
        return Overview(FLOWS, POINTS, AT)

    async def detail(self, integration: str, minutes: int) -> Detail | None:
        flow = next((flow for flow in FLOWS if flow.integration == integration), None)
        if flow is None:
            return None
        quiet = Detail(flow, QUIET if not flow.accepted else POINTS, 60, AT, Destination("MPI"))
        return replace(quiet, **DETAILS.get(integration, {}))

    async def find(self, kind: Kind, value: str, actor: Actor) -> Sequence[Found]:
        self.audited.append((f"find {kind}", actor))
        return (self.dead_letter,) if value == self.dead_letter.control_id else ()

    async def journey(self, integration: str, message_id: str) -> Journey | None:
        journey = JOURNEYS.get(message_id)
        if journey is None or journey.found.integration != integration:
            return None
        return replace(journey, found=self.dead_letter) if message_id == DEAD.id else journey

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

    async def replay(self, integration: str, message_id: str, actor: Actor) -> str:
        return self._settle("replay", "replayed", actor)

    async def discard(self, integration: str, message_id: str, actor: Actor) -> str:
        return self._settle("discard", "discarded", actor)

    def _settle(self, act: str, outcome: str, actor: Actor) -> str:
        self.audited.append((act, actor))
        was_dead = self.dead_letter.outcome == "dead"
        self.dead_letter = replace(self.dead_letter, outcome=outcome, can_replay=False)
        return "" if was_dead else "not-dead"
