"""Identity is the only way in, over TLS, and nothing is public that must not be."""

import json
import re
from collections.abc import Iterator

from tests.infra.resources import COMPONENT, CONTAINER, SITE, STORAGE, TOPIC, VAULT, WORKSPACE, World

KEY_ACCESS = re.compile(r"listKeys|listAccountSas|listServiceSas|AccountKey=|SharedAccessSignature|SharedAccessKey")


def no_key_opens_anything(world: World) -> Iterator[str]:
    """Identity is the only way in: keys, local authentication and publishing passwords are off."""
    off = {STORAGE: ("allowSharedKeyAccess", False), TOPIC: ("disableLocalAuth", True), COMPONENT: ("DisableLocalAuth", True)}
    for kind, (name, expected) in off.items():
        yield from (f"{r['name']}: {name}" for r in world.of(kind) if r["properties"].get(name) is not expected)
    yield from (f"{r['name']}" for r in world.of(WORKSPACE) if r["properties"]["features"].get("disableLocalAuth") is not True)
    yield from (r["name"] for r in world.of(VAULT) if r["properties"].get("enableRbacAuthorization") is not True)
    policies = {r["name"]: r["properties"]["allow"] for r in world.of(f"{SITE}/basicPublishingCredentialsPolicies")}
    for site in world.of(SITE):
        yield from (f"{site['name']}/{way}" for way in ("ftp", "scm") if policies.get(f"{site['name']}/{way}") is not False)
    yield from (f"{r['name']}: a key" for r in world.resources if KEY_ACCESS.search(json.dumps(r)))


def tls_has_a_floor(world: World) -> Iterator[str]:
    """TLS 1.2 or better, and nothing unencrypted."""
    yield from (r["name"] for r in world.of(STORAGE) if r["properties"].get("minimumTlsVersion") not in ("TLS1_2", "TLS1_3"))
    yield from (r["name"] for r in world.of(STORAGE) if r["properties"].get("supportsHttpsTrafficOnly") is not True)
    yield from (r["name"] for r in world.of(TOPIC) if r["properties"].get("minimumTlsVersionAllowed") not in ("1.2", "1.3"))
    for site in world.of(SITE):
        config = site["properties"]["siteConfig"]
        good = site["properties"]["httpsOnly"] is True and config["minTlsVersion"] in ("1.2", "1.3")
        if not good or config["ftpsState"] != "Disabled" or config["scmMinTlsVersion"] not in ("1.2", "1.3"):
            yield site["name"]


def nothing_is_public(world: World) -> Iterator[str]:
    """No anonymous blob anywhere; in a private environment no public address either, and an endpoint for everything."""
    yield from (r["name"] for r in world.of(STORAGE) if r["properties"].get("allowBlobPublicAccess") is not False)
    yield from (r["name"] for r in world.of(CONTAINER) if r["properties"].get("publicAccess") != "None")
    if world.is_private:
        ends = {
            connection["properties"]["privateLinkServiceId"]
            for r in world.of("Microsoft.Network/privateEndpoints")
            for connection in r["properties"]["privateLinkServiceConnections"]
        }
        for resource in [r for kind in (STORAGE, VAULT, TOPIC, SITE) for r in world.of(kind)]:
            if resource["properties"].get("publicNetworkAccess") != "Disabled" or resource["id"] not in ends:
                yield resource["name"]
        closed = [r for kind in (STORAGE, VAULT) for r in world.of(kind)]
        yield from (r["name"] for r in closed if r["properties"]["networkAcls"]["defaultAction"] != "Deny")
