"""Accept a message: read, check, record in the ledger, acknowledge. Its first attempt starts at once, in a task of its own."""

from dataclasses import replace

from shared.budget import SMALL
from shared.check import faults
from shared.delivery.process import first_attempt
from shared.envelope import Answer, Envelope, Identity
from shared.hub import Hub, in_thread_if_large
from shared.intake.answers import answer_if_busy, answer_unavailable, reject, report_arrival, with_location
from shared.intake.decide import Decision, InOrder, decide, receipt_key
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger import content
from shared.ledger.arrivals.arrival import Arrival
from shared.ledger.arrivals.record import record
from shared.ledger.reporting import code_items, warned
from shared.privacy import chosen, digest
from shared.problems import Fault, Unavailable
from shared.storage import names
from shared.telemetry.tracing import note, span

CHANGED = Issue(severity="error", code="processing", text="refused when its batch was acknowledged", rule="refused-in-batch")


async def _now(decision: Decision) -> None:
    """Nothing is waited for."""


async def accept(integration: Integration, envelope: Envelope, hub: Hub, turn: InOrder = _now) -> Answer:
    """Accept a message: when it is acknowledged, it is in the ledger.

    ``turn``: is awaited with the decision before anything is stored; what it raises is raised.
    """
    trigger = envelope.trigger
    kind, caused_by = "SERVER" if trigger == "http" else "CONSUMER", envelope.link
    with span("accept", envelope.traceparent, link=caused_by, kind=kind, integration=integration.name, trigger=trigger) as here:
        if busy := await answer_if_busy(integration, envelope, hub):
            return busy
        return await _accept(integration, replace(envelope, traceparent=here.traceparent), hub, turn)


async def _accept(integration: Integration, envelope: Envelope, hub: Hub, turn: InOrder) -> Answer:
    decision = await in_thread_if_large(envelope, hub, decide, integration, envelope)
    await turn(decision)
    try:
        if envelope.acknowledged:
            return await _as_acknowledged(integration, envelope, decision, hub)
        if decision.failed:
            raise Fault(*decision.verdict.issues)
        return await (_record if decision.verdict.accepted else reject)(integration, envelope, decision, hub)
    except (Unavailable, Fault) as problem:
        return answer_unavailable(integration, envelope, problem, hub)


async def _as_acknowledged(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """A member of a batch: the ledger does what its acknowledgement promised, even if something has changed since.

    One that was rejected stays rejected, because its sender sends it again. One that was acknowledged and cannot be taken
    becomes a dead letter with its content, because no one else has it.
    """
    if envelope.acknowledged != "AA":
        changed = Verdict("AR" if envelope.acknowledged == "AR" else "AE", (CHANGED,))
        found = changed if decision.verdict.accepted else decision.verdict
        return await reject(integration, envelope, decision._replace(verdict=found), hub)
    try:
        if decision.verdict.accepted:
            return await _record(integration, envelope, decision, hub)
    except Fault as fault:
        decision = decision._replace(verdict=Verdict("AE", fault.issues))
    return await reject(integration, envelope, decision, hub)


async def _record(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """Store an accepted message and start its lane. Raises ``Unavailable``, ``Fault``."""
    with faults(), span("record", integration=integration.name):
        recorded = await record(integration, await _arrival(integration, envelope, decision, hub), hub)
    if recorded.kind == "again":
        note("outcome", recorded.kind)
    else:
        report_arrival(integration, envelope, recorded.kind, decision.verdict, hub, recorded.id)
    if recorded.kind == "new":
        warned.count(integration, decision.who.sender, decision.verdict, hub)
        code_items.note(integration.name, decision.codes, recorded.id, hub)
        kept = envelope if len(envelope.body) <= SMALL else None
        fresh = recorded.fresh._replace(envelope=kept, made=decision.made or ()) if recorded.fresh else None
        hub.start(first_attempt(integration, recorded.lane, hub, fresh))
    return with_location(integration, recorded.answer, recorded.id)


async def _arrival(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Arrival:
    """What the ledger needs to know of a message: who, which lane, and its content compressed."""
    read, who, token, lane = decision.content, decision.who, hub.token(), decision.lane
    body = await content.for_row(envelope, hub)
    return Arrival(
        envelope=envelope,
        lane=lane,
        key=receipt_key(who),
        digest=digest(envelope.body),
        control=chosen("control", who.control_id),
        by_control=names.by_control(who.control_id),
        facts={
            **_kept(who),
            "synthetic": decision.synthetic,
            "partner": envelope.partner,
            **({"observed": True} if hub.observes(envelope) else {}),
        },
        verdict=decision.verdict,
        acknowledge=lambda found: integration.source.acknowledge(envelope, read, found),
        token=token,
        after=decision.after if decision.after != lane else "",
        finders=(
            *([names.by_patient(decision.patient)] if decision.patient else []),
            *([names.by_correlation(envelope.correlation_id)] if envelope.correlation_id else []),
            *map(names.by_file, envelope.files),
        ),
        body=body,
        blob="" if body else f"{integration.name}/{lane}/{token}",
    )


def _kept(who: Identity) -> dict[str, str]:
    """Sender and facility, which are texts of the caller, in the form in which rows keep them."""
    return {"sender": chosen("sender", who.sender), "facility": chosen("facility", who.facility)}
