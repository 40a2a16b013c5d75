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
from toolkit.release.estate import Estate

PRICES = Path(__file__).with_name("prices.json")
MONTH = 30 * 86400.0
ROUNDS = MONTH / 30  # of the watchdog
LOOKS = MONTH / 10  # of the ops app: every third one is a round
SHORTEST_PERIOD = 1.0  # seconds that an active period lasts at least
FILL = 0.7  # of a processor, before the platform adds an instance
MOST = 0.75  # of a bill: the lines that dominate it
AUDIT_ROW = 900.0  # bytes of a row in StorageTableLogs
METRIC_ROW, METRICS_OF_A_SOURCE = 250.0, 20  # bytes of a row in AzureMetrics, and rows a minute of an app or a service of storage
INDEXED = 0.75  # billed size of a log against the JSON that was sent


@dataclass(frozen=True)
class Load:
    """How much comes, how large, and whether by queue or on to subscribers."""

    messages: float
    size: float = 2048
    by_queue: bool = False
    published: bool = False


class Line(NamedTuple):
    """One line of the bill: what, how much of it, what it costs in a month."""

    what: str
    quantity: float
    amount: float


def prices() -> dict[str, Any]:
    """The dated list."""
    loaded: dict[str, Any] = json.loads(PRICES.read_bytes())
    return loaded


