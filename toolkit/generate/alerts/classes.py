"""Every kind of failure. A new one is one entry here, and one scenario in ``tests/infra/failures``.

The minutes are measured there on the running product, with rows that arrive three minutes after their event.
"""

from toolkit.generate.alerts.failure import Failure, alarm, event, platform

WAITS = "A message counts as waiting after two minutes, so that a short wait opens no alert."
RATE = "It is a rate over hours, so it cannot be known in five minutes. What makes it bad has alerts of its own."
MISSED = "A heartbeat is missed once five minutes have none, by the clock of the others."
AWAY = "Each process reads storage every half minute, without a lease. A message that arrives reports it too."

OF_CODE = (
    Failure(
        name="bug-before-record",
        what="A bug in our code before a message is stored. The sender gets 500 and keeps the message.",
        first=event("no-verdict", 5, "hub.message", stage="accept", outcome="fault"),
        second=alarm("no-verdict", 5),
    ),
    Failure(
        name="bug-after-record",
        what="A bug in our code after a message is stored: its mapping fails.",
        first=event("dead-letter", 5, "hub.message", stage="deliver", outcome="dead"),
        second=alarm("dead", 5),
    ),
    Failure(
        name="bug-in-background",
        what="A bug in work that no caller waits for.",
        first=event("fault", 4, "hub.fault"),
        second=alarm("overdue", 10),
        reason="Without logs, only its effect is seen: a message that has waited for five minutes.",
    ),
    Failure(
        name="call-crashed",
        what="The process died in a call, or the call reached the time limit of the host.",
        first=platform("crash", "`AppRequests` of the host", 5),
        second=platform("server-errors", "metric `Http5xx`", 7),
        reason="The platform counts five answers of 5xx before it pages: one alone may be a move of instances. "
        "A call that a queue starts is poisoned after five tries.",
    ),
    Failure(
        name="step-skipped",
        what="One row, lane or step fails again and again, and is skipped so that the others go on.",
        first=event("skipped", 6, "hub.skipped"),
        reason="It must last for three rounds of the watchdog: one conflict of two workers is no failure.",
    ),
    Failure(
        name="poisoned-message",
        what="The function of the in-queue failed five times at one message.",
        first=event("poison", 4, "hub.poison", queue="in"),
        second=alarm("dead", 5),
    ),
    Failure(
        name="poisoned-knock",
        what="The function of the work queue failed five times at one knock.",
        first=event("poison", 4, "hub.poison", queue="work"),
        second=alarm("overdue", 10),
        reason="Without logs, only its effect is seen: a lane that has waited for five minutes.",
    ),
    Failure(
        name="app-stopped",
        what="The app of one integration is stopped, or cannot start.",
        reason=MISSED,
        first=event("heartbeat", 6, "hub.heartbeat"),
        second=alarm("door-closed", 5),
    ),
    Failure(
        name="ops-stopped",
        what="The ops app is stopped, or cannot start.",
        reason=MISSED,
        first=event("ops-heartbeat", 6, "hub.heartbeat"),
        second=alarm("door-closed", 5),
    ),
    Failure(
        name="door-closed",
        what="An app does not answer over HTTP, and its timer goes on.",
        first=event("door-closed", 5, "hub.door", state="closed"),
        second=alarm("door-closed", 5),
    ),
    Failure(
        name="watchdog-stopped",
        what="The watchdog of one app does not run, and HTTP goes on.",
        first=event("heartbeat", 6, "hub.heartbeat"),
        reason=MISSED + " No second way: the watchdog of the ops app does the same work, so no message waits for this one.",
    ),
    Failure(
        name="telemetry-silent",
        what="No telemetry reaches the workspace, from any app.",
        first=event("all-heartbeat", 31, "hub.heartbeat"),
        reason="Rows may arrive a quarter of an hour late, so silence is known after half an hour. "
        "Meanwhile each failure that pages has its second way, which needs no logs.",
    ),
)

