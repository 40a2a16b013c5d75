"""All that the hub can know of a message at the door: its verdict, its sender, its limits and its lane. No network."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from shared import security
from shared.check import Checked, answer_without_verdict, check, faults, read_or_none
from shared.codes.met import Met
from shared.envelope import Answer, Envelope, Identity, Outgoing
from shared.integration import Content, Integration
from shared.issue import Issue, Verdict
from shared.limits import NO_PLACES, too_long
from shared.privacy import digest, keyed, lane_hash
from shared.problems import Fault, Problem


class Decision(NamedTuple):
    """All that the hub can know of a message at the door: what its sender gets, and what the ledger then does.

    ``failed``: the hub itself failed, so that no verdict was reached; ``verdict`` is then AE. ``lane`` and ``after`` are
    hashes, empty unless the message is accepted.
    """

    verdict: Verdict
    answer: Answer
    content: Content | None = None
    who: Identity = NO_PLACES
    lane: str = ""
    after: str = ""
    patient: str = ""
    synthetic: bool = False
    failed: bool = False
    made: tuple[Outgoing, ...] | None = None
    codes: tuple[Met, ...] = ()


InOrder = Callable[[Decision], Awaitable[None]]
"""Waits until the message may be stored: those before it in its order are."""


def decide(integration: Integration, envelope: Envelope) -> Decision:
    """Read and check a message, its sender, its limits and its lane; no network. One message and a batch are decided here."""
    try:
        with faults():
            return _decided(integration, envelope, check(integration, envelope))
    except Fault as fault:
        found, who = Verdict("AE", fault.issues), _whose(integration, envelope)
        return Decision(found, answer_without_verdict(integration, envelope, found, "the hub failed"), who=who, failed=True)


def _whose(integration: Integration, envelope: Envelope) -> Identity:
    """Who sent a message at which the hub failed, so that it can be found; all empty when that cannot be read either."""
    read = read_or_none(integration, envelope)
    with suppress(Problem), faults():
        return NO_PLACES if read is None else _identity(integration, envelope, read)
    return NO_PLACES


def _decided(integration: Integration, envelope: Envelope, checked: Checked) -> Decision:
    found, read, answer, made, _, codes = checked
    if read is None:
        return Decision(found, answer)
    who = _identity(integration, envelope, read)
    if wrong := _not_takeable(integration, envelope, read, who):
        refusal = Verdict("AR" if security.WRONG_SENDER in wrong else integration.refusal, wrong)
        return Decision(refusal, integration.source.acknowledge(envelope, read, refusal), read, who)
    if not found.accepted:
        return Decision(found, answer, read, who, codes=codes)
    lane, other = integration.lane(read), integration.after(read) if integration.after else ""
    return Decision(
        found,
        answer,
        read,
        who,
        lane=lane_hash(lane or receipt_key(who)),
        after=lane_hash(other) if other else "",
        patient=integration.patient(read) if integration.patient else "",
        synthetic=integration.source.is_synthetic(read),
        made=made,
        codes=codes,
    )


def _not_takeable(integration: Integration, envelope: Envelope, read: Content, who: Identity) -> tuple[Issue, ...]:
    """Why a message is refused for any content: its sender is not the caller's, or no row can hold its identity."""
    wrong = security.wrong_sender(envelope.partner, who) if envelope.partner else None
    return (wrong,) if wrong else tuple(too_long(integration.source, read, who))


def _identity(integration: Integration, envelope: Envelope, read: Content) -> Identity:
    who = integration.source.identity(read, envelope)
    return who if who.control_id else who._replace(control_id=digest(envelope.body)[:32])


def receipt_key(who: Identity) -> str:
    """The key of the receipt: the hash of the identity."""
    return keyed("identity", "\0".join(who))
