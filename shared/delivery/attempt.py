"""One attempt to deliver a message, and what to do when it does not succeed."""

import asyncio
from functools import partial

import orjson

from shared import budget
from shared.check import faults, transform, transform_apart
from shared.codes.table import Unmapped
from shared.delivery import breaker, load, pause, unmapped
from shared.delivery.afterwards import ask_second_reader, count_dropped
from shared.delivery.memory import memory, place_patience
from shared.delivery.observe import observe
from shared.delivery.pace import CROWDED, NO_MEMORY, NO_PLACE, NoPlace, permit, slot
from shared.destinations.kinds.failures import Owner, owner
from shared.destinations.kinds.kind import kind_of
from shared.destinations.wire import fence
from shared.envelope import Envelope, Outgoing, Receipt
from shared.hub import Hub, in_thread_if_large
from shared.integration import Delivery, Integration
from shared.issue import Issue
from shared.ledger.claims.claim import Claim
from shared.ledger.claims.taking import blocked
from shared.ledger.ended import Done, Later, Outcome
from shared.ledger.rows import Waiting
from shared.problems import Fault, Lost, Undelivered, without_traceback
from shared.storage import names
from shared.telemetry.tracing import Span, span

EXPIRED = Issue(severity="error", code="processing", text="waited longer than the integration allows", rule="delivery-expired")


async def attempt(held: Claim, message: Waiting) -> Outcome:
    """Try one message once: transform, check the output, deliver."""
    try:
        if message.observed:
            async with memory(held, message):
                return await observe(held, message)
        # A message that waits for something else needs no memory, so its reason is looked for before.
        if reason := await _reason_to_wait(held, message):
            return reason
        async with memory(held, message):
            return await _attempt(held, message)
    except budget.Short:
        if not message.observed:
            await breaker.give_back(held.integration, message.lane, held.hub)
        return Later(held.hub.random.uniform(*CROWDED), NO_MEMORY)


async def _attempt(held: Claim, message: Waiting) -> Outcome:
    integration, hub, sent, receipt = held.integration, held.hub, message.sent, Receipt("nothing-to-send")
    began = hub.now()
    try:
        envelope = await held.content(message)
        make = transform_apart if kind_of(integration.destination).reads_texts else transform
        made = held.made(message) or await in_thread_if_large(envelope, hub, make, integration, envelope)
        outgoing = with_files(made, envelope, hub)
        async with slot(integration, bool(message.tries), place_patience(held, message), hub):
            if await pause.is_paused(integration.name, hub):  # again: it may have waited a minute for its place
                await breaker.give_back(integration, message.lane, hub)
                return Later(pause.AGAIN, pause.WAITS)
            for part in _announced(integration, message, outgoing[sent:]):
                await held.sending()
                load.begun(integration.name, message.lane, hub)
                receipt, sent = await deliver(held, part), sent + 1
                await breaker.succeeded(integration, message.lane, hub)
    except Undelivered as problem:
        without_traceback(problem)  # the libraries of the destinations keep their errors
        return await _undelivered(integration, message, problem, sent, began, hub)
    except NoPlace:
        await breaker.give_back(integration, message.lane, hub)
        return Later(hub.random.uniform(*CROWDED), NO_PLACE)
    except Unmapped as problem:
        await breaker.give_back(integration, message.lane, hub)
        return await unmapped.outcome(integration, message, problem, hub)
    except Fault as fault:
        await breaker.give_back(integration, message.lane, hub)
        return Done("dead", fault.issues[0].rule or "fault", fault.issues)
    hub.start(count_dropped(integration, envelope, hub))
    ask_second_reader(integration, envelope, outgoing, hub)
    return Done("delivered", receipt.code, reference=receipt.reference, routing=_routing(outgoing))


async def deliver(held: Claim, outgoing: Outgoing) -> Receipt:
    """Pass one body to the destination, within what is left of the claim. Raises ``Undelivered``, ``Lost``."""
    try:
        with (
            faults(),
            fence.until(held.left),
            span("deliver", kind="CLIENT", destination=held.integration.destination.name) as here,
        ):
            return await _in_time(held, outgoing, here)
    except fence.Late:
        raise Lost from None


