"""What the infrastructure must hold, as functions from the resources of an environment to what is wrong with them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Resource = dict[str, Any]

STORAGE, SITE = "Microsoft.Storage/storageAccounts", "Microsoft.Web/sites"
QUEUE, TABLE = f"{STORAGE}/queueServices/queues", f"{STORAGE}/tableServices/tables"
CONTAINER, ROLE = f"{STORAGE}/blobServices/containers", "Microsoft.Authorization/roleAssignments"
LOG_ALERT, METRIC_ALERT = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts"
VAULT, TOPIC = "Microsoft.KeyVault/vaults", "Microsoft.EventGrid/topics"
WORKSPACE, COMPONENT = "Microsoft.OperationalInsights/workspaces", "Microsoft.Insights/components"

BLOB_OWNER, BLOB_CONTRIBUTOR = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
QUEUE_PROCESSOR, QUEUE_SENDER = "8a0f0c08-91a1-4084-bc3d-661d67233fed", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
QUEUE_READER, TABLE_CONTRIBUTOR = "19e7f393-937e-4f77-808e-94535e297925", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
METRICS_PUBLISHER, EVENT_SENDER = "3913510d-42f4-4e42-8a64-420c390055eb", "d5a91429-5739-47e2-a06b-3470a27159e7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"

# Flex Consumption takes these from functionAppConfig, or refuses them.
NOT_ON_FLEX = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_VNET_ROUTE_ALL",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
}
NOT_IN_SITE_CONFIG = {"linuxFxVersion", "functionAppScaleLimit", "alwaysOn", "preWarmedInstanceCount"}
SECRET_NAME = re.compile(r"(^|_)(KEY|SECRET|PASSWORD|TOKEN|PARTNERS)$")
KEY_ACCESS = re.compile(r"listKeys|listAccountSas|listServiceSas|AccountKey=|SharedAccessSignature|SharedAccessKey")


class World(NamedTuple):
    """One environment: its name, its resources, what the catalogue says, and the sections of the runbooks."""

    environment: str
    resources: list[Resource]
    manifest: dict[str, Any]
    anchors: frozenset[str]

    def of(self, kind: str) -> list[Resource]:
        return [each for each in self.resources if each["type"] == kind]

    @property
    def integrations(self) -> list[dict[str, Any]]:
        return list(self.manifest["integrations"])

    @property
    def is_private(self) -> bool:
        return bool(self.of("Microsoft.Network/virtualNetworks"))

    def settings(self, site: Resource) -> dict[str, str]:
        """The app settings of a site."""
        return next((r["properties"] for r in self.resources if r["name"] == f"{site['name']}/appsettings"), {})


Policy = Callable[[World], Iterator[str]]


def last(resource: Resource) -> str:
    return str(resource["name"]).split("/")[-1]


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


def everything_of_the_catalogue_is_there(world: World) -> Iterator[str]:
    """Each integration has its queues, tables and app, and the app runs this integration alone."""
    queues, tables = {last(r) for r in world.of(QUEUE)}, {last(r) for r in world.of(TABLE)}
    runs = {world.settings(site).get("HUB_INTEGRATIONS") for site in world.of(SITE)}
    for one in world.integrations:
        yield from (queue for queue in (*one["queues"], *one["poison"], *one["replies"]) if queue not in queues)
        yield from (table for table in one["tables"] if table not in tables)
        if one["name"] not in runs:
            yield f"{one['name']}: no app"
    if not any(world.settings(site).get("HUB_ROLE") == "ops" for site in world.of(SITE)):
        yield "no ops app"


def every_queue_has_its_poison_twin(world: World) -> Iterator[str]:
    """A queue that a function reads has its twin, made beforehand, so that it is watched from the start."""
    queues = {last(r) for r in world.of(QUEUE)}
    yield from (name for name in queues if name.endswith(("-in", "-work")) and f"{name}-poison" not in queues)


def every_queue_is_watched_and_expires(world: World) -> Iterator[str]:
    """Backlog and poison alerts name integration and queue; each app has its heartbeat rule; each queue has its retention."""
    rules = {last(r): r for r in world.of(LOG_ALERT)}
    prefix = f"inthub-{world.environment}"
    for name in (
        "backlog",
        "unpaired",
        "poison",
        "dead-letter",
        "rejected",
        "delivery-failing",
        "crash",
        "fault",
        "skipped",
        "breach",
        "refused-calls",
    ):
        criteria = rules.get(f"{prefix}-{name}", {}).get("properties", {}).get("criteria", {}).get("allOf", [{}])[0]
        series = {each["name"]: each["values"] for each in criteria.get("dimensions", [])}
        if series != {"integration": ["*"], "code": ["*"]}:
            yield f"{name}: not told by integration and cause"
    for one in world.integrations:
        query = (
            rules.get(f"{prefix}-{one['name']}-heartbeat", {}).get("properties", {}).get("criteria", {"allOf": [{"query": ""}]})
        )
        if f'"{one["name"]}"' not in query["allOf"][0]["query"]:
            yield f"{one['name']}: no heartbeat rule"
    for queue in world.of(QUEUE):
        if not queue["properties"].get("metadata", {}).get("retentiondays", "").isdigit():
            yield f"{last(queue)}: no retention"


def every_alert_reaches_people_and_names_its_runbook(world: World) -> Iterator[str]:
    """On, with the action group, and with a section of docs/operations.md that exists."""
    groups = {r["id"] for r in world.of("Microsoft.Insights/actionGroups")}
    for alert in (*world.of(LOG_ALERT), *world.of(METRIC_ALERT)):
        properties = alert["properties"]
        actions = properties.get("actions")
        notified = [a["actionGroupId"] for a in actions] if isinstance(actions, list) else (actions or {}).get("actionGroups", [])
        anchor = re.search(r"#(alert-[a-z-]+)$", properties["description"])
        if not properties["enabled"] or not notified or not set(notified) <= groups:
            yield f"{alert['name']}: no one is notified"
        if not anchor or anchor[1] not in world.anchors:
            yield f"{alert['name']}: no runbook"


def one_minute_rules_keep_to_the_limits(world: World) -> Iterator[str]:
    """What Azure refuses of a rule that runs each minute; and no ago(), because the window of the rule does that."""
    for rule in world.of(LOG_ALERT):
        query = re.sub(r"//.*", "", rule["properties"]["criteria"]["allOf"][0]["query"])
        forbidden = r"\b(search|union|take|ingestion_time|adx|bag_unpack|pivot|narrow|ago|now|AggregatedValue)\b"
        if found := re.search(forbidden, query):
            yield f"{rule['name']}: {found[0]}"
        if rule["properties"]["autoMitigate"] is not True:
            yield f"{rule['name']}: an episode never closes"


def roles_are_the_least(world: World) -> Iterator[str]:
    """Exactly the roles that the catalogue calls for, each scoped to one queue, table, container, component, topic or vault."""
    given = {(_scope(r), _who(r), r["properties"]["roleDefinitionId"].split("/")[-1]) for r in world.of(ROLE)}
    expected = {grant for one in world.integrations for grant in _grants_of_an_app(world, one)} | set(_other_grants(world))
    yield from (f"too much: {grant}" for grant in sorted(given - expected))
    yield from (f"missing: {grant}" for grant in sorted(expected - given))
    yield from (r["name"] for r in world.of(ROLE) if r["properties"]["principalType"] != "ServicePrincipal")


Grant = tuple[str, str, str]


def _scope(assignment: Resource) -> str:
    """What a role is scoped to: kind and name."""
    scope = assignment["id"].split("/providers/Microsoft.Authorization/")[0].split("/")
    return "/".join(scope[-2:])


def _who(assignment: Resource) -> str:
    """Who it is given to: the last part of the name of the identity or of the topic."""
    found = re.search(r"/(?:userAssignedIdentities|topics|systemTopics)/([^/']+)'", assignment["properties"]["principalId"])
    return found[1] if found else assignment["properties"]["principalId"]


def _grants_of_an_app(world: World, one: dict[str, Any]) -> Iterator[Grant]:
    prefix = f"inthub-{world.environment}"
    who = f"{prefix}-{one['name']}-id"
    for queue in (*one["queues"], *one["poison"]):
        yield from ((f"queues/{queue}", who, role) for role in (QUEUE_PROCESSOR, QUEUE_SENDER, QUEUE_READER))
    yield from ((f"queues/{queue}", who, QUEUE_SENDER) for queue in one["replies"])
    yield from ((f"tables/{table}", who, TABLE_CONTRIBUTOR) for table in (*one["tables"], *world.manifest["sharedTables"]))
    yield from ((f"containers/{container}", who, BLOB_CONTRIBUTOR) for container in one["containers"])
    yield from _grants_of_any_app(world, who, f"package-{one['name']}")
    yield from ((f"queues/{name}-work", who, QUEUE_SENDER) for name in one["subscribers"])
    outboxes = [each for each in world.integrations if each["name"] in one["publishers"]]
    yield from ((f"tables/{table}", who, TABLE_CONTRIBUTOR) for each in outboxes for table in each["tables"])
    if one["publishes"]:
        yield f"topics/{prefix}-events", who, EVENT_SENDER
    for event in one["events"]:
        topic = f"{prefix}-{'events' if event['topic'] == 'hub' else 'blobs'}"
        yield f"queues/{one['name']}-in", topic, QUEUE_SENDER


def _grants_of_any_app(world: World, who: str, package: str) -> Iterator[Grant]:
    yield from ((f"containers/azure-webjobs-{kind}", who, BLOB_OWNER) for kind in ("hosts", "secrets"))
    yield f"containers/{package}", who, BLOB_CONTRIBUTOR
    yield f"components/inthub-{world.environment}-appi", who, METRICS_PUBLISHER
    yield f"vaults/{last(world.of(VAULT)[0])}", who, SECRETS_USER


def _other_grants(world: World) -> Iterator[Grant]:
    """The ops app works for all integrations, so on whole accounts; the topics write what they could not deliver."""
    prefix = f"inthub-{world.environment}"
    ops = f"{prefix}-ops-id"
    yield from _grants_of_any_app(world, ops, "package-ops")
    yield f"topics/{prefix}-alarms", ops, EVENT_SENDER
    for account in world.of(STORAGE):
        roles = (BLOB_CONTRIBUTOR,) if last(account).startswith("inthubc") else (TABLE_CONTRIBUTOR, QUEUE_SENDER, QUEUE_READER)
        yield from ((f"storageAccounts/{last(account)}", ops, role) for role in roles)
    yield from (("containers/event-dead-letters", topic, BLOB_CONTRIBUTOR) for topic in (f"{prefix}-events", f"{prefix}-blobs"))


def settings_are_those_of_flex(world: World) -> Iterator[str]:
    """No setting that Flex Consumption refuses, no secret in a setting, storage by identity."""
    for site in world.of(SITE):
        settings = world.settings(site)
        yield from (f"{site['name']}: {name}" for name in NOT_ON_FLEX & settings.keys())
        yield from (f"{site['name']}: {name}" for name in NOT_IN_SITE_CONFIG & site["properties"]["siteConfig"].keys())
        for name, value in settings.items():
            if SECRET_NAME.search(name) and "@Microsoft.KeyVault(SecretUri=" not in str(value):
                yield f"{site['name']}: {name} is no reference to the vault"
        if settings.get("AzureWebJobsStorage__credential") != "managedidentity" or "AzureWebJobsStorage" in settings:
            yield f"{site['name']}: storage by key"
        if settings.get("OTEL_TRACES_SAMPLER_ARG") != "1.0":
            yield f"{site['name']}: traces are sampled"


def every_destination_has_an_address(world: World) -> Iterator[str]:
    """An app that knows no address accepts messages and never delivers one."""
    settings = {window.get("HUB_INTEGRATIONS"): window for site in world.of(SITE) if (window := world.settings(site))}
    for one in world.integrations:
        prefix, known = one["destination"]["name"], settings.get(one["name"], {})
        if not any(f"{prefix}__{name}" in known for name in ("HOST", "URL", "ENDPOINT", "QUEUE")):
            yield f"{one['name']}: no address of {prefix}"


def apps_stand_alone_and_ask_who_calls(world: World) -> Iterator[str]:
    """A plan and an identity each, sign-in demanded, only health and the Event Grid door open."""
    auth = {r["name"].split("/")[0]: r["properties"] for r in world.of(f"{SITE}/config") if r["name"].endswith("/authsettingsV2")}
    plans = {r["id"]: r["sku"]["name"] for r in world.of("Microsoft.Web/serverfarms")}
    seen: set[str] = set()
    for site in world.of(SITE):
        identity = str(site["identity"].get("userAssignedIdentities"))
        asked = auth.get(site["name"], {}).get("globalValidation", {})
        if identity in seen or site["identity"]["type"] != "UserAssigned":
            yield f"{site['name']}: shares an identity"
        if plans.get(site["properties"]["serverFarmId"]) != "FC1":
            yield f"{site['name']}: plan"
        if asked.get("requireAuthentication") is not True or set(asked.get("excludedPaths", ["?"])) != OPEN:
            yield f"{site['name']}: sign-in"
        seen.add(identity)


def platform_headers_count_where_the_platform_sets_them(world: World) -> Iterator[str]:
    """The code believes the platform's headers in exactly those apps whose platform checks the caller and writes them itself."""
    auth = {r["name"].split("/")[0]: r["properties"] for r in world.of(f"{SITE}/config") if r["name"].endswith("/authsettingsV2")}
    for site in world.of(SITE):
        asked = auth.get(site["name"], {})
        signs_in = asked.get("platform", {}).get("enabled") is True and asked["globalValidation"]["requireAuthentication"] is True
        checks = {"principal"} if signs_in else set()
        checks |= {"certificate"} if site["properties"].get("clientCertEnabled") is True else set()
        if set(filter(None, world.settings(site).get("HUB_PLATFORM_AUTH", "").split(","))) != checks:
            yield f"{site['name']}: believes other headers than its platform sets"


