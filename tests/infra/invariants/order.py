"""What must be there before what: on the dependencies of the compiled template, which Azure follows and nothing else."""

from collections.abc import Iterator
from typing import Any

from tests.infra.resources import World

Template = dict[str, Any]

# Module or resource of main.bicep -> what must be complete before it starts, and why.
BEFORE = {
    "vault": {"monitoring"},  # its audit goes to the workspace
    "accounts": {"monitoring"},
    "shared": {"accounts"},
    "queuesAndTables": {"accounts"},
    "lifecycle": {"accounts"},
    "eventGrid": {"accounts", "monitoring"},  # the source of the blobs topic
    "deadLetters": {"eventGrid", "shared"},  # the identities, and the container
    # An app starts at once: its queues, tables and packages are there, its secrets, its network, and what its settings name.
    "integrations": {
        "shared",
        "queuesAndTables",
        "vault",
        "eventGrid",
        "deadLetters",
        "privateNetwork",
        "endpointsOfData",
        "monitoring",
    },
    "ops": {"shared", "vault", "eventGrid", "privateNetwork", "endpointsOfData", "monitoring"},
    "endpointsOfData": {"privateNetwork", "accounts", "vault", "eventGrid"},
    "endpointsOfApps": {"privateNetwork", "integrations", "ops"},
    "telemetryEndpoint": {"privateNetwork", "monitoring"},
    "wayIn": {"privateNetwork", "endpointsOfApps", "vault"},
    "partnerRoles": {"shared", "queuesAndTables"},
    "alerts": {"monitoring"},
    "eventAlerts": {"monitoring", "eventGrid"},
    "expiry": {"monitoring", "vault"},
    "platformAlerts": {"monitoring", "accounts", "integrations", "ops"},
    "workbook": {"monitoring"},
    "monthlyBudget": {"monitoring"},
}
# The same inside a module.
INSIDE = {
    "integrations": {"grants": {"identity"}, "app": {"grants", "identity"}, "subscription": {"app"}},
    "ops": {"grants": {"identity", "store"}, "wideGrants": {"identity"}, "app": {"grants", "wideGrants", "identity"}},
    "wayIn": {"secret": {"identity"}, "gateway": {"secret", "identity"}},
}
SUBSCRIPTION = {"fromHub": {"queueRole"}, "fromBlobs": {"queueRole"}}


def everything_is_there_before_it_is_needed(world: World) -> Iterator[str]:
    """An app without its roles fails its first start, and an event subscription without its role is refused."""
    yield from _faults("main", world.template, BEFORE)
    for name, before in INSIDE.items():
        yield from _faults(name, _inner(world.template, name), before)
    subscription = _inner(_inner(world.template, "integrations"), "subscription")
    yield from _faults("subscription", subscription, SUBSCRIPTION)


def every_module_has_a_place_in_the_order(world: World) -> Iterator[str]:
    """A new module must say here what it waits for."""
    modules = {name for name, each in world.template["resources"].items() if each["type"] == "Microsoft.Resources/deployments"}
    yield from (f"{name}: no order is known" for name in modules - BEFORE.keys() - {"monitoring", "privateNetwork"})


def _faults(where: str, template: Template, before: dict[str, set[str]]) -> Iterator[str]:
    for name, needed in before.items():
        if name not in template["resources"]:
            yield f"{where}: no {name}"
            continue
        yield from (f"{where}: {name} does not wait for {each}" for each in sorted(needed - _ancestors(template, name)))


def _ancestors(template: Template, name: str) -> set[str]:
    """Everything that is complete before a resource starts, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in template["resources"].get(waiting.pop(), {}).get("dependsOn", []):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def _inner(template: Template, name: str) -> Template:
    inner: Template = template["resources"].get(name, {"properties": {"template": {"resources": {}}}})["properties"]["template"]
    return inner
