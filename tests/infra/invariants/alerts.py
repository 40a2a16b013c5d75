"""Every failure is watched, and every alert reaches people and names its runbook."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.infra.resources import (
    ACTION_GROUP,
    COMPONENT,
    HEALTH_ALERT,
    LOG_ALERT,
    METRIC_ALERT,
    QUEUE,
    SITE,
    STORAGE,
    SYSTEM_TOPIC,
    WEB_TEST,
    WORKBOOK,
    WORKSPACE,
    Resource,
    World,
    last,
)

# Name -> severity. Each is evaluated every minute over half an hour, for each integration and cause.
BY_CAUSE = {
    "backlog": 2,
    "breach": 2,
    "crash": 1,
    "dead-letter": 1,
    "delivery-failing": 2,
    "door-closed": 1,
    "fault": 1,
    "no-verdict": 1,
    "overload": 2,
    "paused": 2,
    "poison": 1,
    "refused-calls": 2,
    "rejected": 3,
    "sign-in": 2,
    "skipped": 2,
    "unmapped": 2,
    "unpaired": 2,
}
# Name -> severity of those that count for an integration as a whole.
BY_INTEGRATION = {"agreement": 3, "burn-page": 1, "burn-ticket": 3, "quiet-feed": 3, "slow": 2}
THRESHOLDS = {"refused-calls": 9, "sign-in": 9, "skipped": 2, "slow": 1}
EVENT_ALERTS = {
    "event-undelivered-events-DeadLetteredCount": "DeadLetteredCount",
    "event-undelivered-events-DroppedEventCount": "DroppedEventCount",
    "event-undelivered-blobs-DeadLetteredCount": "DeadLetteredCount",
    "event-undelivered-blobs-DroppedEventCount": "DroppedEventCount",
    "watchdog": "PublishSuccessCount",
    "watchdog-mute": "PublishFailCount",
}
FORBIDDEN = re.compile(r"\b(search|union|take|ingestion_time|adx|bag_unpack|pivot|narrow|ago|now|AggregatedValue)\b")


def _criteria(rule: Resource) -> dict[str, Any]:
    found: dict[str, Any] = rule["properties"]["criteria"]["allOf"][0]
    return found


def _rules(world: World) -> dict[str, Resource]:
    """The rules over the logs, by their names without the prefix."""
    return {last(r).removeprefix(f"{world.prefix}-"): r for r in world.of(LOG_ALERT)}


def every_kind_of_failure_has_its_alert(world: World) -> Iterator[str]:
    """By integration, and by cause where there is one; at its severity, at its threshold, within five minutes."""
    rules = _rules(world)
    for name, severity in (BY_CAUSE | BY_INTEGRATION).items():
        if name not in rules:
            yield f"{name}: no alert"
            continue
        criteria, properties = _criteria(rules[name]), rules[name]["properties"]
        expected = ["integration", "code"] if name in BY_CAUSE else ["integration"]
        if [each["name"] for each in criteria["dimensions"] if each["values"] == ["*"]] != expected:
            yield f"{name}: not split by {' and '.join(expected)}"
        if properties["severity"] != severity or criteria["threshold"] != THRESHOLDS.get(name, 0):
            yield f"{name}: severity or threshold"
        if criteria["operator"] != "GreaterThan":
            yield f"{name}: operator"
        if name in BY_CAUSE and (properties["evaluationFrequency"], properties["windowSize"]) != ("PT1M", "PT30M"):
            yield f"{name}: too late"
    yield from (
        f"{name}: an alert that no invariant knows"
        for name in rules.keys() - BY_CAUSE.keys() - BY_INTEGRATION.keys()
        if not name.endswith("-heartbeat")
    )


def every_app_is_missed_when_it_stops(world: World) -> Iterator[str]:
    """A heartbeat rule for each integration: a missing series has no row, so one rule for all would never fire."""
    rules = _rules(world)
    for name in (*(one["name"] for one in world.integrations), "ops"):
        if not (rule := rules.get(f"{name}-heartbeat")):
            yield f"{name}: no heartbeat rule"
            continue
        criteria = _criteria(rule)
        condition = (criteria.get("metricMeasureColumn"), criteria["operator"], criteria["threshold"])
        if f'== "{name}"' not in criteria["query"] or condition != ("silent", "GreaterThan", 0):
            yield f"{name}: its heartbeat rule cannot fire"
        if rule["properties"]["severity"] != 1 or rule["properties"]["evaluationFrequency"] != "PT1M":
            yield f"{name}: its heartbeat rule is too mild or too late"


def what_the_hub_stands_on_is_watched_by_the_platform(world: World) -> Iterator[str]:
    """Storage that does not answer, and incidents of Azure: no log and no part of the hub is needed for these."""
    storage = {tuple(r["properties"]["scopes"]) for r in world.of(METRIC_ALERT) if "-storage-unavailable-" in last(r)}
    if storage != {(account["id"],) for account in world.of(STORAGE)}:
        yield "storage: an account is not watched"
    for rule in world.of(METRIC_ALERT):
        criteria = rule["properties"]["criteria"].get("allOf", [{}])[0]
        seen = (criteria.get("metricName"), criteria.get("operator"), criteria.get("threshold"), criteria.get("timeAggregation"))
        if "-storage-unavailable-" in last(rule) and seen != ("Availability", "LessThan", 99, "Average"):
            yield f"{rule['name']}: cannot fire"
    yield from _apps_are_watched_for_server_errors(world)
    health = world.of(HEALTH_ALERT)
    if len(health) != 1 or health[0]["properties"]["enabled"] is not True:
        yield "service health: not watched"
    for rule in health:
        conditions = {each["field"]: each["equals"] for each in rule["properties"]["condition"]["allOf"]}
        if conditions != {"category": "ServiceHealth", "properties.incidentType": "Incident"}:
            yield "service health: watches something else"
        if not rule["properties"]["actions"]["actionGroups"]:
            yield "service health: no one is notified"


def _apps_are_watched_for_server_errors(world: World) -> Iterator[str]:
    rules = [r["properties"] for r in world.of(METRIC_ALERT) if "-server-errors-" in last(r)]
    if sorted(rule["scopes"][0] for rule in rules) != sorted(site["id"] for site in world.of(SITE)):
        yield "server errors: an app is not watched"
    for rule in rules:
        criteria = rule["criteria"]["allOf"][0]
        seen = (criteria["metricName"], criteria["operator"], criteria["threshold"], criteria["timeAggregation"])
        if seen != ("Http5xx", "GreaterThan", 4, "Total") or rule["severity"] != 1:
            yield "server errors: cannot page"


def what_expires_in_the_vault_is_reported(world: World) -> Iterator[str]:
    """Event Grid opens an alert of Azure Monitor for each secret and certificate, before it expires and when it has."""
    found = [
        r["properties"] for r in world.resources if r["type"] == f"{SYSTEM_TOPIC}/eventSubscriptions" and last(r) == "expiring"
    ]
    if len(found) != 1:
        yield "vault: no one is notified of what expires"
    for each in found:
        kinds = {name.rsplit(".")[-1] for name in each["filter"]["includedEventTypes"]}
        if kinds != {"SecretNearExpiry", "SecretExpired", "CertificateNearExpiry", "CertificateExpired"}:
            yield "vault: other events"
        target = each["destination"]
        if target["endpointType"] != "MonitorAlert" or not target["properties"]["actionGroups"]:
            yield "vault: no alert"
        if each["eventDeliverySchema"] != "CloudEventSchemaV1_0":
            yield "vault: a schema that an alert does not take"


def every_app_is_watched_without_the_logs(world: World) -> Iterator[str]:
    """Each app raises alarms; each door is asked by its own app and by one other."""
    asked: dict[str, set[str]] = {}
    for site in world.of(SITE):
        settings = world.settings(site)
        if "HUB_ALARMS__ENDPOINT" not in settings:
            yield f"{site['name']}: raises no alarm"
        for door in settings.get("HUB_DOORS", "").split(","):
            asked.setdefault(door.partition("=https://")[2], set()).add(site["name"])
    for site in world.of(SITE):
        who = asked.get(f"{site['name']}.azurewebsites.net", set())
        if site["name"] not in who or len(who) != 2:
            yield f"{site['name']}: its door is asked by {len(who)} apps"


def what_event_grid_loses_is_watched(world: World) -> Iterator[str]:
    """Metric alerts, which no log ingestion delays: any event that is dropped, and any alarm of the watchdog."""
    found = {last(r).removeprefix(f"{world.prefix}-"): r["properties"] for r in world.of(METRIC_ALERT)}
    for name, metric in EVENT_ALERTS.items():
        criteria = found.get(name, {"criteria": {"allOf": [{}]}})["criteria"]["allOf"][0]
        seen = (criteria.get("metricName"), criteria.get("operator"), criteria.get("threshold"), criteria.get("timeAggregation"))
        if seen != (metric, "GreaterThan", 0, "Total"):
            yield f"{name}: not watched"
        scope = "-alarms" if "watchdog" in name else name.split("-")[2]
        if scope not in str(found.get(name, {}).get("scopes")):
            yield f"{name}: watches something else"


def every_alert_reaches_people_and_names_its_runbook(world: World) -> Iterator[str]:
    """On, over the right scope, with an action group that is on, and with a section of docs/runbooks.md that exists."""
    groups = {r["id"]: r["properties"] for r in world.of(ACTION_GROUP) if r["properties"]["enabled"] is True}
    people = {name for name, group in groups.items() if group.get("emailReceivers")}
    pagers = {name for name, group in groups.items() if group.get("webhookReceivers")}
    workspace = [r["id"] for r in world.of(WORKSPACE)]
    for alert in (*world.of(LOG_ALERT), *world.of(METRIC_ALERT)):
        properties = alert["properties"]
        actions = properties.get("actions")
        notified = [a["actionGroupId"] for a in actions] if isinstance(actions, list) else (actions or {}).get("actionGroups", [])
        if set(notified) & pagers != (pagers if properties["severity"] <= 1 else set()):
            yield f"{alert['name']}: pages someone for a mild alert, or no one for a severe one"
        anchor = re.search(r"#(alert-[a-z-]+)$", properties["description"])
        if properties["enabled"] is not True or not set(notified) & people or not set(notified) <= groups.keys():
            yield f"{alert['name']}: no one is notified"
        if not anchor or anchor[1] not in world.anchors:
            yield f"{alert['name']}: no runbook"
        if properties["autoMitigate"] is not True:
            yield f"{alert['name']}: an episode never closes"
        if alert["type"] == LOG_ALERT and properties["scopes"] != workspace:
            yield f"{alert['name']}: asks elsewhere than the workspace, where the columns have these names"


def the_receivers_are_people_on_call(world: World) -> Iterator[str]:
    """One action group of people, and at most one that pages: with a short name that Azure accepts, and the common schema."""
    groups = world.of(ACTION_GROUP)
    if [bool(group["properties"].get("emailReceivers")) for group in groups] not in ([True], [True, False], [False, True]):
        yield "not one action group of people"
    for group in groups:
        kinds = ("emailReceivers", "armRoleReceivers", "webhookReceivers")
        receivers = [each for kind in kinds for each in group["properties"].get(kind, [])]
        if not receivers or not all(each["useCommonAlertSchema"] for each in receivers):
            yield f"{group['name']}: receivers"
        if not 1 <= len(group["properties"]["groupShortName"]) <= 12:
            yield f"{group['name']}: short name"


def one_minute_rules_keep_to_the_limits(world: World) -> Iterator[str]:
    """What Azure refuses of a rule that runs each minute; and no ago(), because the window of the rule does that."""
    for rule in world.of(LOG_ALERT):
        query = re.sub(r"//.*", "", _criteria(rule)["query"])
        if found := FORBIDDEN.search(query):
            yield f"{rule['name']}: {found[0]}"
        if rule["properties"].get("skipQueryValidation") is not True:
            yield f"{rule['name']}: refused at the first deployment, when no event has made its columns yet"


def every_queue_expires(world: World) -> Iterator[str]:
    """Each queue says how long its messages are kept."""
    for queue in world.of(QUEUE):
        if not queue["properties"].get("metadata", {}).get("retentiondays", "").isdigit():
            yield f"{last(queue)}: no retention"


def every_panel_asks_the_workspace(world: World) -> Iterator[str]:
    """The workbook: a panel for each query file, over the workspace, with the time range of the page."""
    workspace = [r["id"] for r in world.of(WORKSPACE)]
    books = [json.loads(r["properties"]["serializedData"]) for r in world.of(WORKBOOK)]
    panels = [item["content"] for book in books for item in book["items"] if item["type"] == 3]
    if len(books) != 1 or not panels:
        yield "no workbook"
    for panel in panels:
        if panel["crossComponentResources"] != workspace or panel["timeContextFromParameter"] != "TimeRange":
            yield f"{panel['title']}: asks elsewhere"


def an_app_that_the_internet_reaches_is_tried_from_it(world: World) -> Iterator[str]:
    """In production where apps are public, each is asked for its health from five places; the heartbeat does it elsewhere."""
    tests = [r["properties"] for r in world.of(WEB_TEST)]
    asked = " ".join(each["Request"]["RequestUrl"] for each in tests)
    if world.is_production and not world.is_private:
        yield from (one["name"] for one in world.integrations if f"-{one['name']}" not in asked)
    for each in tests:
        if not each["Enabled"] or len(each["Locations"]) < 5 or "/api/health" not in each["Request"]["RequestUrl"]:
            yield f"{each['Name']}: sees nothing"
    if tests and not world.of(COMPONENT):
        yield "results go nowhere"
