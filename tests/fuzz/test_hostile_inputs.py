"""Hostile messages of every integration: each gets a verdict, quickly, and what is accepted passes the check of what goes out.

``HUB_FUZZ`` is how many messages are tried in all (100,000). ``HUB_FUZZ_SEED`` begins elsewhere.
"""

import os
import resource
import time
from dataclasses import replace

import pytest

from integrations import CATALOGUE, load
from shared.check import transform
from shared.destinations.mllp import Mllp
from shared.destinations.wire.acknowledgement import control_id
from shared.destinations.wire.framing import framed
from shared.envelope import Envelope, Outgoing
from shared.intake.decide import Decision, decide
from shared.integration import Integration
from shared.problems import Fault
from tests.fuzz.mutations import inputs
from toolkit.samples import accepted

COUNT = int(os.environ.get("HUB_FUZZ", "100000"))
SEED = int(os.environ.get("HUB_FUZZ_SEED", "0"))
LONGEST = 1.0  # seconds for one message
GROWTH = 300 << 10  # KiB that the process may grow by


def tried(name: str, count: int, seed: int) -> dict[str, bytes]:
    """What is wrong with how hostile messages of an integration are taken, each with the first message that shows it."""
    integration = load(name)
    samples = accepted(integration)
    bad: dict[str, bytes] = {}
    for body in inputs(sorted({sample.body for sample in samples}), count, seed):
        media = "application/json" if body.lstrip()[:1] in (b"{", b"[") else ""
        for finding in found(integration, replace(samples[0].envelope, body=body, content_type=media)):
            bad.setdefault(finding, body)
    return bad


def found(integration: Integration, envelope: Envelope) -> list[str]:
    """What is wrong with how a message is taken, in words that are the same for the same fault."""
    decision, took = timed(integration, envelope)
    wrong = [f"no verdict: {decision.verdict.issues[0].text}"] if decision.failed else []
    if decision.verdict.accepted:
        try:
            made = decision.made or transform(integration, envelope, decision.content)
            wrong += unsendable(integration, made)
        except Fault as fault:
            waits = fault.issues[0].rule == "code-unmapped"  # by its integration's declaration: it waits for the code
            wrong += [] if waits else [f"accepted, then: {each.rule} {each.where} {each.text}" for each in fault.issues[:1]]
    # A collection of garbage may fall into one try; what is slow is slow each time.
    is_slow = took >= LONGEST and all(timed(integration, envelope)[1] >= LONGEST for _ in range(2))
    return [*wrong, "too slow"] if is_slow else wrong


def timed(integration: Integration, envelope: Envelope) -> tuple[Decision, float]:
    """The decision on a message, and the seconds of the processor that it took."""
    started = time.process_time()
    decision = decide(integration, envelope)
    return decision, time.process_time() - started


def unsendable(integration: Integration, outgoing: tuple[Outgoing, ...]) -> list[str]:
    """What the protocol of the destination cannot carry."""
    if not isinstance(integration.destination, Mllp):
        return []
    for part in outgoing:
        try:
            framed(part.body)
        except ValueError:
            return ["accepted, then: a block character"]
        if not control_id(part.body):
            return ["accepted, then: no control id"]
    return []


@pytest.mark.parametrize("name", CATALOGUE)
def test_some_hostile_messages(name: str) -> None:
    assert tried(name, 100, 1) == {}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_hostile_message_gets_a_verdict_and_what_is_accepted_can_be_sent(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert tried(name, COUNT // len(CATALOGUE), SEED) == {}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH
