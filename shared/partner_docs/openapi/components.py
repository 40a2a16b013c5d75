"""What operations refer to: schemas of answers, headers, parameters, security schemes."""

from typing import Any

from shared.intake.triggers.self_test import FACTS
from shared.ops.agreement_api import DEFAULT_HOURS, MOST_HOURS
from shared.partner_docs.statuses import CONTROL_ID

SCOPE = "api://APPLICATION-ID/.default"
TOKENS = "https://login.microsoftonline.com/TENANT-ID/oauth2/v2.0/token"
TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
BOOLEAN: dict[str, Any] = {"type": "boolean"}


def an_object(required: str, /, **properties: Any) -> dict[str, Any]:
    """The schema of an object; ``required``: the names of what it always has."""
    return {"type": "object", "required": required.split(), "properties": properties}


def a_list(items: dict[str, Any]) -> dict[str, Any]:
    """The schema of an array."""
    return {"type": "array", "items": items}


CODING = an_object("", system=TEXT, code=TEXT, display=TEXT)
OUTCOME_ISSUE = an_object(
    "severity code",
    severity={"type": "string", "enum": ["fatal", "error", "warning", "information"]},
    code={**TEXT, "description": "FHIR issue-type."},
    details=an_object("", coding=a_list(CODING), text=TEXT),
    diagnostics={**TEXT, "description": "The section of the standard."},
    expression={**TEXTS, "description": "The path in the message."},
)
OPERATION_OUTCOME = an_object(
    "resourceType issue",
    resourceType={"type": "string", "const": "OperationOutcome"},
    language={"type": "string", "enum": ["en", "cy"]},
    issue=a_list(OUTCOME_ISSUE),
)
CHECKED_ISSUE = an_object(
    " ".join((*FACTS, "language", "wrong", "expected", "action")),
    **dict.fromkeys((*FACTS, "language", "wrong", "expected", "action"), TEXT),
)
SELF_TEST = an_object(
    "accepted issues answer",
    acknowledgement={**TEXT, "description": "AA, AE or AR; absent for a batch."},
    accepted=BOOLEAN,
    members={**COUNT, "description": "Of a batch."},
    accepted_members={**COUNT, "description": "Of a batch."},
    issues=a_list(CHECKED_ISSUE),
    answer=an_object("status content_type body", status={"type": "integer"}, content_type=TEXT, body=TEXT),
)
NOT_CHECKED = an_object("issues", issues=a_list(CHECKED_ISSUE))
STATES = ["waiting", "sending", "delivered", "observed", "rejected", "dead", "discarded", "expired"]
MESSAGE_STATUS = an_object(
    "id integration outcome received attempts ambiguous sent_again",
    id=TEXT,
    integration=TEXT,
    outcome={"type": "string", "enum": STATES},
    control_id=TEXT,
    correlation_id=TEXT,
    received={"type": "string", "format": "date-time"},
    ended={"type": "string", "format": "date-time"},
    attempts=COUNT,
    ambiguous={**BOOLEAN, "description": "It was sent and the answer was lost: it may have arrived."},
    sent_again={**COUNT, "description": "How often you sent the same message again."},
    code={**TEXT, "description": "Why the last attempt failed, or why it was rejected."},
    rules=TEXTS,
    where=TEXTS,
)
BATCH_RESPONSE = an_object(
    "resourceType type entry",
    resourceType={"type": "string", "const": "Bundle"},
    type={"type": "string", "const": "batch-response"},
    entry=a_list(an_object("response", response=an_object("status", status=TEXT, lastModified=TEXT, outcome={"type": "object"}))),
)
AGREEMENT = an_object(
    "integration mode agreement pairs same agreed different unpaired waiting differences hours",
    integration=TEXT,
    mode=TEXT,
    agreement={"type": ["number", "null"], "description": "Share of the pairs that agree; null without a pair."},
    pairs=COUNT,
    same=COUNT,
    agreed=COUNT,
    different=COUNT,
    unpaired=COUNT,
    waiting=COUNT,
    differences=a_list(an_object("path cause rule pairs count", path=TEXT, cause=TEXT, rule=TEXT, pairs=COUNT, count=COUNT)),
    hours=a_list({"type": "object"}),
)


