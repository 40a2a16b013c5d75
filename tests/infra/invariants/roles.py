"""Exactly the roles that the catalogue calls for, each as narrow as Azure allows."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.infra.resources import ROLE, STORAGE, VAULT, Resource, World, last

BLOB_OWNER, BLOB_CONTRIBUTOR = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
QUEUE_PROCESSOR, QUEUE_SENDER = "8a0f0c08-91a1-4084-bc3d-661d67233fed", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
QUEUE_READER, TABLE_CONTRIBUTOR = "19e7f393-937e-4f77-808e-94535e297925", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
METRICS_PUBLISHER, EVENT_SENDER = "3913510d-42f4-4e42-8a64-420c390055eb", "d5a91429-5739-47e2-a06b-3470a27159e7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
CHANGES = ("delete", "write", "add/action", "move/action")
GUID_OF = re.compile(r"guid\('[^']*', (.*), '[0-9a-f-]{36}'\)")
OF_AN_APP = re.compile(r"format\('identity-\{0\}'.*?(?:format\('integrations-\{0\}-\{1\}', (\d+)|'(ops|wayIn)')")
OF_A_TOPIC = re.compile(r"format\('eventGrid-\{0\}'.*principals\.value\.(hub|storage)$")


class Grant(NamedTuple):
    """Who may do what on what: ``scope`` is kind and name, ``folders`` those of a condition, empty without one."""

    scope: str
    who: str
    role: str
    folders: frozenset[str] = frozenset()


def roles_are_the_least(world: World) -> Iterator[str]:
    """Each scoped to one queue, table, container, folder, component, topic or vault."""
    given = {_grant(r) for r in world.of(ROLE) if r["properties"].get("description") != "partner"}
    expected = {grant for one in world.integrations for grant in _grants_of_an_app(world, one)} | set(_other_grants(world))
    yield from (f"too much: {grant}" for grant in sorted(given - expected, key=str))
    yield from (f"missing: {grant}" for grant in sorted(expected - given, key=str))
    yield from (r["name"] for r in world.of(ROLE) if r["properties"]["principalType"] != "ServicePrincipal")


def a_partner_reaches_its_queue_or_folder_alone(world: World) -> Iterator[str]:
    """Sends to an in-queue, reads replies, works in folders of the inbox, or reads those of acknowledgements; nothing else."""
    names = {one["name"] for one in world.integrations}
    for each in (r for r in world.of(ROLE) if r["properties"].get("description") == "partner"):
        grant = _grant(each)
        kind, _, name = grant.scope.partition("/")
        sends = kind == "queues" and grant.role == QUEUE_SENDER and name.removesuffix("-in") in names
        reads = kind == "queues" and grant.role == QUEUE_PROCESSOR and name.removesuffix("-replies") in names
        in_own = bool(grant.folders) and grant.folders <= names
        drops = grant.scope == "containers/inbox" and grant.role == BLOB_CONTRIBUTOR and in_own
        fetches = grant.scope == "containers/acknowledgements" and grant.role == BLOB_READER and in_own
        if not (sends or reads or drops or fetches):
            yield f"a partner has {grant.role} on {grant.scope}"


def a_role_is_named_after_its_principal(world: World) -> Iterator[str]:
    """A re-created identity has another id, and Azure refuses to change an assignment's principal: the name must differ too."""
    for each in world.of(ROLE):
        named, principal = GUID_OF.search(each["name"]), each["properties"]["principalId"]
        partner = each["properties"].get("description") == "partner"  # its id is a parameter, so its name is evaluated
        if not partner and not (named and "outputs.principal" in named[1] and "outputs.principal" in principal):
            yield f"{_scope(each)}: a name that does not hold the principal"
        if named and _principal(world, named[1]) != each["properties"].get("description"):
            yield f"{_scope(each)}: given to {_principal(world, named[1])}, described as {each['properties'].get('description')}"


def _principal(world: World, expression: str) -> str:
    """The name of the identity or topic that an expression of the evaluated template stands for."""
    if topic := OF_A_TOPIC.search(expression):
        return f"{world.prefix}-{'events' if topic[1] == 'hub' else 'blobs'}"
    if found := OF_AN_APP.search(expression):
        name = world.integrations[int(found[1])]["name"] if found[1] else {"ops": "ops", "wayIn": "agw"}[found[2]]
        return f"{world.prefix}-{name}-id"
    return f"unknown: {expression[:60]}"


