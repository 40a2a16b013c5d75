"""Content does not outlive its need, what happens is recorded, and the cost is watched."""

from collections.abc import Iterator

from tests.infra.resources import BUDGET, DIAGNOSTICS, SITE, STORAGE, SYSTEM_TOPIC, TOPIC, VAULT, WORKSPACE, World, last

AUDITED = (
    f"{STORAGE}/blobServices",
    f"{STORAGE}/queueServices",
    f"{STORAGE}/tableServices",
    VAULT,
    TOPIC,
    SYSTEM_TOPIC,
    SITE,
    WORKSPACE,
)
THIS_MONTH = "[utcNow('yyyy-MM-01')]"
CONTENT_AUDIT = {"StorageRead", "StorageWrite", "StorageDelete"}


def content_does_not_outlive_its_need(world: World) -> Iterator[str]:
    """Deleted content is gone at once, and what was forgotten goes with the retention of dead letters."""
    for service in world.of(f"{STORAGE}/blobServices"):
        kept = service["properties"]
        soft = kept["deleteRetentionPolicy"]["enabled"] or kept["containerDeleteRetentionPolicy"]["enabled"]
        if soft or kept["isVersioningEnabled"] or kept["changeFeed"]["enabled"]:
            yield f"{service['name']}: what is deleted stays"
    days = max(one["retention"]["deadContent"] for one in world.integrations)
    rules = [rule for r in world.of(f"{STORAGE}/managementPolicies") for rule in r["properties"]["policy"]["rules"]]
    ends = {
        prefix: rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]
        for rule in rules
        if rule["enabled"]
        for prefix in rule["definition"]["filters"]["prefixMatch"]
    }
    yield from (name for name in world.manifest["containers"] if not 0 < ends.get(f"{name}/", 0) <= days)


def what_happens_is_recorded(world: World) -> Iterator[str]:
    """Each store, vault, topic and app sends its audit to the one workspace."""
    workspace = world.of(WORKSPACE)[0]["id"]
    recorded = {
        r["id"].split("/providers/Microsoft.Insights/diagnosticSettings/")[0]
        for r in world.of(DIAGNOSTICS)
        if r["properties"]["workspaceId"] == workspace and (r["properties"].get("logs") or r["properties"].get("metrics"))
    }
    yield from (r["name"] for kind in AUDITED for r in world.of(kind) if r["id"] not in recorded)


def every_access_to_a_body_is_recorded(world: World) -> Iterator[str]:
    """Blobs of content everywhere; where real patients are, also the tables of the ledger, which hold bodies for a while."""
    logged = {
        r["id"].split("/providers/Microsoft.Insights/diagnosticSettings/")[0].split("/storageAccounts/")[-1]: {
            each["category"] for each in r["properties"].get("logs", []) if each["enabled"]
        }
        for r in world.of(DIAGNOSTICS)
        if "/storageAccounts/" in r["id"]
    }
    for account in world.of(STORAGE):
        name = last(account)
        if name.startswith("inthubc") and logged.get(f"{name}/blobServices/default", set()) < CONTENT_AUDIT:
            yield f"{name}: reads of content are not recorded"
        if account["tags"]["data-class"] == "special-category" and "StorageRead" not in logged.get(
            f"{name}/tableServices/default", ()
        ):
            yield f"{name}: reads of bodies in tables are not recorded"
    vault = [r for r in world.of(DIAGNOSTICS) if "/vaults/" in r["id"]]
    if not any(
        each.get("categoryGroup") == "audit" and each["enabled"] for r in vault for each in r["properties"].get("logs", [])
    ):
        yield "who reads a secret is not recorded"


def the_cost_is_watched_and_alerts_are_not_capped(world: World) -> Iterator[str]:
    """A budget notifies people before it is spent; a daily cap of the workspace would silence the alerts."""
    yield from (r["name"] for r in world.of(WORKSPACE) if r["properties"]["workspaceCapping"]["dailyQuotaGb"] != -1)
    budgets = [r["properties"] for r in world.of(BUDGET)]
    notifications = [n for each in budgets for n in each["notifications"].values()]
    if not notifications or not all(n["enabled"] and n["contactGroups"] and n["threshold"] <= 100 for n in notifications):
        yield "no budget"
    # A budget that exists keeps its start, and a new one cannot begin in an earlier month: no date may be written down.
    yield from (each["timePeriod"]["startDate"] for each in budgets if each["timePeriod"]["startDate"] != THIS_MONTH)


def a_deleted_secret_can_be_recovered(world: World) -> Iterator[str]:
    """Soft deletion for 90 days, and no one can purge before."""
    for vault in world.of(VAULT):
        properties = vault["properties"]
        kept = properties.get("enableSoftDelete") is True and properties.get("softDeleteRetentionInDays") == 90
        if not kept or properties.get("enablePurgeProtection") is not True:
            yield f"{vault['name']}: what is deleted is gone"
