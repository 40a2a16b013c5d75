"""The private network reaches what it must, and nothing in it moves when the catalogue grows."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from tests.infra.resources import ENDPOINT, NETWORK, SITE, STORAGE, TOPIC, VAULT, World

ADDRESSES_OF_AN_APP = 40  # at most ("Enable virtual network integration", Flex Consumption)
ZONE = "Microsoft.Network/privateDnsZones"
RESERVED = 5  # of every subnet, by Azure


def _subnets(world: World) -> dict[str, dict[str, Any]]:
    return {each["name"]: each["properties"] for network in world.of(NETWORK) for each in network["properties"]["subnets"]}


def apps_share_one_subnet_that_is_large_enough(world: World) -> Iterator[str]:
    """Azure refuses another prefix for a subnet in use, so no subnet may depend on an integration's place in the catalogue."""
    subnets, apps = _subnets(world), len(world.of(SITE))
    if not world.is_private:
        return
    if set(subnets) - {"gateway", "relay"} != {"apps", "endpoints"}:
        yield f"subnets {sorted(subnets)}"
        return
    size = ipaddress.ip_network(subnets["apps"]["addressPrefix"]).num_addresses - RESERVED
    if size < apps * ADDRESSES_OF_AN_APP:
        yield f"{size} addresses for {apps} apps"
    if ipaddress.ip_network(subnets["endpoints"]["addressPrefix"]).num_addresses - RESERVED < 2 * len(world.of(ENDPOINT)):
        yield "too few addresses for endpoints"
    whole = ipaddress.ip_network(world.of(NETWORK)[0]["properties"]["addressSpace"]["addressPrefixes"][0])
    parts = [ipaddress.ip_network(each["addressPrefix"]) for each in subnets.values()]
    yield from (f"{part} is outside the network" for part in parts if not part.subnet_of(whole))  # type: ignore[arg-type]
    yield from (f"{a} overlaps {b}" for i, a in enumerate(parts) for b in parts[:i] if a.overlaps(b))


def the_relay_has_a_subnet_of_its_own(world: World) -> Iterator[str]:
    """Container Apps needs one of at least 32 addresses that no other service uses, and the way out of the apps."""
    subnets = _subnets(world) if world.is_private else {}
    if not (relay := subnets.get("relay")):
        return
    if ipaddress.ip_network(relay["addressPrefix"]).num_addresses < 32:
        yield "fewer than 32 addresses"
    for name in ("natGateway", "routeTable", "networkSecurityGroup", "defaultOutboundAccess"):
        if relay.get(name) != subnets["apps"].get(name):
            yield f"{name} differs from that of the apps"
    if [one["properties"]["serviceName"] for one in relay.get("delegations", [])] != ["Microsoft.App/environments"]:
        yield "it is not delegated to Container Apps"


def apps_are_in_the_network_and_have_one_way_out(world: World) -> Iterator[str]:
    """The delegation of Flex Consumption; a NAT gateway alone, or the firewall of the landing zone; never Azure's default."""
    if not world.is_private:
        return
    apps = _subnets(world)["apps"]
    if [each["properties"]["serviceName"] for each in apps.get("delegations", [])] != ["Microsoft.App/environments"]:
        yield "the subnet is not delegated to Flex Consumption"
    if apps.get("defaultOutboundAccess") is not False or ("natGateway" in apps) == ("routeTable" in apps):
        yield "not one way out"
    for site in world.of(SITE):
        if not str(site["properties"].get("virtualNetworkSubnetId")).endswith("/subnets/apps"):
            yield f"{site['name']}: not in the network"
    for name, each in _subnets(world).items():
        if not each.get("networkSecurityGroup", {}).get("id"):
            yield f"{name}: no security group"


def a_landing_zone_leads_to_the_hospitals(world: World) -> Iterator[str]:
    """A spoke is peered, asks the landing zone's DNS and leaves through its firewall; production is never an island."""
    peerings = world.of(f"{NETWORK}/virtualNetworkPeerings")
    if world.is_production and not peerings:
        yield "production is peered to nothing: no hospital is reachable"
    for peering in peerings:
        properties = peering["properties"]
        if not properties["remoteVirtualNetwork"]["id"] or properties["allowForwardedTraffic"] is not True:
            yield f"{peering['name']}: leads nowhere"
    if peerings:
        if not world.of(NETWORK)[0]["properties"].get("dhcpOptions", {}).get("dnsServers"):
            yield "names of the hospitals are not known"
        hops = [route["properties"] for r in world.of("Microsoft.Network/routeTables") for route in r["properties"]["routes"]]
        if [(hop["addressPrefix"], hop["nextHopType"]) for hop in hops] != [("0.0.0.0/0", "VirtualAppliance")]:
            yield "not everything leaves through the firewall"
        if world.of("Microsoft.Network/natGateways"):
            yield "a second way out"


def every_endpoint_has_its_name(world: World) -> Iterator[str]:
    """Without an entry in a zone, the public address is found and refused. Alone, the zones are here and linked."""
    groups = {
        r["name"].split("/")[0]: r["properties"]["privateDnsZoneConfigs"] for r in world.of(f"{ENDPOINT}/privateDnsZoneGroups")
    }
    zones = {r["name"].strip("[]") for r in world.of(ZONE)}
    linked = {r["name"].strip("[]") for r in world.of(f"{ZONE}/virtualNetworkLinks")}
    peered = bool(world.of(f"{NETWORK}/virtualNetworkPeerings"))
    for endpoint in world.of(ENDPOINT):
        ids = [each["properties"]["privateDnsZoneId"] for each in groups.get(endpoint["name"], [])]
        if not ids or not all(ZONE in each for each in ids):
            yield f"{endpoint['name']}: no zone"
        # The landing zone's are in its own group, which the evaluated template spells out; ours are in this one.
        if peered and any("/resourceGroups/" not in each or world.prefix in each for each in ids):
            yield f"{endpoint['name']}: not in the zones of the landing zone"
        if not peered and not all(any(zone in each for zone in zones) for each in ids):
            yield f"{endpoint['name']}: in a zone that is not there"
    if len(linked) < len(zones):
        yield "a zone that the network does not ask"


def every_service_has_its_endpoints(world: World) -> Iterator[str]:
    """Blob, queue and table of both accounts, vault, topics and every app."""
    if not world.is_private:
        return
    found = {
        (connection["properties"]["privateLinkServiceId"], group)
        for r in world.of(ENDPOINT)
        for connection in r["properties"]["privateLinkServiceConnections"]
        for group in connection["properties"]["groupIds"]
    }
    groups = {STORAGE: ("blob", "queue", "table"), VAULT: ("vault",), TOPIC: ("topic",), SITE: ("sites",)}
    for kind, names in groups.items():
        yield from (
            f"{r['name']}: no endpoint for {name}" for r in world.of(kind) for name in names if (r["id"], name) not in found
        )