OPEN = {"/api/health", "/runtime/webhooks/eventgrid"}


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
    """Each store, vault, topic and app sends its audit to the workspace."""
    recorded = {r["id"].split("/providers/Microsoft.Insights/diagnosticSettings/")[0] for r in world.of(DIAGNOSTICS)}
    kinds = (f"{STORAGE}/blobServices", f"{STORAGE}/queueServices", f"{STORAGE}/tableServices", VAULT, TOPIC, SITE, WORKSPACE)
    yield from (r["name"] for kind in kinds for r in world.of(kind) if r["id"] not in recorded)


DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"


def events_are_never_dropped(world: World) -> Iterator[str]:
    """Each declared event has a subscription with the topic's identity, a queue that exists, and a place for what fails."""
    queues = {last(r) for r in world.of(QUEUE)}
    kinds = ("Microsoft.EventGrid/topics/eventSubscriptions", "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    found = {last(r): r["properties"] for kind in kinds for r in world.of(kind)}
    for one in world.integrations:
        for i, event in enumerate(one["events"]):
            window = found.get(f"{one['name']}-{i}")
            if not window or window["filter"]["includedEventTypes"] != event["types"]:
                yield f"{one['name']}-{i}: no subscription"
            elif "deadLetterDestination" not in window.get("deadLetterWithResourceIdentity", {}):
                yield f"{one['name']}-{i}: no dead letters"
            elif len(window["filter"]["advancedFilters"]) != len(event["filters"]):
                yield f"{one['name']}-{i}: filters"
            elif window["deliveryWithResourceIdentity"]["destination"]["properties"].get("queueName") not in queues:
                yield f"{one['name']}-{i}: no queue"
    if {last(r) for r in world.of(METRIC_ALERT)} < {f"inthub-{world.environment}-{name}" for name in EVENT_ALERTS}:
        yield "Event Grid is not watched"


EVENT_ALERTS = ("event-undelivered-events-DeadLetteredCount", "event-undelivered-events-DroppedEventCount", "watchdog")


def money_is_watched_and_alerts_are_not_capped(world: World) -> Iterator[str]:
    """A budget tells people; a daily cap of the workspace would silence the alerts."""
    yield from (r["name"] for r in world.of(WORKSPACE) if r["properties"]["workspaceCapping"]["dailyQuotaGb"] != -1)
    notifications = [n for r in world.of("Microsoft.Consumption/budgets") for n in r["properties"]["notifications"].values()]
    if not notifications or not all(n["enabled"] and n["contactGroups"] for n in notifications):
        yield "no budget"


def an_app_that_the_internet_reaches_is_tried_from_it(world: World) -> Iterator[str]:
    """Where apps are public, each is asked for its health from outside; the heartbeat takes that place in a private network."""
    asked = " ".join(json.dumps(r["properties"]["Request"]) for r in world.of("Microsoft.Insights/webtests"))
    if not world.is_private:
        yield from (one["name"] for one in world.integrations if asked.count("/api/health") != len(world.integrations))


POLICIES: tuple[Policy, ...] = (
    no_key_opens_anything,
    tls_has_a_floor,
    nothing_is_public,
    everything_of_the_catalogue_is_there,
    every_queue_has_its_poison_twin,
    every_queue_is_watched_and_expires,
    every_alert_reaches_people_and_names_its_runbook,
    one_minute_rules_keep_to_the_limits,
    roles_are_the_least,
    settings_are_those_of_flex,
    every_destination_has_an_address,
    apps_stand_alone_and_ask_who_calls,
    platform_headers_count_where_the_platform_sets_them,
    content_does_not_outlive_its_need,
    what_happens_is_recorded,
    events_are_never_dropped,
    money_is_watched_and_alerts_are_not_capped,
    an_app_that_the_internet_reaches_is_tried_from_it,
)