def header(text: str, *, kind: str = "string", example: Any = None) -> dict[str, Any]:
    """A header of an answer."""
    return {"description": text, "schema": {"type": kind}, **({} if example is None else {"example": example})}


def parameter(name: str, text: str, example: str, place: str = "header") -> dict[str, Any]:
    """A parameter that may be left out."""
    return {"name": name, "in": place, "required": False, "description": text, "schema": TEXT, "example": example}


HEADERS = {
    "Retry-After": header("Seconds to wait before the next call.", kind="integer", example=30),
    "Content-Language": header("The language of the texts, where they follow Accept-Language.", example="cy"),
    "Vary": header("Accept-Language, where the texts follow it.", example="Accept-Language"),
    "X-Message-Id": header("The id of the message: for its status, and for questions to the integration team."),
    "Location": header("The address of the message's status, on this host."),
    "Content-Location": header("The address of the message's status, in full."),
    "Preference-Applied": header("respond-async, if Prefer requested it."),
    "X-Batch-Id": header("The id of a file of several messages."),
    "X-Hub-Mode": header("observe, in a parallel run: nothing is delivered."),
    "X-Progress": header("The state of the message and how often delivery was tried."),
    "Cache-Control": header("no-store."),
}
PARAMETERS = {
    "Accept-Language": parameter(
        "Accept-Language", "cy: texts of an OperationOutcome, and of a self-test, in Welsh.", "cy, en;q=0.5"
    ),
    "Correlation-Id": parameter("x-correlation-id", "Your own id for the message; its status shows it.", "4f9c2a7e"),
    "Prefer": parameter("Prefer", "respond-async: as FHIR's asynchronous pattern has it.", "respond-async"),
    "Content-Encoding": parameter("Content-Encoding", "gzip, if the body is compressed.", "gzip"),
    "Control-Id": parameter("x-control-id", CONTROL_ID, "PHW000007"),
    "Id": {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "X-Message-Id of the answer to the message.",
        "schema": TEXT,
        "example": "1f0c9d4e5a6b7c8d.2a4b6c8d0e1f3a5b",
    },
    "Hours": {
        "name": "hours",
        "in": "query",
        "description": "How far back.",
        "schema": {"type": "integer", "default": DEFAULT_HOURS, "minimum": 1, "maximum": MOST_HOURS},
    },
}
SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "x-hub-key", "description": "Your key. The hub knows its hash alone."},
    "certificate": {"type": "mutualTLS", "description": "Your client certificate."},
    "entra": {
        "type": "oauth2",
        "description": "A token of your application itself, which has the app role Hub.Partner.",
        "flows": {"clientCredentials": {"tokenUrl": TOKENS, "scopes": {SCOPE: "What your application was granted."}}},
    },
}
COMPONENTS: dict[str, Any] = {
    "schemas": {
        "OperationOutcome": OPERATION_OUTCOME,
        "FhirResource": an_object("resourceType", resourceType=TEXT),
        "JsonDocument": {"type": "object"},
        "Bytes": {"type": "string", "format": "binary", "description": "The message, byte by byte."},
        "SelfTest": SELF_TEST,
        "NotChecked": NOT_CHECKED,
        "MessageStatus": MESSAGE_STATUS,
        "BatchResponse": BATCH_RESPONSE,
        "Agreement": AGREEMENT,
        "Error": an_object("error", error=TEXT),
        "Health": an_object("status version", status=TEXT, version=TEXT),
        "Nothing": {"type": "string", "maxLength": 0, "description": "No content."},
    },
    "headers": HEADERS,
    "parameters": PARAMETERS,
    "securitySchemes": SECURITY,
}


def schema(name: str) -> dict[str, str]:
    """The reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def headers(names: str) -> dict[str, Any]:
    """References to headers, by their names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names.split()}


def parameters(names: str) -> list[dict[str, str]]:
    """References to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names.split()]
