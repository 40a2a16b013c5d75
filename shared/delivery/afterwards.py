"""After a message is settled: a second reader on a sample of messages, and a count of elements that reached nothing."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from shared.check import faults
from shared.envelope import Envelope, Outgoing
from shared.fate import unforeseen
from shared.hl7 import second_opinion as hl7_opinion
from shared.hub import Hub
from shared.integration import Integration
from shared.issue import Issue
from shared.privacy import place
from shared.problems import Fault, Problem, Rejected, Unsupported
from shared.settings import number

COMPARED = 64 * 1024  # bytes of a body up to which it is looked through for places that no sample has


@dataclass(eq=False, repr=False)
class Compared:
    """What this process knows of elements that reach nothing."""

    dropped: dict[tuple[str, str], bool] = field(default_factory=dict)  # by integration and place: whether it reaches nothing
    comparing: set[str] = field(default_factory=set)  # integrations of which a message is being looked through


def ask_second_reader(integration: Integration, envelope: Envelope, outgoing: tuple[Outgoing, ...], hub: Hub) -> None:
    """On a sample of what is settled, in a thread of its own: does another reader find what ours does not?

    HL7 v2, received and sent, is read by the ``hl7`` package; FHIR that was sent by ``fhir.resources``, unless its long texts are
    apart: it would be in memory once more.
    """
    every = number("HUB_SECOND_OPINION", 500)  # 0: never
    bodies = [(envelope.content_type, envelope.body), *((part.content_type, part.body) for part in outgoing if not part.texts)]
    readable = [(kind, body) for kind, body in bodies if ("fhir" in kind and body is not envelope.body) or _is_hl7(body)]
    if readable and every and hub.random.random() * every < 1:
        hub.start(_second_opinion(integration, readable, hub))


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
            hub.emit("hub.opinion", integration=integration.name, rule=issue.rule, error_code=issue.where or "unread")


def _opinion(kind: str, body: bytes) -> list[Issue]:
    if _is_hl7(body):
        return hl7_opinion.second_opinion(body)
    from shared.fhir.validation.second_opinion import second_opinion

    return second_opinion(orjson.loads(body))


async def count_dropped(integration: Integration, envelope: Envelope, hub: Hub) -> None:
    """Count the places that no sample has and that reached nothing.

    It does not delay the settling of the message, and an error here does not change its outcome. It runs in a
    thread, one message of an integration at a time: a message that arrives meanwhile is not looked through.
    """
    if not integration.seen or len(envelope.body) > COMPARED or integration.name in hub.remembered(Compared).comparing:
        return
    hub.remembered(Compared).comparing.add(integration.name)
    try:
        with suppress(Fault, Unsupported, Rejected), faults():
            for path in await asyncio.to_thread(_unforeseen, integration, envelope, hub):
                hub.count(integration.name, f"dropped {place(path)}")
    finally:
        hub.remembered(Compared).comparing.discard(integration.name)


def _unforeseen(integration: Integration, envelope: Envelope, hub: Hub) -> list[str]:
    return unforeseen(integration, integration.source.read(envelope), hub.remembered(Compared).dropped)
