"""Every name is one that Azure accepts, and says what it is."""

import re
from collections.abc import Iterator

from tests.infra.resources import Resource, World, last

# Kind -> what its name may be ("Naming rules and restrictions for Azure resources"); the last part of a child's name.
RULES = {
    "Microsoft.Authorization/roleAssignments": r"\[guid\(.*\)\]|[0-9a-f-]{36}",
    "Microsoft.Consumption/budgets": r"[A-Za-z0-9_-]{1,63}",
    "Microsoft.EventGrid/systemTopics": r"[A-Za-z0-9-]{3,50}",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": r"[A-Za-z0-9-]{3,64}",
    "Microsoft.EventGrid/topics": r"[A-Za-z0-9-]{3,50}",
    "Microsoft.EventGrid/topics/eventSubscriptions": r"[A-Za-z0-9-]{3,64}",
    "Microsoft.Insights/actionGroups": r"[^:<>+/&%\\?|]{1,260}",
    "Microsoft.Insights/components": r"[A-Za-z0-9._()-]{1,260}",
    "Microsoft.Insights/diagnosticSettings": r"[^*<>%&:\\?+/]{1,260}",
    "Microsoft.Insights/metricAlerts": r"[^*#&+:<>?@%{}\\/|]{1,260}",
    "Microsoft.Insights/privateLinkScopes": r"[A-Za-z0-9._()-]{1,255}",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>%{}&:\\?/#|]{1,260}",
    "Microsoft.Insights/webtests": r"[A-Za-z0-9._()-]{1,260}",
    "Microsoft.Insights/workbooks": r"[0-9a-f-]{36}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "Microsoft.Network/applicationGateways": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/natGateways": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/networkSecurityGroups": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/privateEndpoints": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/publicIPAddresses": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/routeTables": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "Microsoft.Network/virtualNetworks": r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/queueServices/queues": r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"[A-Za-z][A-Za-z0-9]{2,62}",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,40}",
    "Microsoft.Web/sites": r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]",
}
COMPILED = {kind: re.compile(rule) for kind, rule in RULES.items()}

# Kind -> how its name ends: the abbreviation of the Cloud Adoption Framework.
ENDS = {
    "Microsoft.Insights/components": "-appi",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "-id",
    "Microsoft.Network/natGateways": "-ng",
    "Microsoft.Network/networkSecurityGroups": "-nsg",
    "Microsoft.Network/privateEndpoints": "-pep",
    "Microsoft.Network/publicIPAddresses": "-pip",
    "Microsoft.Network/routeTables": "-rt",
    "Microsoft.Network/virtualNetworks": "-vnet",
    "Microsoft.OperationalInsights/workspaces": "-log",
}
# Short and hashed names have no room for an abbreviation.
CUT = re.compile(r"-[a-z0-9]{5}$")


def every_name_is_one_that_azure_accepts(world: World) -> Iterator[str]:
    for resource in world.resources:
        rule = COMPILED.get(resource["type"])
        if rule and not rule.fullmatch(resource["name"] if resource["type"].endswith("roleAssignments") else last(resource)):
            yield f"{resource['type']}: {last(resource)}"


def every_name_says_what_it_is(world: World) -> Iterator[str]:
    for resource in world.resources:
        name, ending = last(resource), ENDS.get(resource["type"], "")
        if not name.endswith(ending) and not CUT.search(name):
            yield f"{name}: not {ending}"


def no_two_resources_have_one_name(world: World) -> Iterator[str]:
    """A second one of the name would be the first one, changed: an integration would deploy over another."""
    seen: set[tuple[str, str]] = set()
    for resource in world.resources:
        known = (resource["type"], _identity(resource))
        if known in seen:
            yield f"{known}: twice"
        seen.add(known)


def _identity(resource: Resource) -> str:
    return str(resource["id"]).lower()
