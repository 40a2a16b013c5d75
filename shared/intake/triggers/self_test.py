"""``POST /api/v1/<name>/check``: what the hub would answer to a message. Nothing is stored, delivered or counted as a message."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from shared import formats
from shared.budget import RETRY, Short, holding
from shared.check import faults
from shared.envelope import Answer, Envelope, language_headers
from shared.formats.media import STATUS
from shared.hub import Hub
from shared.intake import request as door
from shared.intake.admission import WINDOW, Refusals, admit
from shared.intake.batch_decision import decide_batch
from shared.intake.decide import decide
from shared.intake.http_answers import json_answer
from shared.intake.triggers.http import Bound, credential
from shared.integration import Integration
from shared.issue import Issue
from shared.privacy import keyed
from shared.problems import Unsupported
from shared.voices import Language, languages, plain

FACTS = ("severity", "rule", "code", "where", "text")
A_MINUTE = 60  # self-tests of one partner in a minute, in each instance; the next one is answered 429
LARGE = 256 * 1024  # bytes of an unpacked body; a batch of so many has thousands of rows and takes seconds
LARGE_WAIT = "30"  # seconds of Retry-After while another large body is tested


@dataclass(eq=False, repr=False)
class SelfTests(Refusals):
    """The self-tests of this process, by a keyed hash of the partner; ``is_large``: whether one of a large body runs."""

    is_large: bool = False

    def ended(self, work: "asyncio.Future[Answer]") -> None:
        """The test of a large body has ended. Its error is taken here: asyncio would log the text of one that no one takes."""
        self.is_large = False
        if not work.cancelled():
            work.exception()


async def self_test(integration: Integration, headers: Mapping[str, str], body: bytes, hub: Hub) -> Answer:
    """200 with the verdict and the answer that the message would get, with any verdict.

    401, 403 and 429 as for a message; 429 also after many self-tests, for a large body while another one is tested, and while the
    memory for a large body is not free; 413 and 415 for what could not be sent either.
    """
    partner = admit(integration.name, headers, hub, named=credential(integration.source, body))
    if isinstance(partner, Answer):
        return partner
    if wait := _wait(partner.name, hub):
        return json_answer(429, {"error": "too many self-tests in a minute"}, {"Retry-After": str(wait)})
    try:
        return await examine(integration, headers, body, partner.name, hub)
    except Short:
        return json_answer(429, {"error": "too many large bodies at once"}, {"Retry-After": str(RETRY)})


async def examine(integration: Integration, headers: Mapping[str, str], body: bytes, partner: str, hub: Hub) -> Answer:
    """The verdict on a body. ``partner``: who sends it; ``""``: not known, so its senders are not checked. A developer's
    report (``toolkit/conformance``) is made of the same answers. Raises ``Short``: the memory for the body is not free.
    """
    # This answer is JSON in any case.
    received = door.received(integration, {**headers, "accept": "*/*"}, body, partner, hub)
    with holding(len(body), hub) as hold:
        try:
            envelope = await door.entered(integration, received, hold)
        except Unsupported as problem:
            return _in_words(STATUS[problem.issues[0].rule], {"issues": _issues(problem.issues, received)}, received)
        with faults():
            return await _in_turn(integration, envelope, hub)


async def _in_turn(integration: Integration, envelope: Envelope, hub: Hub) -> Answer:
    """Large bodies one at a time: a batch may take a minute of a thread, and the messages of all partners need the threads."""
    tests = hub.remembered(SelfTests)
    if len(envelope.body) <= LARGE:
        return await asyncio.to_thread(_tested, integration, envelope)
    if tests.is_large:
        return json_answer(429, {"error": "another large body is being tested"}, {"Retry-After": LARGE_WAIT})
    tests.is_large = True
    # The thread works on when the caller has gone, so the next one waits for the thread and not for the caller.
    work = asyncio.ensure_future(asyncio.to_thread(_tested, integration, envelope))
    work.add_done_callback(tests.ended)
    return await asyncio.shield(work)


def _wait(partner: str, hub: Hub) -> int:
    """Seconds until this partner may test again; 0: now."""
    window = hub.remembered(SelfTests).add(keyed("self-test", partner), hub.now())
    return max(1, ceil(window.start + WINDOW - hub.now())) if window.number > A_MINUTE else 0


def _tested(integration: Integration, envelope: Envelope) -> Answer:
    if not any(form.is_batch(envelope.body) for form in formats.of(integration.source)):
        decision = decide(integration, envelope)
        found = decision.verdict
        verdict = {"acknowledgement": found.acknowledgement, "accepted": found.accepted}
        return _in_words(200, {**verdict, **_rest(integration, envelope, found.issues, decision.answer)}, envelope)
    batch = decide_batch(integration, envelope)
    accepted = 0 if batch.unreadable else batch.given.codes.count("A")
    counts = {"members": batch.members, "accepted_members": accepted, "accepted": 0 < accepted == batch.members}
    return _in_words(200, {**counts, **_rest(integration, envelope, batch.issues, batch.given.answer)}, envelope)


def _in_words(status: int, content: Mapping[str, Any], envelope: Envelope) -> Answer:
    """An answer whose texts are in the language that the caller prefers, as its headers say."""
    return json_answer(status, content, language_headers(_language(envelope)))


def _language(envelope: Envelope) -> Language:
    return (languages(envelope.headers.get("accept-language", "")) or ("en",))[0]


def _rest(integration: Integration, envelope: Envelope, issues: Iterable[Issue], answer: Answer) -> dict[str, Any]:
    """The issues, and the answer as it would go over HTTP."""
    own = integration.source if isinstance(integration.source, Bound) else None
    sent = own.over_http(envelope.content_type, answer) if own else answer
    sent_as = {"status": sent.status, "content_type": sent.content_type, "body": sent.body.decode("utf-8", "replace")}
    return {"issues": _issues(issues, envelope), "answer": sent_as}


def _issues(issues: Iterable[Issue], envelope: Envelope) -> list[dict[str, str]]:
    """Each issue, with what is wrong, what is expected and what to do, in the language that the caller prefers."""
    language = _language(envelope)
    return [{**{name: getattr(one, name) for name in FACTS}, **_in_plain_words(one, language)} for one in issues]


def _in_plain_words(issue: Issue, language: Language) -> dict[str, str]:
    words = plain(issue, language)
    return {"language": language, "wrong": words.wrong, "expected": words.expected, "action": words.action}
