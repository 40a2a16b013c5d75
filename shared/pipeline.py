"""The journey of a message.

accept:   read, check, record in the ledger, acknowledge; the first attempt starts at once in a task that nobody waits for
process:  claim the lane, and for each message in order: transform, check what goes out, deliver, settle in the ledger
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson

from shared import hl7_opinion, security
from shared.destinations import fence
from shared.destinations.failures import Owner, owner
from shared.envelope import Answer, Envelope, Identity, Outgoing, Receipt
from shared.fate import unforeseen
from shared.hub import Hub, Timing
from shared.integration import Content, Delivery, Integration
from shared.issue import Issue, Verdict, listed, verdict
from shared.ledger import breaker, content, counters, load, names, warned
from shared.ledger.arrivals import AWAY, Arrival, Fresh, record
from shared.ledger.claims import CROWDED, Claim, Ended, Later, Lost, Outcome, blocked, claim
from shared.ledger.pace import NoPlace, permit, slot
from shared.ledger.rejections import Refusal, refuse
from shared.ledger.store import Away, Conflict, Row
from shared.limits import UNPLACED, too_long
from shared.privacy import chosen, digest, findable, keyed, lane_hash, place
from shared.problems import Fault, Problem, Rejected, Unavailable, Undelivered, Unsendable, Unsupported
from shared.settings import number
from shared.telemetry.tracing import span

NOT_FOR_TESTS = Issue(
    severity="error",
    code="not-supported",
    where="MSH-11",
    text="a test message, and this destination takes none",
    rule="synthetic",
    hl7="202",
)
CHANGED = Issue(severity="error", code="processing", text="refused when its batch was acknowledged", rule="refused-in-batch")
BUSY = Issue(
    severity="error", code="throttled", text="more has come than is delivered: send it again later", rule="busy", hl7="207"
)
EXPIRED = Issue(severity="error", code="processing", text="waited longer than the integration allows", rule="delivery-expired")


T = TypeVar("T")
Tried = tuple[Verdict, "tuple[Outgoing, ...] | None", "tuple[Issue, ...]"]
KEPT = 64 * 1024  # bytes of what leaves that are kept from the check to the first attempt
COMPARED = 64 * 1024  # bytes of a body up to which it is looked through for places that no sample has


PATIENCE = ("after-other-lane", "breaker-open", "no-place", "rate")  # reasons to wait that are no failure of an attempt


class Checked(NamedTuple):
    """The verdict on a message, what was read of it (``None`` when it could not be), and the sender's answer."""

    verdict: Verdict
    content: Content | None
    answer: Answer
    made: tuple[Outgoing, ...] | None = None  # what would leave; ``None`` where nothing was made
    faults: tuple[Issue, ...] = ()  # why our own output would not pass its check


class Decision(NamedTuple):
    """All that the hub can know of a message at the door: what its sender hears, and what the ledger then does.

    ``failed``: the hub itself failed, so that no verdict was reached; ``verdict`` is then AE. ``lane`` and ``after`` are
    hashes, empty unless the message is accepted.
    """

    verdict: Verdict
    answer: Answer
    content: Content | None = None
    who: Identity = UNPLACED
    lane: str = ""
    after: str = ""
    patient: str = ""
    synthetic: bool = False
    failed: bool = False
    made: tuple[Outgoing, ...] | None = None


class Ran(NamedTuple):
    """The verdict, and what would leave: nothing when the message is refused or our own output fails its check."""

    verdict: Verdict
    answer: Answer
    outgoing: tuple[Outgoing, ...] = ()
    faults: tuple[Issue, ...] = ()


def check(integration: Integration, envelope: Envelope) -> Checked:
    """Read and check a message; no network, no clock."""
    read, source, made = None, integration.source, None
    wrong: tuple[Issue, ...] = ()
    try:
        with faults():
            read = source.read(envelope)
            found = verdict([*source.repairs(read), *_findings(integration, read)], integration.refusal)
            if found.accepted:
                found, made, wrong = _tried(integration, envelope, read, found)
    except Unsupported as problem:
        found = Verdict("AR", tuple(listed(problem.issues)))
    except Rejected as problem:
        found = Verdict(integration.refusal, tuple(listed(problem.issues)))
    return Checked(found, read, source.acknowledge(envelope, read, found), made, wrong)


