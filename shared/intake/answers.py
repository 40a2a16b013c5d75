"""The answer to the sender when a message is not stored: it was rejected, or no verdict was reached. Each is reported."""

from dataclasses import replace

from shared import budget
from shared.check import answer_without_verdict, faults
from shared.delivery import load
from shared.envelope import Answer, Envelope
from shared.hub import Hub
from shared.intake.decide import Decision
from shared.intake.http_answers import COME_BACK
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.arrival import AWAY
from shared.ledger.arrivals.rejections import Refusal, refuse
from shared.ledger.reporting import code_items, refusals
from shared.parallel import pairs
from shared.parallel.made import refusal
from shared.privacy import digest
from shared.problems import Problem, Unavailable
from shared.storage.store import Away
from shared.telemetry.tracing import note

HEAD = 4096  # bytes that are enough to know whom to answer
BUSY = Issue(
    severity="error", code="throttled", text="too many messages wait for delivery: send it again later", rule="busy", hl7="207"
)
MEMORY_SHORT = Issue(
    severity="error",
    code="throttled",
    text="too many large messages at once: send it again later",
    rule="memory-short",
    hl7="207",
)


async def answer_if_busy(integration: Integration, envelope: Envelope, hub: Hub) -> Answer | None:
    """429 when more has been accepted than is delivered; only for a caller who waits and sends again, so never within a batch."""
    if envelope.trigger != "http" or envelope.reference:
        return None
    wait = await load.overload(integration.name, hub)
    return _answer_later(integration, envelope, BUSY, wait, hub) if wait else None


def answer_memory_short(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """429 when the memory for a large message is not free. Only its beginning is read, and nothing is stored."""
    return _answer_later(integration, envelope, MEMORY_SHORT, budget.RETRY, hub)


def _answer_later(integration: Integration, envelope: Envelope, why: Issue, wait: int, hub: Hub) -> Answer:
    found = Verdict("AE", (why,))
    body = envelope.body if len(envelope.body) <= budget.SMALL else envelope.body[:HEAD]
    answer = answer_without_verdict(integration, replace(envelope, body=body), found, why.text)
    report_arrival(integration, envelope, "busy", found, hub)
    return answer._replace(status=429, headers={**answer.headers, "Retry-After": str(wait)})


async def reject(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """Record a rejected message, and answer its sender. Raises ``Unavailable``, ``Fault``."""
    try:
        with faults():
            await _keep_for_comparison(integration, envelope, decision, hub)
            message_id = await refuse(integration, envelope, decision.verdict, Refusal.of(decision.who), hub)
            code_items.note(integration.name, decision.codes, message_id, hub)
    except Away:
        raise Unavailable(AWAY) from None
    is_promised = envelope.acknowledged == "AA" and not hub.observes(envelope)
    outcome = "dead" if is_promised else "fault" if decision.failed else "rejected"
    report_arrival(integration, envelope, outcome, decision.verdict, hub, message_id)
    if outcome == "rejected":
        refusals.count(integration, decision.who.sender or envelope.partner, decision.verdict, hub)
    return with_location(integration, decision.answer, message_id)


async def _keep_for_comparison(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> None:
    """In a parallel run a refusal is compared too. A message whose control id cannot be read has no other side."""
    if hub.observes(envelope) and decision.who.control_id:
        made = refusal(decision.verdict.issues)
        await pairs.keep(integration, decision.who.control_id, "new", digest(envelope.body)[:32], made, hub)


def answer_unavailable(integration: Integration, envelope: Envelope, problem: Problem, hub: Hub) -> Answer:
    """The answer when no verdict was reached: storage does not answer, or the hub itself failed."""
    away = isinstance(problem, Unavailable)
    found = Verdict("AE", problem.issues)
    answer = answer_without_verdict(integration, envelope, found, AWAY.text if away else "the hub failed")
    report_arrival(integration, envelope, "unavailable" if away else "fault", found, hub)
    return answer._replace(status=503 if away else 500, headers={**answer.headers, **(COME_BACK if away else {})})


def with_location(integration: Integration, answer: Answer, message_id: str) -> Answer:
    """The answer with the message's id and where its status is."""
    where = {"X-Message-Id": message_id, "Location": f"/api/v1/{integration.name}/messages/{message_id}"}
    return answer._replace(headers={**answer.headers, **where})


def report_arrival(
    integration: Integration, envelope: Envelope, outcome: str, found: Verdict, hub: Hub, message_id: str = ""
) -> None:
    """Count a message that arrived, and report it as one event: its outcome and rules, no content.

    ``message_id``: ``""`` for one that is not in the ledger. With it the workbook finds the trace of a message.
    """
    name = "accepted" if outcome == "new" else outcome
    hub.count(integration.name, name)
    note("outcome", name)
    hub.emit(
        "hub.message",
        integration=integration.name,
        stage="accept",
        trigger=envelope.trigger,
        outcome=name,
        acknowledgement=found.acknowledgement,
        rule=" ".join(dict.fromkeys(issue.rule or issue.code for issue in found.issues if issue.severity != "information")),
        bytes=len(envelope.body),
        correlation_id=envelope.correlation_id,
        partner=envelope.partner,
        message_id=message_id,
    )