OF_MESSAGES = (
    Failure(
        name="rejected",
        what="A message breaks a rule. The sender must correct and resend it.",
        first=event("rejected", 4, "hub.message", outcome="rejected"),
    ),
    Failure(
        name="refused-by-destination",
        what="The destination rejects a message for good: a dead letter.",
        first=event("dead-letter", 4, "hub.message", stage="deliver", outcome="dead"),
        second=alarm("dead", 5),
    ),
    Failure(
        name="lane-held",
        what="A dead letter holds its lane, and later messages of the patient wait.",
        first=event("backlog", 7, "hub.backlog"),
        reason=WAITS + " The dead letter itself opened *dead-letter* at once.",
    ),
    Failure(
        name="expired",
        what="The content of a dead letter is deleted, because no one acted on it in time.",
        first=event("dead-letter", 4, "hub.message", stage="retention", outcome="expired"),
        reason="No second way: the dead letter had both, days before.",
    ),
    Failure(
        name="half-of-a-pair",
        what="A document or its sidecar waits for the other file.",
        first=event("unpaired", 20, "hub.backlog"),
        reason="The two files may come a quarter of an hour apart (`HUB_PAIRING`).",
    ),
    Failure(
        name="unmapped-code",
        what="Messages wait for a code that no table has.",
        first=event("unmapped", 10, "hub.unmapped"),
        reason="It is reported once it has kept a message waiting for five minutes. A code that a table refuses is *rejected*.",
    ),
    Failure(
        name="threshold-exceeded",
        what="A threshold that support staff set is exceeded.",
        first=event("breach", 5, "hub.breach"),
    ),
    Failure(
        name="delivery-paused",
        what="A person paused the delivery of an integration and did not resume it.",
        first=event("paused", 65, "hub.paused"),
        reason="A pause is announced work. It is reported once it has lasted for an hour.",
    ),
    Failure(
        name="slow-delivery",
        what="More than 5% of messages take over 500 ms from acceptance to delivery.",
        first=event("slow", 11, "hub.message"),
        reason="It must hold for two spans of five minutes, so that one cold start opens no alert.",
    ),
    Failure(
        name="budget-fast",
        what="Messages are lost so fast that the month's error budget is used up in two days.",
        first=event("burn-page", 6, "hub.message"),
        reason=RATE + " They have the second way.",
    ),
    Failure(
        name="budget-slow",
        what="Messages are lost so fast that the month's error budget is used up in five days.",
        first=event("burn-ticket", 11, "hub.message"),
        reason=RATE,
    ),
    Failure(
        name="engines-disagree",
        what="In a parallel run the two engines agree less often than before.",
        first=event("agreement", 30, "hub.pair"),
        reason="It is a share of an hour, evaluated every quarter of an hour. The old engine delivers: no message is affected.",
    ),
    Failure(
        name="quiet-feed",
        what="A feed that is usually busy at this hour has sent nothing for an hour.",
        first=event("quiet-feed", 76, "hub.heartbeat"),
        reason="Silence of a sender is known after an hour in which it usually sends. Failures on our side have other alerts.",
    ),
)