def _tried(integration: Integration, envelope: Envelope, read: Content, found: Verdict) -> Tried:
    """The verdict when what would leave has been made too: a message whose own output fails its check is refused at the door.

    A mapping that breaks is a fault of ours, and no reason to refuse: the message becomes a dead letter, to be replayed.
    """
    try:
        if len(envelope.body) <= KEPT:
            return found, _if_small(transform(integration, envelope, read)), ()
        with faults():  # a large one is not written here: it would be in memory once more, and is made again when it is sent
            _sound(integration, read)
        return found, None, ()
    except Unsendable as problem:
        issues = [*found.issues, *map(_not_sendable, problem.issues)]
        return verdict(issues, integration.refusal), None, problem.issues
    except Fault:
        return found, None, ()


def _not_sendable(issue: Issue) -> Issue:
    text = f"what the destination would receive is not valid: {issue.rule or issue.code} at {issue.where or 'its structure'}"
    return Issue(severity="error", code="processing", text=text[:250], rule="not-sendable")


def _findings(integration: Integration, read: Content) -> Iterator[Issue]:
    if integration.source.is_synthetic(read) and not integration.destination.takes_synthetic:
        raise Unsupported(NOT_FOR_TESTS)
    yield from integration.profile.check(read)


def run(integration: Integration, envelope: Envelope) -> Ran:
    """Check a message and make what would leave; no network, no clock."""
    checked = check(integration, envelope)
    if not checked.verdict.accepted or checked.made is not None:
        return Ran(checked.verdict, checked.answer, checked.made or (), checked.faults)
    try:
        return Ran(checked.verdict, checked.answer, transform(integration, envelope, checked.content))
    except Fault as fault:
        return Ran(checked.verdict, checked.answer, faults=fault.issues)


def transform(integration: Integration, envelope: Envelope, read: Content | None = None) -> tuple[Outgoing, ...]:
    """What leaves for one message, checked. Raises ``Fault``: our own output is wrong, or a mapping broke."""
    with faults():
        read = integration.source.read(envelope) if read is None else read
        made = _sound(integration, read)
        control = integration.source.identity(read, envelope).control_id
        return integration.write(read, made) if integration.write else written(made, control)


def _sound(integration: Integration, read: Content) -> Any:
    """What the mapping makes of a message. Raises ``Unsendable``: it does not pass the check of what goes out."""
    made = integration.transform(read)
    wrong = [issue for issue in integration.outgoing.check(made) if issue.is_error]
    if wrong:
        raise Unsendable(*wrong)
    return made


def with_files(outgoing: tuple[Outgoing, ...], envelope: Envelope, hub: Hub) -> tuple[Outgoing, ...]:
    """What leaves, with the means to open the files that lie beside the message."""
    files = tuple(partial(hub.store.blob_pieces, names.CONTENT, blob) for blob in envelope.files)
    return tuple(part._replace(files=files) for part in outgoing) if files else outgoing


def written(made: Any, control: str) -> tuple[Outgoing, ...]:
    """One body, by the type of what a mapping returned: bytes as they are, a FHIR resource as JSON, a message as HL7.

    A mapping that returns the message itself passes it through: it leaves as it was sent, without the reader's repairs.
    """
    if isinstance(made, bytes):
        return (Outgoing(content_type="application/octet-stream", body=made, control_id=control),)
    if isinstance(made, dict):
        from shared.fhir.resource import JSON, to_json  # only those who write FHIR pay for its import

        return (Outgoing(content_type=JSON, body=to_json(made), control_id=control),)
    return (Outgoing(content_type="x-application/hl7-v2+er7", body=made.as_sent.encode(), control_id=made["MSH-10"] or control),)


@contextmanager
def faults() -> Iterator[None]:
    """A bug inside becomes a ``Fault`` that says where, and nothing of the message."""
    try:
        yield
    except (Problem, Away, Conflict, Lost, fence.Late):
        raise
    except Exception as bug:  # noqa: BLE001 the one place: whatever a mapping or a destination does wrong
        raise Fault(
            Issue(severity="fatal", code="exception", text=f"{type(bug).__name__} in {_place(bug)}", rule="fault")
        ) from None


def _place(bug: Exception) -> str:
    trace = bug.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def decide(integration: Integration, envelope: Envelope) -> Decision:
    """Read and check a message, its sender, its limits and its lane; no network. One message and a batch are decided here."""
    try:
        with faults():
            return _decided(integration, envelope, check(integration, envelope))
    except Fault as fault:
        found, who = Verdict("AE", fault.issues), _whose(integration, envelope)
        return Decision(found, _no_verdict(integration, envelope, found, "the hub failed"), who=who, failed=True)


def _whose(integration: Integration, envelope: Envelope) -> Identity:
    """Who sent a message at which the hub failed, so that it can be found; all empty when that cannot be read either."""
    read = _readable(integration, envelope)
    with suppress(Problem), faults():
        return UNPLACED if read is None else _identity(integration, envelope, read)
    return UNPLACED


def _decided(integration: Integration, envelope: Envelope, checked: Checked) -> Decision:
    found, read, answer, made, _ = checked
    if read is None:
        return Decision(found, answer)
    who = _identity(integration, envelope, read)
    if wrong := _not_takeable(integration, envelope, read, who):
        refusal = Verdict("AR" if security.WRONG_SENDER in wrong else integration.refusal, wrong)
        return Decision(refusal, integration.source.acknowledge(envelope, read, refusal), read, who)
    if not found.accepted:
        return Decision(found, answer, read, who)
    lane, other = integration.lane(read), integration.after(read) if integration.after else ""
    return Decision(
        found,
        answer,
        read,
        who,
        lane=lane_hash(lane or _key(who)),
        after=lane_hash(other) if other else "",
        patient=integration.patient(read) if integration.patient else "",
        synthetic=integration.source.is_synthetic(read),
        made=made,
    )


def _not_takeable(integration: Integration, envelope: Envelope, read: Content, who: Identity) -> tuple[Issue, ...]:
    """Why a message is refused whatever its content: its sender is not the caller's, or no row can hold its identity."""
    wrong = security.wrong_sender(envelope.partner, who) if envelope.partner else None
    return (wrong,) if wrong else tuple(too_long(integration.source, read, who))


