"""What a FHIR server's answer means. The status is not enough: every entry is checked."""

import json
from typing import Any

import orjson

from shared.destinations.kinds.status import undelivered
from shared.destinations.wire.https import Reply
from shared.fhir.resource import Decimal, Resource
from shared.problems import Undelivered

FHIR = ("application/fhir+json", "application/json", "text/json")
TEMPORARY = ("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled")  # FHIR issue-type


def resource_of(reply: Reply) -> dict[str, Any]:
    """The resource of a successful answer; raises ``Undelivered`` for any other answer."""
    if not 200 <= reply.status < 300:
        raise refusal(reply)
    if reply.content_type not in FHIR:
        raise Undelivered(kind="misconfigured", code="not-fhir", text="the answer is not FHIR: another server is at that address")
    try:
        content = orjson.loads(reply.body)
    except ValueError:
        raise Undelivered(kind="transient", code="reply-cut", text="the answer is incomplete", ambiguous=True) from None
    if not isinstance(content, dict):
        raise Undelivered(kind="transient", code="reply-odd", text="the answer is not a resource", ambiguous=True)
    if content.get("resourceType") == "OperationOutcome":
        raise _outcome(content)
    return content


def refusal(reply: Reply) -> Undelivered:
    """The problem of an answer that is not a success, with the text of its OperationOutcome."""
    return undelivered(reply.status, retry_after=reply.headers.get("retry-after", ""), detail=outcome_text(reply.body))


def entries_of(content: dict[str, Any], expected: int) -> list[dict[str, Any]]:
    """The responses of a transaction's entries, all of them successes; raises ``Undelivered`` otherwise."""
    answered = [entry.get("response") for entry in _objects(content.get("entry"))]
    responses = _objects(answered)
    if content.get("resourceType") != "Bundle" or not len(answered) == len(responses) == expected:
        raise Undelivered(kind="transient", code="reply-odd", text="the answer does not answer every entry", ambiguous=True)
    for response in responses:
        status = status_of(response)
        if not 200 <= status < 300:
            raise undelivered(status, detail=outcome_text(orjson.dumps(response.get("outcome"))), of="entry")
    return responses


def _objects(listed: Any) -> list[dict[str, Any]]:
    """The JSON objects of a list; empty for anything else, because a server's answer may hold anything."""
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def found_in(body: bytes, kind: str) -> list[Resource]:
    """The resources of this type that a search found, decimals as they were written.

    Raises:
        Undelivered: the answer cannot be read, so it is not known whether the server holds one.
    """
    try:
        listed = json.loads(body, parse_float=Decimal).get("entry", [])
        matches = [entry for entry in listed if entry.get("search", {}).get("mode", "match") == "match" and "resource" in entry]
        return [entry["resource"] for entry in matches if entry["resource"].get("resourceType") == kind]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Undelivered(
            kind="transient", code="reply-odd", text="the answer to a search cannot be read", ambiguous=True
        ) from None


def status_of(response: dict[str, Any]) -> int:
    """The number of ``Bundle.entry.response.status``; 0 when there is none."""
    text = str(response.get("status", ""))[:3]
    return int(text) if text.isdecimal() else 0


def outcome_text(body: bytes) -> str:
    """The issues of an OperationOutcome, one on each line; empty for anything else."""
    try:
        issues = orjson.loads(body)["issue"]
        return "\n".join(" ".join(filter(None, _issue_parts(issue))) for issue in issues)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""


def _issue_parts(issue: dict[str, Any]) -> tuple[str, ...]:
    text = issue.get("details", {}).get("text", "")
    return issue.get("severity", ""), issue.get("code", ""), *issue.get("expression", ()), text, issue.get("diagnostics", "")


def _outcome(content: dict[str, Any]) -> Undelivered:
    """A success with an OperationOutcome in place of the answer: an error of the server, or an unclear result."""
    errors = [issue for issue in _objects(content.get("issue")) if issue.get("severity") in ("error", "fatal")]
    detail = outcome_text(orjson.dumps(content))
    if errors and not any(issue.get("code") in TEMPORARY for issue in errors):
        return Undelivered(
            kind="permanent",
            code="outcome-error",
            text="the server reports success, but its OperationOutcome is an error",
            detail=detail,
        )
    return Undelivered(
        kind="transient", code="outcome", text="the server answers with an OperationOutcome only", ambiguous=True, detail=detail
    )