def _grant(assignment: Resource) -> Grant:
    properties = assignment["properties"]
    condition = properties.get("condition") or ""
    folders = frozenset(re.findall(r"path\] StringStartsWith '([^']*)/'", condition))
    listed = frozenset(re.findall(r"prefix\] StringStartsWith '([^']*)/'", condition))
    covers = all(f"!(ActionMatches{{'{BLOBS}/{action}'}})" in condition for action in CHANGES) and f"{BLOBS}/read'" in condition
    if condition and (not covers or folders != listed or properties.get("conditionVersion") != "2.0"):
        folders = frozenset({"a condition that leaves something out"})
    return Grant(_scope(assignment), properties.get("description", ""), properties["roleDefinitionId"].split("/")[-1], folders)


def _scope(assignment: Resource) -> str:
    """What a role is scoped to: kind and name."""
    found = re.search(r"extensionResourceId\('([^']*)'", assignment["id"])
    scope = (found[1] if found else assignment["id"].split("/providers/Microsoft.Authorization/")[0]).split("/")
    return "/".join(scope[-2:])


def _grants_of_an_app(world: World, one: dict[str, Any]) -> Iterator[Grant]:
    prefix = world.prefix
    who, own = f"{prefix}-{one['name']}-id", frozenset({one["name"]})
    for queue in (*one["queues"], *one["poison"]):
        yield from (Grant(f"queues/{queue}", who, role) for role in (QUEUE_PROCESSOR, QUEUE_SENDER, QUEUE_READER))
    yield from (Grant(f"queues/{queue}", who, QUEUE_SENDER) for queue in one["replies"])
    yield from (Grant(f"tables/{table}", who, TABLE_CONTRIBUTOR) for table in (*one["tables"], *world.manifest["sharedTables"]))
    yield from (Grant(f"containers/{container}", who, BLOB_CONTRIBUTOR, own) for container in one["containers"])
    yield from _grants_of_any_app(world, who, f"package-{one['name']}")
    yield from (Grant(f"queues/{name}-work", who, QUEUE_SENDER) for name in one["subscribers"])
    outboxes = [each for each in world.integrations if each["name"] in one["publishers"]]
    yield from (Grant(f"tables/{table}", who, TABLE_CONTRIBUTOR) for each in outboxes for table in each["tables"])
    if outboxes:
        yield Grant("containers/content", who, BLOB_READER, frozenset(one["publishers"]))
    yield Grant(f"topics/{prefix}-alarms", who, EVENT_SENDER)
    if one["publishes"]:
        yield Grant(f"topics/{prefix}-events", who, EVENT_SENDER)
    for event in one["events"]:
        topic = f"{prefix}-{'events' if event['topic'] == 'hub' else 'blobs'}"
        yield Grant(f"queues/{one['name']}-in", topic, QUEUE_SENDER)


def _grants_of_any_app(world: World, who: str, package: str) -> Iterator[Grant]:
    yield from (Grant(f"containers/azure-webjobs-{kind}", who, BLOB_OWNER) for kind in ("hosts", "secrets"))
    yield Grant(f"containers/{package}", who, BLOB_CONTRIBUTOR)
    yield Grant(f"components/{world.prefix}-appi", who, METRICS_PUBLISHER)
    yield Grant(f"vaults/{last(world.of(VAULT)[0])}", who, SECRETS_USER)


def _other_grants(world: World) -> Iterator[Grant]:
    """The ops app works for all integrations, so on whole accounts; the topics write what they could not deliver."""
    prefix = world.prefix
    ops = f"{prefix}-ops-id"
    yield from _grants_of_any_app(world, ops, "package-ops")
    yield Grant(f"topics/{prefix}-alarms", ops, EVENT_SENDER)
    for account in world.of(STORAGE):
        roles = (BLOB_CONTRIBUTOR,) if last(account).startswith("inthubc") else (TABLE_CONTRIBUTOR, QUEUE_SENDER, QUEUE_READER)
        yield from (Grant(f"storageAccounts/{last(account)}", ops, role) for role in roles)
    topics = (f"{prefix}-events", f"{prefix}-blobs")
    yield from (Grant("containers/event-dead-letters", topic, BLOB_CONTRIBUTOR) for topic in topics)
    if world.of("Microsoft.Network/applicationGateways"):
        yield Grant("secrets/gateway", f"{prefix}-agw-id", SECRETS_USER)
