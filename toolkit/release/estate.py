"""What an environment has that is paid for, read from its evaluated template: instances, rules, tests, endpoints, audits."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]

SITE, PLAN = "Microsoft.Web/sites", "Microsoft.Web/serverfarms"
LOG_ALERT, METRIC_ALERT = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
MONTH_MINUTES = 30 * 24 * 60
OPS_GROUPS = 2  # HTTP and the watchdog's timer
ZONED_INSTANCES = 2  # that Azure keeps in each group of functions of a zone-redundant app


@dataclass(frozen=True)
class Estate:
    """One environment. The defaults are a small one: an integration and ops, public, nothing warm."""

    integrations: int = 1
    ready_instances: int = 0
    ready_for_http: bool = False
    groups: int = 8
    polling_instances: int = 0
    memory_gib: float = 2.0
    rules_1min: int = 10
    rules_5min: int = 2
    rules_15min: int = 1
    metric_rules: int = 6
    test_runs: float = 0
    endpoints: int = 0
    zones: int = 0
    nat_gateways: int = 0
    addresses: int = 0
    gateways: int = 0
    audits_tables: bool = False
    metric_sources: int = 0
    defender_plans: int = 0
    budget: int = 0


def groups(one: dict[str, Any]) -> int:
    """Function groups of an integration's app: HTTP, each queue function, the watchdog, and the event function.

    Flex Consumption scales all HTTP functions together and every other function alone.
    """
    return 1 + len(one["queues"]) + len(one["poison"]) + 1 + bool(one["events"])


def estate(resources: list[Resource], manifest: dict[str, Any]) -> Estate:
    """The estate of one environment, from what the compiler evaluated and from the manifest of the catalogue."""
    count = Counter(each["type"] for each in resources)
    rules = Counter(each["properties"]["evaluationFrequency"] for each in _of(resources, LOG_ALERT))
    sites = _of(resources, SITE)
    counted = {one["name"]: groups(one) for one in manifest["integrations"]}
    ready = [_ready(site, resources, counted) for site in sites]
    logs = {
        category for each in _of(resources, DIAGNOSTICS) if "/tableServices/" in each["id"] for category in _enabled(each, "logs")
    }
    scale = [site["properties"]["functionAppConfig"]["scaleAndConcurrency"] for site in sites]
    budgets = [each["properties"]["amount"] for each in _of(resources, "Microsoft.Consumption/budgets")]
    return Estate(
        integrations=len(manifest["integrations"]),
        ready_instances=sum(instances for instances, _ in ready),
        ready_for_http=any(each["alwaysReady"] for each in scale),
        groups=sum(counted.values()) + OPS_GROUPS,
        polling_instances=sum(polling for _, polling in ready),
        memory_gib=max(each["instanceMemoryMB"] for each in scale) / 1024,
        rules_1min=rules["PT1M"],
        rules_5min=rules["PT5M"],
        rules_15min=rules["PT15M"],
        metric_rules=count[METRIC_ALERT],
        test_runs=sum(_runs(each["properties"]) for each in _of(resources, "Microsoft.Insights/webtests")),
        endpoints=count["Microsoft.Network/privateEndpoints"],
        zones=count["Microsoft.Network/privateDnsZones"],
        nat_gateways=count["Microsoft.Network/natGateways"],
        addresses=count["Microsoft.Network/publicIPAddresses"],
        gateways=count["Microsoft.Network/applicationGateways"],
        audits_tables="StorageRead" in logs,
        metric_sources=sum(bool(_enabled(each, "metrics")) for each in _of(resources, DIAGNOSTICS)),
        defender_plans=count["Microsoft.Security/pricings"],
        budget=sum(budgets),
    )


def _of(resources: list[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if each["type"] == kind]


def _enabled(diagnostics: Resource, kind: str) -> list[str]:
    return [each["category"] for each in diagnostics["properties"].get(kind, ()) if each.get("enabled") and "category" in each]


def _ready(site: Resource, resources: list[Resource], counted: dict[str, int]) -> tuple[int, int]:
    """Instances that an app keeps, and how many of them poll a queue: over zones, two for each group at least."""
    always_ready = sum(
        each["instanceCount"] for each in site["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    )
    plan = next(each for each in _of(resources, PLAN) if each["id"] == site["properties"]["serverFarmId"])
    if plan["properties"].get("zoneRedundant") is not True:
        return always_ready, 0
    of_app = counted.get(site["tags"]["integration"], OPS_GROUPS)
    others = (of_app - 1) * ZONED_INSTANCES
    return max(always_ready, ZONED_INSTANCES) + others, others


def _runs(test: Resource) -> float:
    """Runs of an availability test in a month, over all its places."""
    return float(len(test["Locations"]) * MONTH_MINUTES * 60 / test["Frequency"])
