"""Everything that the catalogue calls for is there: queues, tables, containers, apps, events."""

from collections.abc import Iterator
from typing import Any

from tests.infra.resources import CONTAINER, QUEUE, SITE, STORAGE, SYSTEM_TOPIC, TABLE, TOPIC, Resource, World, last

SUBSCRIPTIONS = (f"{TOPIC}/eventSubscriptions", f"{SYSTEM_TOPIC}/eventSubscriptions")
HOST_CONTAINERS = {"azure-webjobs-hosts", "azure-webjobs-secrets", "event-dead-letters"}


def everything_of_the_catalogue_is_there(world: World) -> Iterator[str]:
    """Each integration has its queues, tables and app, and the app runs this integration alone."""
    queues, tables = {last(r) for r in world.of(QUEUE)}, {last(r) for r in world.of(TABLE)}
    runs = {world.settings(site).get("HUB_INTEGRATIONS") for site in world.of(SITE)}
    containers = {last(r) for r in world.of(CONTAINER)}
    for one in world.integrations:
        yield from (queue for queue in (*one["queues"], *one["poison"], *one["replies"]) if queue not in queues)
        yield from (table for table in one["tables"] if table not in tables)
        yield from (name for name in (*one["containers"], f"package-{one['name']}") if name not in containers)
        if one["name"] not in runs:
            yield f"{one['name']}: no app"
    yield from (name for name in (HOST_CONTAINERS | {"package-ops"}) - containers)
    yield from (table for table in world.manifest["sharedTables"] if table not in tables)
    if not any(world.is_ops(site) for site in world.of(SITE)):
        yield "no ops app"


def every_queue_has_its_poison_twin(world: World) -> Iterator[str]:
    """A queue that a function reads has its twin, made beforehand, so that it is watched from the start."""
    queues = {last(r) for r in world.of(QUEUE)}
    yield from (name for name in queues if name.endswith(("-in", "-work")) and f"{name}-poison" not in queues)


def events_reach_a_queue_and_are_never_dropped(world: World) -> Iterator[str]:
    """Each declared event: from its topic, under the topic's identity, into its in-queue, or to the dead letters."""
    hub = next(r["id"] for r in world.of(STORAGE) if not last(r).startswith("inthubc"))
    found = {last(r): r for kind in SUBSCRIPTIONS for r in world.of(kind)}
    declared = {f"{one['name']}-{i}": (one, event) for one in world.integrations for i, event in enumerate(one["events"])}
    yield from (f"{name}: no subscription" for name in declared.keys() - found.keys())
    yield from (f"{name}: events that no integration asks for" for name in found.keys() - declared.keys() - {"expiring"})
    for name in declared.keys() & found.keys():
        yield from (f"{name}: {fault}" for fault in _faults(found[name], *declared[name], hub, world.prefix))


def _faults(subscription: Resource, one: dict[str, Any], event: dict[str, Any], hub: str, prefix: str) -> Iterator[str]:
    properties, topic = subscription["properties"], f"{prefix}-{'events' if event['topic'] == 'hub' else 'blobs'}"
    delivery, dead = properties.get("deliveryWithResourceIdentity", {}), properties.get("deadLetterWithResourceIdentity", {})
    if subscription["name"].split("/")[0] != topic:
        yield "another topic"
    if properties.get("eventDeliverySchema") != "CloudEventSchemaV1_0":
        yield "not the schema of the topic, which Azure refuses"
    to = delivery.get("destination", {})
    expected = {"resourceId": hub, "queueName": f"{one['name']}-in"}
    if to.get("endpointType") != "StorageQueue" or not expected.items() <= to.get("properties", {}).items():
        yield "not its in-queue"
    if to.get("properties", {}).get("queueMessageTimeToLiveInSeconds") != one["retention"]["deadContent"] * 86400:
        yield "expires too early or too late"
    if {delivery.get("identity", {}).get("type"), dead.get("identity", {}).get("type")} != {"SystemAssigned"}:
        yield "not under the identity of the topic"
    kept = dead.get("deadLetterDestination", {}).get("properties", {})
    if kept != {"resourceId": hub, "blobContainerName": "event-dead-letters"}:
        yield "no dead letters"
    if properties.get("retryPolicy") != {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}:
        yield "tries too short a time"
    yield from _filter(properties["filter"], event)


def _filter(found: dict[str, Any], event: dict[str, Any]) -> Iterator[str]:
    if (found["includedEventTypes"], found["subjectBeginsWith"]) != (event["types"], event["subjectBeginsWith"]):
        yield "other events"
    if sorted(found["advancedFilters"], key=str) != sorted(event["filters"], key=str):
        yield "filters"


def topics_speak_cloud_events(world: World) -> Iterator[str]:
    """The hub writes CloudEvents (shared/destinations/event_grid.py); a topic of another schema refuses them."""
    yield from (r["name"] for r in world.of(TOPIC) if r["properties"].get("inputSchema") != "CloudEventSchemaV1_0")
    for topic in (*world.of(TOPIC), *world.of(SYSTEM_TOPIC)):
        if topic.get("identity", {}).get("type") != "SystemAssigned":
            yield f"{topic['name']}: no identity to deliver with"
    yield from (r["name"] for r in world.of(TOPIC) if r["properties"].get("dataResidencyBoundary") != "WithinRegion")
    for topic in world.of(SYSTEM_TOPIC):
        if "inthubc" not in topic["properties"]["source"] and not last(topic).endswith("-vault"):
            yield f"{topic['name']}: the wrong account"
