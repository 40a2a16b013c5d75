"""The HTTP door: what HTTP itself requires of a request before its message is read, and the headers of the answer.

A request that is rejected here is answered in the integration's own format, recorded and counted like any refused message.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace

from shared import formats
from shared.bounds import MEDIA_TYPE
from shared.budget import Hold
from shared.envelope import LARGEST, Answer, Envelope
from shared.formats.encoding import bounded, decoded
from shared.formats.media import NOT_GIVEN, NOT_TAKEN, STATUS, chosen
from shared.hub import Hub
from shared.intake.answers import HEAD, answer_unavailable, reject
from shared.intake.decide import Decision
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.platform_headers import HOST as HOST_HEADER
from shared.platform_headers import SCHEME, platform_header
from shared.privacy import chosen as chosen_id
from shared.problems import Fault, Unavailable, Unsupported
from shared.settings import in_azure

EMPTY = Issue(severity="fatal", code="structure", text="the body is empty", rule="empty")
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")
ASYNC = re.compile(r"(^|[,;\s])respond-async($|[,;\s])", re.IGNORECASE)


def received(integration: Integration, headers: Mapping[str, str], body: bytes, partner: str, hub: Hub) -> Envelope:
    """The envelope of a request, as it arrived."""
    return Envelope(
        integration=integration.name,
        body=body,
        received_at=hub.stamp(),
        content_type=headers.get("content-type", "")[:MEDIA_TYPE],
        trigger="http",
        correlation_id=chosen_id("correlation", headers.get("x-correlation-id", "")),
        traceparent=headers.get("traceparent", ""),
        partner=partner,
        headers=headers,
    )


async def entered(integration: Integration, envelope: Envelope, hold: Hold) -> Envelope:
    """The envelope with its body unpacked. ``hold``: of the memory for its body; it grows as that is unpacked.

    Raises:
        Unsupported: an answer or a body of a media type that is not accepted here, an unknown or broken Content-Encoding, a body
            that is empty or too large.
        Short: the memory for the unpacked body is not free.
    """
    if not chosen(envelope.headers.get("accept", ""), formats.answers(integration.source)):
        raise Unsupported(NOT_GIVEN)
    if not formats.takes(integration.source, envelope.content_type):
        raise Unsupported(NOT_TAKEN)
    encoding = envelope.headers.get("content-encoding", "")
    if encoding:
        body = await asyncio.to_thread(decoded, envelope.body, encoding, LARGEST, hold.grow)
    else:
        body = bounded(envelope.body, LARGEST)
    if not body:
        raise Unsupported(EMPTY)
    return replace(envelope, body=body)


async def turned_away(integration: Integration, envelope: Envelope, problem: Unsupported, hub: Hub) -> Answer:
    """The answer to the sender, with HTTP's own status."""
    found = Verdict("AR", problem.issues)
    acknowledgement = integration.source.acknowledge(replace(envelope, body=envelope.body[:HEAD]), None, found)
    answer = acknowledgement._replace(status=STATUS[problem.issues[0].rule])
    try:
        return await reject(integration, envelope, Decision(found, answer), hub)
    except (Unavailable, Fault) as failure:
        return answer_unavailable(integration, envelope, failure, hub)


def asynchronous(headers: Mapping[str, str], answer: Answer) -> Answer:
    """The links of an answer 202, as FHIR's asynchronous pattern has them: where the status is, in full.

    Source: FHIR R4 section 3.1.0.1.1 (asynchronous pattern); RFC 7240 section 4.1 (respond-async).
    """
    if answer.status != 202 or "Location" not in answer.headers:
        return answer
    applied = {"Preference-Applied": "respond-async"} if ASYNC.search(headers.get("prefer", "")) else {}
    where = {"Content-Location": address(headers) + answer.headers["Location"]}
    return answer._replace(headers={**answer.headers, **where, **applied})


def address(headers: Mapping[str, str]) -> str:
    """The hub as this caller named it; empty when that is not known.

    >>> address({"host": "hub.example.nhs.wales", "x-forwarded-host": "elsewhere.example"}), address({"host": "a/b"})
    ('http://hub.example.nhs.wales', '')
    """
    host = platform_header(headers, HOST_HEADER) or headers.get("host", "")
    scheme = platform_header(headers, SCHEME) or ("https" if in_azure() else "http")
    return f"{scheme}://{host}" if HOST.fullmatch(host) and scheme in ("http", "https") else ""
