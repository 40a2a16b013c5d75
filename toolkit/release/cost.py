"""Estimate the monthly cost from counted operations and list prices; compare it with always-on containers and a broker.

The instance time follows Flex Consumption: an active period is at least a second, calls overlap within an instance, and time is
billed per instance, not per call. For messages that come at random, the part of the time in which an instance is active is
1 - exp(-rate x 1 s).
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.release.counting import Counted

PRICES = Path(__file__).with_name("prices.json")
MONTH = 30 * 86400.0
ROUNDS = MONTH / 30  # of the watchdog
SHORTEST_PERIOD = 1.0  # seconds that an active period lasts at least
FILL = 0.7  # of a processor, before the platform adds an instance
GIB = 2.0  # memory of an instance
INDEXED = 0.75  # billed size of a log against the JSON that was sent


@dataclass(frozen=True)
class Load:
    """How much, how large, over how many integrations, how many warm instances each, how private."""

    messages: float
    size: float = 2048
    integrations: int = 1
    always_ready: int = 1
    by_queue: bool = False
    published: bool = False
    private: bool = True


class Line(NamedTuple):
    """One line of the bill: what, how much of it, what it costs in a month."""

    what: str
    quantity: str
    amount: float


def prices() -> dict[str, Any]:
    """The dated list."""
    loaded: dict[str, Any] = json.loads(PRICES.read_bytes())
    return loaded


def hub(load: Load, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    """The bill of the hub."""
    return [*compute(load, busy, price), *storage(load, busy, idle, price), *logs(load, busy, idle, price), *fixed(load, price)]


def active_seconds(load: Load, busy: Counted) -> float:
    """Seconds of a month in which an app of one integration is active, summed over its instances."""
    rate = load.messages / load.integrations / MONTH
    awake = 1 - math.exp(-rate * SHORTEST_PERIOD)
    worked = rate * busy.cpu_ms / 1000 / FILL
    return MONTH * max(awake, worked)


def compute(load: Load, busy: Counted, price: dict[str, Any]) -> list[Line]:
    flex, apps = price["flex"], load.integrations + 1  # and ops
    active = active_seconds(load, busy) * load.integrations * GIB
    watchdog = ROUNDS * SHORTEST_PERIOD * apps * GIB
    executions = load.messages * busy.executions + ROUNDS * apps
    ready = MONTH * load.always_ready * load.integrations * GIB
    on_demand = watchdog + (0 if load.always_ready else active)
    lines = [
        Line(
            "Executions", f"{executions:,.0f}", beyond(executions, flex["free_executions"]) * flex["executions_per_million"] / 1e6
        ),
        Line("Compute on demand (GB-s)", f"{on_demand:,.0f}", beyond(on_demand, flex["free_gbs"]) * flex["on_demand_gbs"]),
    ]
    if load.always_ready:
        lines.append(Line("Warm instances (GB-s)", f"{ready:,.0f}", ready * flex["ready_baseline_gbs"]))
        lines.append(Line("Compute in warm instances (GB-s)", f"{active:,.0f}", active * flex["ready_active_gbs"]))
    return lines


def beyond(quantity: float, free: float) -> float:
    return max(0.0, quantity - free)


def storage(load: Load, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    each = price["storage"]
    by_blob = 2 if load.size > 700 * 1024 else 0  # content too large for a row: written and deleted
    polled = MONTH / 2 * load.integrations if load.by_queue else 0
    tables = load.messages * busy.table_operations + ROUNDS * load.integrations * idle.table_operations
    queues = load.messages * (busy.queue_operations + (3 if load.by_queue else 0)) + polled
    writes = load.messages * (busy.blob_writes + by_blob / 2)
    reads = load.messages * (busy.blob_reads + by_blob / 2)
    lines = [
        Line("Table operations", f"{tables:,.0f}", tables / 1e4 * each["table_per_10k"]),
        Line("Queue operations", f"{queues:,.0f}", queues / 1e4 * each["queue_per_10k"]),
        Line(
            "Blob operations",
            f"{writes + reads:,.0f}",
            (writes * each["blob_write_per_10k"] + reads * each["blob_read_per_10k"]) / 1e4,
        ),
        Line(
            "Metadata kept for 90 days (GB)",
            f"{3 * load.messages * 1500 / 1e9:,.1f}",
            3 * load.messages * 1500 / 1e9 * each["table_gb"],
        ),
    ]
    if load.published:
        operations = load.messages * 2
        amount = beyond(operations, price["event_grid"]["free"]) * price["event_grid"]["per_million"] / 1e6
        lines.append(Line("Event Grid operations", f"{operations:,.0f}", amount))
    return lines


def logs(load: Load, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    sent = load.messages * busy.log_bytes + ROUNDS * (load.integrations + 1) * idle.log_bytes
    billed = sent * INDEXED / 1e9
    each = price["monitor"]
    return [Line("Logs and traces (GB)", f"{billed:,.1f}", beyond(billed, each["free_gb"]) * each["log_gb"])]


def fixed(load: Load, price: dict[str, Any]) -> list[Line]:
    """What is paid whether anything comes or not: rules of alerts, tests from outside or private endpoints."""
    monitor = price["monitor"]
    rules = (
        (9 + load.integrations) * monitor["rule_1min"]
        + 2 * monitor["rule_5min"]
        + monitor["rule_15min"]
        + 6 * monitor["metric_rule"]
    )
    lines = [Line("Alert rules", f"{18 + load.integrations}", rules)]
    if load.private:
        endpoints = 9 + load.integrations + 1
        return [*lines, Line("Private endpoints", f"{endpoints}", endpoints * price["network"]["private_endpoint_month"])]
    runs = load.integrations * 5 * MONTH / 300
    return [*lines, Line("Availability tests (runs)", f"{runs:,.0f}", runs * monitor["webtest_run"])]


def containers(load: Load, busy: Counted, price: dict[str, Any]) -> list[Line]:
    """An engine on always-on containers: two of each for a failure, a broker that private networks can reach, a database."""
    each, cores = price["containers"], 1.0
    needed = max(1, math.ceil(load.messages / MONTH * busy.cpu_ms / 1000 / FILL))
    count = 2 * needed * max(1, math.ceil(load.integrations / 6))
    amount = count * MONTH * (cores * each["vcpu_second"] + 2 * each["gib_second"])
    sent = load.messages * busy.log_bytes * INDEXED / 1e9
    return [
        Line("Containers, 1 vCPU and 2 GiB, always on", f"{count}", amount),
        Line("Message broker, private (premium units)", "1", each["service_bus_premium_unit_month"]),
        Line("Database for message history", "1", each["database_month"]),
        Line("Logs and traces (GB)", f"{sent:,.1f}", beyond(sent, price["monitor"]["free_gb"]) * price["monitor"]["log_gb"]),
    ]


def total(lines: list[Line]) -> float:
    return sum(line.amount for line in lines)


ASSUMPTIONS = (
    "Operations, log bytes and processor time are counted on the hub itself, here, with the samples of the integration.",
    "Processor time is this machine's; an instance of 2 GB has about one processor, filled to 70 % before another is added.",
    "Messages come at random over the month, spread evenly over the integrations; each active period lasts a second at least.",
    "Every app's watchdog looks every 30 seconds, day and night. A transaction of one table partition is one operation.",
    "Deliveries succeed at the first attempt. Traffic out of the region, people and support are in neither column.",
    "The containers are two of each for a failure, a pair for six integrations; their alert rules and endpoints are left out.",
    "The broker is one that a private network reaches; a standard one, on the internet, takes about 665 off the second table.",
)