async def accept(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Take a message in: what is acknowledged is in the ledger."""
    kind = "SERVER" if envelope.trigger == "http" else "CONSUMER"
    with span("accept", envelope.traceparent, kind=kind, integration=integration.name, trigger=envelope.trigger) as here:
        if busy := await too_busy(integration, envelope, hub):
            return busy
        return await _accept(integration, replace(envelope, traceparent=here.traceparent), hub)


async def _accept(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    decision = await _aside(envelope, hub, decide, integration, envelope)
    try:
        if envelope.acknowledged:
            return await _as_acknowledged(integration, envelope, decision, hub)
        if decision.failed:
            raise Fault(*decision.verdict.issues)
        return await (_record if decision.verdict.accepted else refused)(integration, envelope, decision, hub)
    except (Unavailable, Fault) as problem:
        return not_now(integration, envelope, problem, hub)


async def too_busy(integration: Integration, envelope: Envelope, hub: Hub) -> Answer | None:
    """429 when more has been accepted than is delivered; only for a caller who waits and sends again, so never within a batch."""
    if envelope.trigger != "http" or envelope.reference:
        return None
    wait = await load.overload(integration.name, hub)
    if not wait:
        return None
    found = Verdict("AE", (BUSY,))
    answer = _no_verdict(integration, envelope, found, BUSY.text)
    _tell_arrival(integration, envelope, "busy", found, hub)
    return answer._replace(status=429, headers={**answer.headers, "Retry-After": str(wait)})


async def _as_acknowledged(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """A member of a batch: the ledger does what its acknowledgement said, whatever has changed since.

    One that was refused stays refused, because its sender sends it again. One that was acknowledged and cannot be taken
    becomes a dead letter with its content, because nobody else has it.
    """
    if envelope.acknowledged != "AA":
        changed = Verdict("AR" if envelope.acknowledged == "AR" else "AE", (CHANGED,))
        found = changed if decision.verdict.accepted else decision.verdict
        return await refused(integration, envelope, decision._replace(verdict=found), hub)
    try:
        if decision.verdict.accepted:
            return await _record(integration, envelope, decision, hub)
    except Fault as fault:
        decision = decision._replace(verdict=Verdict("AE", fault.issues))
    return await refused(integration, envelope, decision, hub)


async def _record(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """Store an accepted message and start its lane. Raises ``Unavailable``, ``Fault``."""
    with faults():
        recorded = await record(integration, await _arrival(integration, envelope, decision, hub), hub)
    if recorded.kind != "again":
        _tell_arrival(integration, envelope, recorded.kind, decision.verdict, hub)
    if recorded.kind == "new":
        warned.count(integration, decision.who.sender, decision.verdict, hub)
        fresh = recorded.fresh._replace(made=decision.made or ()) if recorded.fresh else None
        hub.start(process(integration, recorded.lane, hub, fresh))
    return _named(integration, recorded.answer, recorded.id)


def _if_small(made: tuple[Outgoing, ...]) -> tuple[Outgoing, ...] | None:
    """What was made at the check, for the first attempt; a large one is made again, so that it is not held while it waits."""
    return made if sum(len(part.body) for part in made) <= KEPT else None


async def process(integration: Integration, lane: str, hub: Hub, fresh: Fresh | None = None) -> None:
    """Work through a lane in order. A lane that another worker holds is left to it."""
    load.accepted(integration.name, fresh, hub)
    try:
        held = await claim(integration, lane, hub, fresh)
        while held and (message := await held.next()):
            began = hub.now()
            with span("attempt", message["traceparent"], kind="CONSUMER", integration=integration.name):
                outcome = await attempt(held, message)
                if outcome.code == "no-place" and not held.is_taken:
                    return  # nothing was claimed: the knock brings a worker
                await held.settle(outcome)
                _tell_attempt(integration, message, outcome, hub.now() - began, hub)
    except Lost:
        hub.tell("hub.attempt", integration=integration.name, outcome="lost", lane=lane)
    except Away:
        if fresh is None:
            raise  # the queue brings the knock again
        hub.tell("hub.attempt", integration=integration.name, outcome="storage-away", lane=lane)
    finally:
        if fresh:
            load.left(integration.name, lane, hub)


async def attempt(held: Claim, message: Row) -> Outcome:
    """Try one message once: transform, check what goes out, deliver."""
    integration, hub, sent, receipt = held.integration, held.hub, message["sent"], Receipt("nothing-to-send")
    began = hub.now()
    if reason := await _reason_to_wait(integration, message, hub):
        return reason
    try:
        envelope = await held.content(message)
        made = held.made(message) or await _aside(envelope, hub, transform, integration, envelope)
        outgoing = with_files(made, envelope, hub)
        async with slot(integration, bool(message["tries"]), held.patience, hub):
            for part in _announced(integration, message, outgoing[sent:]):
                await held.sending()
                load.begun(integration.name, message.partition, hub)
                receipt, sent = await deliver(held, part), sent + 1
                await breaker.succeeded(integration, message.partition, hub)
    except Undelivered as problem:
        return await _undelivered(integration, message, problem, sent, began, hub)
    except NoPlace:
        await breaker.give_back(integration, message.partition, hub)
        return Later(hub.random.uniform(*CROWDED), "no-place")
    except Fault as fault:
        await breaker.give_back(integration, message.partition, hub)
        return Ended("dead", fault.issues[0].rule or "fault", fault.issues)
    hub.start(_count_dropped(integration, envelope, hub))
    _ask_another(integration, envelope, outgoing, hub)
    return Ended("delivered", receipt.code, reference=receipt.reference, routing=_routing(outgoing))


def _ask_another(integration: Integration, envelope: Envelope, outgoing: tuple[Outgoing, ...], hub: Hub) -> None:
    """On a sample of what is settled, in a thread of its own: does another reader find what ours does not?

    HL7 v2 is read by the ``hl7`` package, what came as well as what left; FHIR that left by ``fhir.resources``.
    """
    every = number("HUB_SECOND_OPINION", 500)  # 0: never
    bodies = [(envelope.content_type, envelope.body), *((part.content_type, part.body) for part in outgoing)]
    wanted = [(kind, body) for kind, body in bodies if ("fhir" in kind and body is not envelope.body) or _is_hl7(body)]
    if wanted and every and hub.random.random() * every < 1:
        hub.start(_second_opinion(integration, wanted, hub))


def _is_hl7(body: bytes) -> bool:
    return body[:3] == b"MSH" and len(body) <= hl7_opinion.LARGEST


async def _second_opinion(integration: Integration, bodies: list[tuple[str, bytes]], hub: Hub) -> None:
    for kind, body in bodies:
        try:
            with faults():
                issues = await asyncio.to_thread(_opinion, kind, body)
        except Problem as problem:
            issues = [issue._replace(where="", rule="second-opinion") for issue in problem.issues[:1]]
        for issue in issues:
            hub.tell("hub.opinion", integration=integration.name, rule=issue.rule, error_code=issue.where or "unread")


def _opinion(kind: str, body: bytes) -> list[Issue]:
    if _is_hl7(body):
        return hl7_opinion.second_opinion(body)
    from shared.fhir.second_opinion import second_opinion

    return second_opinion(orjson.loads(body))


async def _count_dropped(integration: Integration, envelope: Envelope, hub: Hub) -> None:
    """Count the places that no sample has and that reached nothing.

    It does not delay the settling of the message, and what goes wrong here does not change what became of it. It runs in a
    thread, one message of an integration at a time: a message that arrives meanwhile is not looked through.
    """
    if not integration.seen or len(envelope.body) > COMPARED or integration.name in hub.comparing:
        return
    hub.comparing.add(integration.name)
    try:
        with suppress(Fault, Unsupported, Rejected), faults():
            for path in await asyncio.to_thread(_unforeseen, integration, envelope, hub):
                hub.count(integration.name, f"dropped {place(path)}")
    finally:
        hub.comparing.discard(integration.name)


def _unforeseen(integration: Integration, envelope: Envelope, hub: Hub) -> list[str]:
    return unforeseen(integration, integration.source.read(envelope), hub.dropped)


async def deliver(held: Claim, outgoing: Outgoing) -> Receipt:
    """Pass one body to the destination, within what is left of the claim. Raises ``Undelivered``, ``Lost``."""
    try:
        with faults(), fence.until(held.left):
            return await _in_time(held, outgoing)
    except fence.Late:
        raise Lost from None


async def _in_time(held: Claim, outgoing: Outgoing) -> Receipt:
    fence.check()
    try:
        async with asyncio.timeout(min(held.hub.delivery_time(held.integration), held.left())):
            return await held.integration.destination.deliver(outgoing)
    except TimeoutError:
        fence.check()  # stopped and woken: the message is another worker's
        raise Undelivered(
            kind="transient", code="timeout", text="the destination did not answer in time", ambiguous=True
        ) from None


async def _reason_to_wait(integration: Integration, message: Row, hub: Hub) -> Outcome | None:
    """Why a message is not sent now: too old, after another lane, a sick destination, or its rate."""
    if hub.now() - message["since"] > integration.delivery.expires:
        return Ended("dead", EXPIRED.rule, (EXPIRED,), attempted=False)
    if await blocked(integration, message, hub):
        return Later(hub.random.uniform(0.5, 2), "after-other-lane")
    if wait := await breaker.wait(integration, message, hub):
        return Later(wait, breaker.WAITS)
    if wait := await permit(integration, hub):
        await breaker.give_back(integration, message.partition, hub)
        return Later(wait, "rate")
    return None


async def _undelivered(
    integration: Integration, message: Row, problem: Undelivered, sent: int, began: float, hub: Hub
) -> Outcome:
    """Try again, or give up; the breaker learns of it. Only a failure of the message itself costs it an attempt."""
    delivery, lane, whose = integration.delivery, message.partition, owner(problem)
    others = breaker.answers_others(integration, lane, message["failed_at"] or began, hub)
    counted = whose == "message" or (others and whose in ("set-up", "unclear"))
    await breaker.failed(integration, lane, "unclear" if counted and whose == "set-up" else whose, problem.retry_after, hub)
    attempts = message["attempts"] + counted
    if problem.kind == "permanent" or (counted and attempts >= delivery.attempts):
        return Ended("dead", problem.code, problem.issues, problem.ambiguous, detail=problem.detail)
    wait = max(problem.retry_after, _backoff(delivery, whose, attempts - 1 if counted else message["tries"] or 0, hub))
    return Later(wait, problem.code, attempted=counted, ambiguous=problem.ambiguous, sent=sent, failed=True)


def _backoff(delivery: Delivery, whose: Owner, earlier: int, hub: Hub) -> float:
    """Seconds: twice as long each time, with full jitter. A destination that is away is tried often: that costs nothing."""
    if whose in ("set-up", "access"):
        return delivery.breaker_wait
    longest = delivery.longest_wait if whose == "message" else min(delivery.longest_wait, breaker.LONGEST_PAUSE)
    return hub.random.uniform(0, min(longest, delivery.first_wait * 2 ** min(earlier, 30)))


def _announced(integration: Integration, message: Row, outgoing: tuple[Outgoing, ...]) -> tuple[Outgoing, ...]:
    """What is published says where it lies in the outbox: its event is a knock for the subscribers."""
    if not integration.subscribers:
        return outgoing
    place = {"lane": message.partition, "number": str(names.number(message.key))}
    return tuple(part._replace(properties={**part.properties, **place}) for part in outgoing)


def _routing(outgoing: tuple[Outgoing, ...]) -> str:
    return orjson.dumps(dict(outgoing[0].properties)).decode() if outgoing else ""


async def refused(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Answer:
    """Record what is refused, and answer its sender. Raises ``Unavailable``, ``Fault``."""
    try:
        with faults():
            message_id = await refuse(integration, envelope, decision.verdict, Refusal.of(decision.who), hub)
    except Away:
        raise Unavailable(AWAY) from None
    outcome = "dead" if envelope.acknowledged == "AA" else "fault" if decision.failed else "rejected"
    _tell_arrival(integration, envelope, outcome, decision.verdict, hub)
    return _named(integration, decision.answer, message_id)


def not_now(integration: Integration, envelope: Envelope, problem: Problem, hub: Hub) -> Answer:
    """The answer when no verdict was reached: storage is away, or the hub itself failed."""
    away = isinstance(problem, Unavailable)
    found = Verdict("AE", problem.issues)
    answer = _no_verdict(integration, envelope, found, AWAY.text if away else "the hub failed")
    _tell_arrival(integration, envelope, "unavailable" if away else "fault", found, hub)
    return answer._replace(status=503 if away else 500, headers={**answer.headers, **({"Retry-After": "30"} if away else {})})


def _no_verdict(integration: Integration, envelope: Envelope, found: Verdict, text: str) -> Answer:
    """AE in the sender's own format, without a word about the inside; plain text when even that cannot be written."""
    plain = found._replace(issues=tuple(issue._replace(text=text) for issue in found.issues))
    try:
        with faults():
            return integration.source.acknowledge(envelope, _readable(integration, envelope), plain)
    except Fault:
        return Answer(status=500, content_type="text/plain", body=text.encode())


def _readable(integration: Integration, envelope: Envelope) -> Content | None:
    try:
        with faults():
            return integration.source.read(envelope)
    except Problem:
        return None


async def _arrival(integration: Integration, envelope: Envelope, decision: Decision, hub: Hub) -> Arrival:
    """What the ledger needs to know of a message: who, which lane, and its content compressed."""
    read, who, token, lane = decision.content, decision.who, hub.token(), decision.lane
    body = await _aside(envelope, hub, content.compressed, envelope.body)
    return Arrival(
        envelope=envelope,
        lane=lane,
        key=_key(who),
        digest=digest(envelope.body),
        control=chosen("control", who.control_id),
        by_control=f"c|{keyed('control', who.control_id)}",
        facts={**_kept(who), "synthetic": decision.synthetic, "partner": envelope.partner},
        verdict=decision.verdict,
        acknowledge=lambda found: integration.source.acknowledge(envelope, read, found),
        token=token,
        after=decision.after if decision.after != lane else "",
        finders=(
            *([f"p|{keyed('patient', decision.patient)}"] if decision.patient else []),
            *([f"x|{findable('correlation', envelope.correlation_id)}"] if envelope.correlation_id else []),
            *map(names.by_file, envelope.files),
        ),
        body=body,
        blob=f"{integration.name}/{lane}/{token}" if len(body) >= hub.timing.blob_from else "",
    )


def _kept(who: Identity) -> dict[str, str]:
    """Sender and facility, which are texts of the caller, in the form in which rows keep them."""
    return {"sender": chosen("sender", who.sender), "facility": chosen("facility", who.facility)}


def _key(who: Identity) -> str:
    """The key of the receipt: the hash of the identity."""
    return keyed("identity", "\0".join(who))


def _identity(integration: Integration, envelope: Envelope, read: Content) -> Identity:
    who = integration.source.identity(read, envelope)
    return who if who.control_id else who._replace(control_id=digest(envelope.body)[:32])


async def _aside(envelope: Envelope, hub: Hub, work: Callable[..., T], *args: Any) -> T:
    """Work on a large body, or on one of many lines, leaves the event loop for a thread."""
    return await asyncio.to_thread(work, *args) if _is_large(envelope.body, hub.timing) else work(*args)


def _is_large(body: bytes, timing: Timing) -> bool:
    return len(body) > timing.thread_from or body.count(b"\r") + body.count(b"\n") > timing.thread_lines


def _named(integration: Integration, answer: Answer, message_id: str) -> Answer:
    """The answer with the message's id and where its status is."""
    where = {"X-Message-Id": message_id, "Location": f"/api/v1/{integration.name}/messages/{message_id}"}
    return answer._replace(headers={**answer.headers, **where})


def _tell_arrival(integration: Integration, envelope: Envelope, outcome: str, found: Verdict, hub: Hub) -> None:
    name = "accepted" if outcome == "new" else outcome
    hub.count(integration.name, name)
    hub.tell(
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
    )


def _tell_attempt(integration: Integration, message: Row, outcome: Outcome, seconds: float, hub: Hub) -> None:
    """One event for a message that ended, or for an attempt that did not go well."""
    told = {
        "integration": integration.name,
        "destination": integration.destination.name,
        "error_code": outcome.code,
        "attempt": message["attempts"] + outcome.attempted,
        "ambiguous": message["ambiguous"] or outcome.ambiguous,
        "ms": round(seconds * 1000, 1),
        "correlation_id": message["correlation_id"],
        "message_id": f"{message.partition}.{message['key']}",
    }
    if isinstance(outcome, Later):
        return hub.tell("hub.attempt", outcome="waiting", **told) if outcome.code not in PATIENCE else None
    hub.count(integration.name, outcome.outcome)
    e2e = round((hub.now() - message["at"]) * 1000, 1)
    if outcome.outcome == "delivered":
        hub.count(integration.name, counters.bucket(e2e))
    return hub.tell("hub.message", stage="deliver", outcome=outcome.outcome, e2e_ms=e2e, **told)