async def _in_time(held: Claim, outgoing: Outgoing, here: Span) -> Receipt:
    fence.check()
    try:
        async with asyncio.timeout(min(held.hub.delivery_time(held.integration), held.left())):
            receipt = await held.integration.destination.deliver(outgoing)
            here.set("error_code", receipt.code)
            return receipt
    except Undelivered as problem:
        here.set("error_code", problem.code)
        raise
    except TimeoutError:
        here.set("error_code", "timeout")
        fence.check()  # stopped and woken: the message is another worker's
        raise Undelivered(
            kind="transient", code="timeout", text="the destination did not answer in time", ambiguous=True
        ) from None


async def _reason_to_wait(held: Claim, message: Waiting) -> Outcome | None:
    """Why a message is not sent now.

    A paused delivery, too old, still without its code, after another lane, a sick destination, or its rate.
    """
    integration, hub = held.integration, held.hub
    if await pause.is_paused(integration.name, hub):
        return Later(pause.AGAIN, pause.WAITS)
    if await pause.time_left(integration, message.since, hub) < 0:
        return Done("dead", EXPIRED.rule, (EXPIRED,), attempted=False)
    if message.code == unmapped.WAITS and (still := await unmapped.still_waits(held, message)):
        return still
    if await blocked(integration, message, hub):
        return Later(hub.random.uniform(0.5, 2), "after-other-lane")
    if wait := await breaker.wait(integration, message, hub):
        return Later(wait, breaker.WAITS)
    if wait := await permit(integration, hub):
        await breaker.give_back(integration, message.lane, hub)
        return Later(wait, "rate")
    return None


async def _undelivered(
    integration: Integration, message: Waiting, problem: Undelivered, sent: int, began: float, hub: Hub
) -> Outcome:
    """Try again, or give up; the breaker learns of it. Only a failure of the message itself costs it an attempt."""
    delivery, lane, whose = integration.delivery, message.lane, owner(problem)
    others = breaker.answers_others(integration, lane, message.failed_at or began, hub)
    counted = whose == "message" or (others and whose in ("set-up", "unclear"))
    opener: Owner = "unclear" if counted and whose == "set-up" else whose
    await breaker.failed(integration, lane, opener, problem.retry_after, hub, code=problem.code)
    attempts = message.attempts + counted
    if problem.kind == "permanent" or (counted and attempts >= delivery.attempts):
        return Done("dead", problem.code, problem.issues, problem.ambiguous, detail=problem.detail)
    wait = max(problem.retry_after, _backoff(delivery, whose, attempts - 1 if counted else message.tries, hub))
    return Later(wait, problem.code, attempted=counted, ambiguous=problem.ambiguous, sent=sent, failed=True)


def _backoff(delivery: Delivery, whose: Owner, earlier: int, hub: Hub) -> float:
    """Seconds: twice as long each time, with full jitter. An unavailable destination is tried often: that costs nothing."""
    if whose in ("set-up", "access"):
        return delivery.breaker_wait
    longest = delivery.longest_wait if whose == "message" else min(delivery.longest_wait, breaker.LONGEST_PAUSE)
    return hub.random.uniform(0, min(longest, delivery.first_wait * 2 ** min(earlier, 30)))


def with_files(outgoing: tuple[Outgoing, ...], envelope: Envelope, hub: Hub) -> tuple[Outgoing, ...]:
    """The outgoing bodies, with functions that open the separate files of the message."""
    files = tuple(partial(hub.store.blob_pieces, names.CONTENT, blob) for blob in envelope.files)
    return tuple(part._replace(files=files) for part in outgoing) if files else outgoing


def _announced(integration: Integration, message: Waiting, outgoing: tuple[Outgoing, ...]) -> tuple[Outgoing, ...]:
    """A published message carries its place in the outbox: its event is a knock for the subscribers."""
    if not integration.subscribers:
        return outgoing
    place = {"lane": message.lane, "number": str(message.n)}
    return tuple(part._replace(properties={**part.properties, **place}) for part in outgoing)


def _routing(outgoing: tuple[Outgoing, ...]) -> str:
    return orjson.dumps(dict(outgoing[0].properties)).decode() if outgoing else ""