def hub(load: Load, has: Estate, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    """The bill of the hub in one environment, the dearest line first."""
    lines = [*compute(load, has, busy, price), *storage(load, has, busy, idle, price), *logs(load, has, busy, idle, price)]
    return sorted([*lines, *fixed(has, price)], key=lambda line: -line.amount)


def active_seconds(load: Load, has: Estate, busy: Counted) -> float:
    """Seconds of a month in which an app of one integration is active, summed over its instances."""
    rate = load.messages / has.integrations / MONTH
    awake = 1 - math.exp(-rate * SHORTEST_PERIOD)
    worked = rate * busy.cpu_ms / 1000 / FILL
    return MONTH * max(awake, worked)


def compute(load: Load, has: Estate, busy: Counted, price: dict[str, Any]) -> list[Line]:
    flex = price["flex"]
    active = active_seconds(load, has, busy) * has.integrations * has.memory_gib
    timers = ROUNDS * has.integrations + LOOKS
    watchdog = timers * SHORTEST_PERIOD * has.memory_gib
    executions = load.messages * busy.executions + timers
    ready = MONTH * has.ready_instances * has.memory_gib
    on_demand = watchdog + (0 if has.ready_for_http else active)
    lines = [
        Line("Executions", executions, beyond(executions, flex["free_executions"]) * flex["executions_per_million"] / 1e6),
        Line("Compute on demand (GB-s)", on_demand, beyond(on_demand, flex["free_gbs"]) * flex["on_demand_gbs"]),
    ]
    if ready:
        lines.append(Line(f"Always-ready instances: {has.ready_instances} (GB-s)", ready, ready * flex["ready_baseline_gbs"]))
    if has.ready_for_http:
        lines.append(Line("Compute in always-ready instances (GB-s)", active, active * flex["ready_active_gbs"]))
    return lines


def beyond(quantity: float, free: float) -> float:
    return max(0.0, quantity - free)


def storage(load: Load, has: Estate, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    each = price["storage"]
    by_blob = 2 if load.size > 700 * 1024 else 0  # content too large for a row: written and deleted
    polled = MONTH / 2 * (has.polling_instances + (has.integrations if load.by_queue else 0))
    tables = load.messages * busy.table_operations + (ROUNDS * idle.table_operations + LOOKS) * has.integrations
    queues = load.messages * (busy.queue_operations + (3 if load.by_queue else 0)) + polled
    writes = load.messages * (busy.blob_writes + by_blob / 2)
    reads = load.messages * (busy.blob_reads + by_blob / 2)
    kept = 3 * load.messages * 1500 / 1e9
    blobs = (writes * each["blob_write_per_10k"] + reads * each["blob_read_per_10k"]) / 1e4
    lines = [
        Line("Table operations", tables, tables / 1e4 * each["table_per_10k"]),
        Line("Queue operations", queues, queues / 1e4 * each["queue_per_10k"]),
        Line("Blob operations", writes + reads, blobs),
        Line("Metadata kept for 90 days (GB)", kept, kept * each["table_gb"]),
    ]
    if load.published:
        operations = load.messages * 2
        amount = beyond(operations, price["event_grid"]["free"]) * price["event_grid"]["per_million"] / 1e6
        lines.append(Line("Event Grid operations", operations, amount))
    return lines


def logs(load: Load, has: Estate, busy: Counted, idle: Counted, price: dict[str, Any]) -> list[Line]:
    """Our own events and traces, the audit of reads where it is on, and the platform's metrics."""
    each = price["monitor"]
    sent = load.messages * busy.log_bytes + ROUNDS * (has.integrations + 1) * idle.log_bytes
    own = beyond(sent * INDEXED / 1e9, each["free_gb"])
    reads = load.messages * busy.table_reads + (ROUNDS * idle.table_reads + LOOKS) * has.integrations if has.audits_tables else 0
    audit, metrics = reads * AUDIT_ROW / 1e9, has.metric_sources * METRICS_OF_A_SOURCE * METRIC_ROW * MONTH / 60 / 1e9
    return [
        Line("Logs and traces beyond the free grant (GB)", own, own * each["log_gb"]),
        Line("Audit of reads of the ledger (GB)", audit, audit * each["log_gb"]),
        Line("Metrics in the workspace (GB)", metrics, metrics * each["log_gb"]),
    ]


def fixed(has: Estate, price: dict[str, Any]) -> list[Line]:
    """What is paid whether anything comes or not."""
    monitor, network = price["monitor"], price["network"]
    rules = (
        has.rules_1min * monitor["rule_1min"] + has.rules_5min * monitor["rule_5min"] + has.rules_15min * monitor["rule_15min"]
    )
    number = has.rules_1min + has.rules_5min + has.rules_15min
    paid = [
        Line("Log alert rules", number, rules),
        Line("Metric alert rules", has.metric_rules, has.metric_rules * monitor["metric_rule"]),
        Line("Availability tests (runs)", has.test_runs, has.test_runs * monitor["webtest_run"]),
        Line("Private endpoints", has.endpoints, has.endpoints * network["private_endpoint_month"]),
        Line("Private DNS zones", has.zones, has.zones * network["dns_zone_month"]),
        Line("NAT gateways", has.nat_gateways, has.nat_gateways * network["nat_month"]),
        Line("Public addresses", has.addresses, has.addresses * network["address_month"]),
        Line("Application gateways with a firewall", has.gateways, has.gateways * network["gateway_month"]),
        Line("Defender plans", has.defender_plans, has.defender_plans * price["defender"]["plan_month"]),
    ]
    return [line for line in paid if line.quantity]


def dominates(lines: list[Line]) -> str:
    """The lines that make up most of the bill, with their shares.

    >>> dominates([Line("a", 1, 60.0), Line("b", 1, 30.0), Line("c", 1, 10.0)])
    'a 60 %, b 30 %'
    """
    whole, named, sum_so_far = total(lines), list[str](), 0.0
    for line in sorted(lines, key=lambda each: -each.amount):
        if sum_so_far >= MOST * whole:
            break
        sum_so_far += line.amount
        named.append(f"{line.what} {line.amount / whole:.0%}".replace("%", " %"))
    return ", ".join(named)


def containers(load: Load, has: Estate, busy: Counted, price: dict[str, Any]) -> list[Line]:
    """An engine on always-on containers: two of each for a failure, a broker that private networks can reach, a database."""
    each, cores = price["containers"], 1.0
    needed = max(1, math.ceil(load.messages / MONTH * busy.cpu_ms / 1000 / FILL))
    count = 2 * needed * max(1, math.ceil(has.integrations / 6))
    amount = count * MONTH * (cores * each["vcpu_second"] + 2 * each["gib_second"])
    sent = load.messages * busy.log_bytes * INDEXED / 1e9
    return [
        Line("Containers, 1 vCPU and 2 GiB, always on", count, amount),
        Line("Message broker, private (premium units)", 1, each["service_bus_premium_unit_month"]),
        Line("Database for message history", 1, each["database_month"]),
        Line("Logs and traces (GB)", sent, beyond(sent, price["monitor"]["free_gb"]) * price["monitor"]["log_gb"]),
    ]


def total(lines: list[Line]) -> float:
    return sum(line.amount for line in lines)


ASSUMPTIONS = (
    "Operations and log bytes are counted on the hub itself, here, with the samples of the integration.",
    "Processor time is that of the whole host (toolkit/scale/measured.json, by ./hub bench host); an instance of 2 GB has about "
    "one processor, filled to 70 % before another is added.",
    "Messages come at random over the month, spread evenly over the integrations; each active period lasts a second at least.",
    "Instances, rules, tests, endpoints, gateways and audits are those of the evaluated template; an app over zones pays for two "
    "instances in each group of functions. A log alert is one rule, however many series it has. Network traffic is left out.",
    "Metrics: 20 rows a minute of each app and service of storage. An audit row has 900 bytes.",
    "Every app's watchdog looks every 30 seconds, that of the ops app every 10, day and night. A transaction is one operation.",
    "Deliveries succeed at the first attempt. Traffic out of the region, people and support are in neither column.",
    "The containers are two of each for a failure, a pair for six integrations; their alert rules and endpoints are left out.",
    "The broker is one that a private network reaches; a standard one, on the internet, takes about 665 off the second table.",
)
