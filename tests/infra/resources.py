"""An environment as the invariants see it: the resources that the compiler evaluates, and the kinds that they have."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

Resource = dict[str, Any]

STORAGE, SITE = "Microsoft.Storage/storageAccounts", "Microsoft.Web/sites"
PLAN = "Microsoft.Web/serverfarms"
QUEUE, TABLE = f"{STORAGE}/queueServices/queues", f"{STORAGE}/tableServices/tables"
CONTAINER, ROLE = f"{STORAGE}/blobServices/containers", "Microsoft.Authorization/roleAssignments"
LOG_ALERT, METRIC_ALERT = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts"
HEALTH_ALERT = "Microsoft.Insights/activityLogAlerts"
ACTION_GROUP, WEB_TEST = "Microsoft.Insights/actionGroups", "Microsoft.Insights/webtests"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
VAULT, TOPIC, SYSTEM_TOPIC = "Microsoft.KeyVault/vaults", "Microsoft.EventGrid/topics", "Microsoft.EventGrid/systemTopics"
WORKSPACE, COMPONENT = "Microsoft.OperationalInsights/workspaces", "Microsoft.Insights/components"
NETWORK, ENDPOINT = "Microsoft.Network/virtualNetworks", "Microsoft.Network/privateEndpoints"
WORKBOOK, BUDGET = "Microsoft.Insights/workbooks", "Microsoft.Consumption/budgets"


class World(NamedTuple):
    """One environment: its name and resources, the folder of its template, the catalogue, the sections of the runbooks."""

    environment: str
    resources: list[Resource]
    infra: Path
    manifest: dict[str, Any]
    anchors: frozenset[str]
    compile: Callable[[], Resource]  # makes the template, for the few invariants that read it

    @property
    def template(self) -> Resource:
        """The compiled template, with its modules nested and their dependencies spelt out."""
        return self.compile()

    def of(self, kind: str) -> list[Resource]:
        return [each for each in self.resources if each["type"] == kind]

    @property
    def integrations(self) -> list[dict[str, Any]]:
        return list(self.manifest["integrations"])

    @property
    def is_production(self) -> bool:
        return self.environment == "prod"

    @property
    def is_private(self) -> bool:
        return bool(self.of(NETWORK))

    @property
    def has_zones(self) -> bool:
        """Whether its region has availability zones: UK South has, UK West has none."""
        return {r["location"] for r in self.of(STORAGE)} == {"uksouth"}

    @property
    def prefix(self) -> str:
        """First part of every name."""
        return f"inthub-{self.environment}"

    def settings(self, site: Resource) -> dict[str, str]:
        """The app settings of a site."""
        return self._config(site, "appsettings")

    def sign_in(self, site: Resource) -> dict[str, Any]:
        """How the platform authenticates the callers of a site."""
        return self._config(site, "authsettingsV2")

    def _config(self, site: Resource, name: str) -> dict[str, Any]:
        return next((r["properties"] for r in self.resources if r["name"] == f"{site['name']}/{name}"), {})

    def is_ops(self, site: Resource) -> bool:
        """Whether a site is the ops app; every other one is an integration's."""
        return self.settings(site).get("HUB_ROLE") == "ops"


Invariant = Callable[[World], Iterator[str]]


def last(resource: Resource) -> str:
    """The last part of a resource's name."""
    return str(resource["name"]).split("/")[-1]