OF_SURROUNDINGS = (
    Failure(
        name="destination-away",
        what="A destination does not answer, is ill, or reaches its limit. Messages wait.",
        first=event("delivery-failing", 4, "hub.attempt", outcome="waiting"),
    ),
    Failure(
        name="destination-set-up-wrong",
        what="The destination refuses our credential, or the address is wrong: an expired secret or certificate of ours.",
        first=event("delivery-failing", 4, "hub.breaker"),
    ),
    Failure(
        name="messages-wait",
        what="Messages wait, for whatever reason.",
        first=event("backlog", 7, "hub.backlog"),
        reason=WAITS,
    ),
    Failure(
        name="queue-stalled",
        what="A message of a partner stays in the in-queue, because no function takes it.",
        first=event("backlog", 7, "hub.queue"),
        reason=WAITS,
    ),
    Failure(
        name="storage-away",
        what="Storage does not answer while messages arrive. Senders get 503 and keep them.",
        first=event("no-verdict", 5, "hub.message", stage="accept", outcome="unavailable"),
        second=alarm("storage-away", 5),
    ),
    Failure(
        name="storage-away-in-silence",
        what="Storage does not answer, no message arrives, and the watchdog's timer has lost its lease on that storage.",
        first=event("backlog", 5, "hub.backlog", state="storage-away"),
        second=alarm("storage-away", 5),
        reason=AWAY + " *storage-unavailable* is the platform's own measure; Azure reports it only while there are requests.",
    ),
    Failure(
        name="storage-throttled",
        what="Storage refuses some requests, because the account is over its limit. Some senders get 503.",
        first=event("no-verdict", 5, "hub.message", stage="accept", outcome="unavailable"),
        second=alarm("storage-away", 5),
    ),
    Failure(
        name="alarms-away",
        what="The topic of alarms does not answer.",
        first=event("delivery-failing", 5, "hub.attempt", outcome="waiting"),
        second=platform("watchdog-mute", "metric `PublishFailCount`"),
        reason="The metric counts what Event Grid refuses; only a subscription shows it.",
    ),
    Failure(
        name="calls-refused",
        what="Ten or more calls in five minutes are refused: an expired credential of a partner, or someone tries keys.",
        first=event("refused-calls", 4, "hub.refused"),
    ),
    Failure(
        name="overload",
        what="More is accepted than is delivered. Senders are answered 429 and keep their messages.",
        first=event("overload", 5, "hub.message", stage="accept"),
    ),
)

PLATFORM_ONLY = "Azure measures it; only a subscription shows the time."
OF_AZURE = (
    Failure(
        name="sign-ins-refused",
        what="The platform refuses ten or more sign-ins in five minutes, before our code is called.",
        first=platform("sign-in", "`AppServiceAuthenticationLogs`"),
        reason=PLATFORM_ONLY + " A caller that our own code refuses is *calls-refused*.",
    ),
    Failure(
        name="expiring",
        what="A secret or a certificate in the vault expires within thirty days, or has expired.",
        first=platform("expiring", "Event Grid event of the vault"),
        reason=PLATFORM_ONLY + " A secret without an expiry date has no event: when it fails, it is *destination-set-up-wrong*.",
    ),
    Failure(
        name="storage-measured",
        what="A storage account answers fewer than 99 of 100 requests.",
        first=platform("storage-unavailable", "metric `Availability`"),
        second=alarm("storage-away", 4),
        reason=PLATFORM_ONLY + " The second way is measured as *storage-away*.",
    ),
    Failure(
        name="azure-incident",
        what="Azure reports an incident of a service in this subscription.",
        first=platform("service-health", "activity log"),
        reason=PLATFORM_ONLY + " No second way: it explains other alerts.",
    ),
    Failure(
        name="event-undelivered",
        what="Event Grid could not deliver an event.",
        first=platform("event-undelivered", "metrics `DeadLetteredCount` and `DroppedEventCount`"),
        reason=PLATFORM_ONLY
        + " No second way: an event only announces. The watchdog finds the message in the outbox, and the file in the inbox.",
    ),
    Failure(
        name="not-reached-from-outside",
        what="A public app does not answer from two of five places on the internet.",
        first=platform("unavailable", "availability test"),
        second=alarm("door-closed", 4),
        reason=PLATFORM_ONLY + " The second way is measured as *door-closed*.",
    ),
    Failure(
        name="spend",
        what="The monthly cost budget is four fifths spent, or will be exceeded.",
        reason="No alert rule: Cost Management notifies the action group (`modules/budget.bicep`). It knows costs hours later.",
    ),
)

FAILURES = (*OF_CODE, *OF_MESSAGES, *OF_SURROUNDINGS, *OF_AZURE)

UNREAD = {
    "hub.batch": "Counts batches for the charts. Each member that fails has an event of its own.",
    "hub.opinion": "A second parser or validator disagrees with ours on a sampled message that is already settled. "
    "It is read by day, in the workbook: no message waits for it.",
}  # events that no alert reads, and why
