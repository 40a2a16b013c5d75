"""One day of a region in steps: what comes in, what storage and the instances allow, what waits, and which limit is met first.

Inside a step, messages flow: they are counted, not followed. ``host`` follows each message, on one instance. What storage does
not allow in a step is refused at the door, and its sender keeps it and sends it again: nothing is lost here, it is late.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.scale.day import DAY, Day

AZURE = Path(__file__).with_name("azure.json")
STEP = 20.0  # seconds
FILL = 0.7  # of a processor, before the platform adds an instance
MESSAGE_GROUPS = 1  # groups of functions with an instance while messages come: HTTP
TIMER_GROUPS = 1  # groups that are always awake: the watchdog looks every 30 seconds
ROUND = 30.0  # seconds between two rounds of a watchdog
REQUESTS, ROWS = "Requests of a storage account", "Partition or queue of one integration"
MEMORY, INSTANCES = "Memory of the region", "Instances of one app"


class Costs(NamedTuple):
    """What one message needs, counted on the running hub.

    ``before`` and ``after``: storage operations until its acknowledgement, and from there on; ``cpu_ms``: processor time;
    ``hottest``: rows that it writes, on average, into each partition of its integration's index; ``idle``: operations of a
    round of a watchdog with nothing to do.
    """

    before: float
    after: float
    cpu_ms: float
    hottest: float
    idle: float


@dataclass(frozen=True)
class Layout:
    """How the integrations are spread.

    ``cells``: subscriptions, each with the whole template and its part of the catalogue. ``accounts``: storage accounts for the
    ledgers of a cell. ``memory_mb``: of an instance; 2,048 has one processor, 512 a quarter of it.
    """

    cells: int = 1
    accounts: int = 1
    memory_mb: int = 2048

    @property
    def processors(self) -> float:
        return self.memory_mb / 2048


@dataclass(frozen=True)
class Outage:
    """A destination that does not answer. ``integration``: whose, by size, 0 is the largest; ``drain``: what it takes afterwards,
    against its average rate."""

    integration: int = 0
    start: float = 10 * 3600.0
    seconds: float = 7200.0
    drain: float = 10.0

    def is_on(self, at: float) -> bool:
        return self.start <= at < self.start + self.seconds


@dataclass
class Limit:
    """One limit: what of it is used at most, as a part of 1, and when."""

    name: str
    used: float = 0.0
    at: float = 0.0
    first: float | None = None  # seconds of the day at which it was reached

    def see(self, used: float, at: float) -> None:
        if used > self.used:
            self.used, self.at = used, at
        if used >= 1 and self.first is None:
            self.first = at


@dataclass
class Integration:
    """What is known of one integration as the day goes on. Messages; instances."""

    waits: float = 0.0  # accepted, not delivered
    outside: float = 0.0  # refused for now: the sender has them
    instances: float = 1.0
    wanted: list[float] = field(default_factory=list)  # of the last steps: an idle instance stays for a while


@dataclass
class Result:
    """The day, from midnight to midnight.

    Attributes:
        peak: messages a second at the busiest; ``operations`` of storage, and ``instances``, likewise.
        gb_s: of all instances.
        waited_most: messages that waited for the destination that was away; ``recovered``: seconds until none did, from its end.
        refused: messages that a sender had to send again; ``lag``: seconds that it took, at most.
        came, delivered, left: messages of the day; ``left`` are not delivered at midnight.
    """

    day: Day
    layout: Layout
    limits: dict[str, Limit]
    peak: float = 0.0
    operations: float = 0.0
    instances: float = 0.0
    gb_s: float = 0.0
    waited_most: float = 0.0
    recovered: float | None = None
    refused: float = 0.0
    came: float = 0.0
    delivered: float = 0.0
    left: float = 0.0
    lag: float = 0.0


def azure() -> dict[str, Any]:
    """The limits of Azure, with their sources."""
    found: dict[str, Any] = json.loads(AZURE.read_bytes())
    return found


def simulate(day: Day, layout: Layout, costs: Costs, outage: Outage, facts: dict[str, Any] | None = None) -> Result:
    """A day, from midnight to midnight."""
    return Region(day, layout, costs, outage, facts or azure()).run()


class Region:
    """The day as it goes on."""

    def __init__(self, day: Day, layout: Layout, costs: Costs, outage: Outage, facts: dict[str, Any]) -> None:
        self.day, self.layout, self.costs, self.outage = day, layout, costs, outage
        value = {name: fact["value"] for name, fact in facts.items() if isinstance(fact, dict)}
        self.per_account, self.quota = value["requests_per_account"], value["memory_of_region_mb"] / layout.memory_mb
        self.per_app, self.ready = value["instances_per_app"], value["seconds_until_ready"]
        self.stays = max(1, round(value["seconds_until_removed"] / STEP))
        self.per_integration = min(value["entities_per_partition"] / max(1e-9, costs.hottest), value["messages_per_queue"])
        self.each_instance = 1000 * layout.processors * FILL / costs.cpu_ms  # messages a second
        self.integrations = [Integration() for _ in range(day.integrations)]
        self.always = TIMER_GROUPS * (day.integrations / layout.cells + 1)  # instances of a cell at rest: its apps, and ops
        self.result = Result(day, layout, {name: Limit(name) for name in (REQUESTS, ROWS, MEMORY, INSTANCES)})

    def run(self) -> Result:
        average = [share * self.day.messages / DAY for share in self.day.shares()]
        for at, rates in self.day.rates(STEP):
            taken = self._take(at, rates)
            self._deliver(at, taken, average)
            self._scale(at, rates)
        self.result.left = sum(one.waits + one.outside for one in self.integrations)
        return self.result

    def _take(self, at: float, rates: list[float]) -> list[float]:
        """Accept what storage and the instances allow; messages of this step by integration."""
        offered = [rate + one.outside / STEP for rate, one in zip(rates, self.integrations, strict=True)]
        self.look(at, rates)
        shares = self._shares(offered)
        taken = []
        for rate, one, account in zip(offered, self.integrations, self._accounts(), strict=True):
            allowed = min(rate * shares[account], self.per_integration, one.instances * self.each_instance)
            self.result.refused += max(0.0, rate - allowed - one.outside / STEP) * STEP
            one.outside = (rate - allowed) * STEP
            taken.append(allowed)
        self.result.peak = max(self.result.peak, sum(rates))
        self.result.came += sum(rates) * STEP
        return taken

    def look(self, at: float, rates: list[float]) -> None:
        """What new messages need of each limit; what is sent again is left out, so that nothing is counted twice."""
        used, instances = self._requests(rates), [math.ceil(rate / self.each_instance) for rate in rates]
        self.result.operations = max(self.result.operations, sum(used))
        needed = {
            REQUESTS: max(used) / self.per_account,
            ROWS: max(rates) / self.per_integration,
            MEMORY: (sum(instances) / self.layout.cells + self.always) / self.quota,
            INSTANCES: max(instances) / self.per_app,
        }
        for name, part in needed.items():
            self.result.limits[name].see(part, at)

    def _shares(self, offered: list[float]) -> list[float]:
        """For each account, the part of what is offered that its limit allows."""
        idle = self._requests([0.0] * len(offered))
        used = self._requests(offered)
        return [min(1.0, (self.per_account - rest) / max(1e-9, each - rest)) for each, rest in zip(used, idle, strict=True)]

    def _requests(self, rates: list[float]) -> list[float]:
        """Requests a second on each account: those of messages, and those of the watchdogs."""
        number = self.layout.cells * self.layout.accounts
        used = [self.costs.idle / ROUND * self.day.integrations / number] * number
        for rate, account in zip(rates, self._accounts(), strict=True):
            used[account] += rate * (self.costs.before + self.costs.after)
        return used

    def _accounts(self) -> list[int]:
        """The account of each integration: by turns, so that the large ones are spread."""
        number = self.layout.cells * self.layout.accounts
        return [each % number for each in range(self.day.integrations)]

    def _deliver(self, at: float, taken: list[float], average: list[float]) -> None:
        for number, (rate, one) in enumerate(zip(taken, self.integrations, strict=True)):
            if number != self.outage.integration:
                self.result.delivered += rate * STEP  # in the same step
                continue
            one.waits += rate * STEP
            if self.outage.is_on(at):
                self.result.waited_most = max(self.result.waited_most, one.waits)
                continue
            goes = min(one.waits, max(self.outage.drain * average[number], rate) * STEP)
            one.waits -= goes
            self.result.delivered += goes
            end = self.outage.start + self.outage.seconds
            if at >= end and self.result.recovered is None and one.waits == 0:
                self.result.recovered = at + STEP - end
        for rate, one in zip(taken, self.integrations, strict=True):
            if one.outside and rate:
                self.result.lag = max(self.result.lag, one.outside / rate)

    def _scale(self, at: float, rates: list[float]) -> None:
        """Instances follow the load within the quota: added once they are ready, kept for a while when they are idle."""
        wanted = []
        for rate, one in zip(rates, self.integrations, strict=True):
            need = math.ceil((rate + one.outside / STEP) / self.each_instance)
            one.wanted = [*one.wanted[1 - self.stays :], float(need)]
            wanted.append(min(max(one.wanted), self.per_app))
        cells = self.layout.cells
        room = max(0.0, self.quota - self.always) / max(1e-9, sum(wanted) / cells)
        late = min(1.0, self.ready / STEP)  # of this step, a new instance takes no message
        for need, one in zip(wanted, self.integrations, strict=True):
            granted = need * min(1.0, room)
            one.instances = granted if granted <= one.instances else one.instances * late + granted * (1 - late)
        running = sum(one.instances for one in self.integrations) + self.always * cells
        self.result.instances = max(self.result.instances, running)
        self.result.gb_s += running * self.layout.memory_mb / 1024 * STEP
