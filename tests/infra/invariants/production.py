"""What must be true of production, and what keeps real patients out of every other environment."""

from collections.abc import Iterator

from tests.infra.resources import BUDGET, PLAN, SITE, STORAGE, WORKSPACE, World

ENOUGH_TO_FIND_OUT = 90  # days: a complaint or an audit comes weeks after the message
TAGS = {"service", "environment", "owner", "cost-centre", "criticality", "data-class"}
UNTAGGED = (
    "Microsoft.Authorization/",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Consumption/budgets",
)


def production_survives_the_loss_of_a_zone(world: World) -> Iterator[str]:
    """Storage over zones: no acknowledged message is lost. Instances come back in another zone, at once where an app is zoned."""
    if world.is_production and world.has_zones:
        yield from (r["name"] for r in world.of(STORAGE) if r["sku"]["name"] not in ("Standard_ZRS", "Standard_GZRS"))


def a_region_without_zones_asks_for_none(world: World) -> Iterator[str]:
    """Azure refuses zones where there are none."""
    if not world.has_zones:
        yield from (r["name"] for r in world.of(PLAN) if r["properties"].get("zoneRedundant") is True)
        yield from (r["name"] for r in world.of(STORAGE) if "ZRS" in r["sku"]["name"])
        yield from (r["name"] for r in world.resources if r.get("zones"))


def a_zone_redundant_app_keeps_two_instances(world: World) -> Iterator[str]:
    """Azure asks for two at least in each group that has any ("Reliability in Azure Functions")."""
    zoned = {r["id"] for r in world.of(PLAN) if r["properties"].get("zoneRedundant") is True}
    for site in world.of(SITE):
        ready = site["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
        if site["properties"]["serverFarmId"] in zoned and any(each["instanceCount"] < 2 for each in ready):
            yield f"{site['name']}: fewer than two instances over zones"


def production_answers_without_a_cold_start(world: World) -> Iterator[str]:
    """An instance for HTTP is always ready in each integration's app, with room to grow."""
    for site in world.of(SITE):
        scale = site["properties"]["functionAppConfig"]["scaleAndConcurrency"]
        warm = {each["name"]: each["instanceCount"] for each in scale["alwaysReady"]}
        if world.is_production and not world.is_ops(site) and warm.get("http", 0) < 1:
            yield f"{site['name']}: starts cold"
        if not 40 <= scale["maximumInstanceCount"] <= 1000:
            yield f"{site['name']}: a largest number of instances that Azure refuses"


def production_is_private(world: World) -> Iterator[str]:
    """And so is test, where it is tried."""
    if world.environment in ("test", "prod") and not world.is_private:
        yield "a public address"


def production_keeps_its_telemetry(world: World) -> Iterator[str]:
    kept = [r["properties"]["retentionInDays"] for r in world.of(WORKSPACE)]
    if world.is_production and min(kept) < ENOUGH_TO_FIND_OUT:
        yield f"{min(kept)} days"


def real_patients_are_in_production_alone(world: World) -> Iterator[str]:
    """Tags say who owns and pays for each resource, and what its data is."""
    expected = "special-category" if world.is_production else "synthetic"
    for resource in world.resources:
        untagged = resource["type"].startswith(UNTAGGED) or resource["type"].count("/") > 1
        tags = resource.get("tags", {})
        if not untagged and not tags.keys() >= TAGS:
            yield f"{resource['type']} {resource['name']}: tags"
        if tags and tags.get("data-class") != expected:
            yield f"{resource['name']}: {tags.get('data-class')}"
        if tags and tags.get("environment") != world.environment:
            yield f"{resource['name']}: of another environment"
    if world.is_production and {r["tags"]["criticality"] for r in world.of(SITE)} != {"mission-critical"}:
        yield "production is not marked as critical"


def each_environment_is_kept_apart(world: World) -> Iterator[str]:
    """No address of another environment in any setting: a test message must not reach a live system, nor the reverse."""
    for site in world.of(SITE):
        for name, value in world.settings(site).items():
            if not name.endswith(("__HOST", "__URL", "__SCOPE", "__TOKEN_URL")):
                continue
            marks = {mark for mark in ("dev", "test") if f".{mark}." in value}
            if marks != (set() if world.is_production else {world.environment}):
                yield f"{site['name']}: {name} is of another environment"


def the_budget_is_set(world: World) -> Iterator[str]:
    yield from (r["name"] for r in world.of(BUDGET) if r["properties"]["amount"] <= 0)
