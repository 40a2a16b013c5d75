"""The responses of each route: status, headers, and each media type with its schema and an example."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared import formats
from shared.formats.media import FHIR_JSON, JSON
from shared.integration import Integration
from shared.partner_docs.openapi import examples
from shared.partner_docs.openapi.components import headers, schema
from shared.partner_docs.sheet import statuses
from shared.partner_docs.statuses import AGREEMENT, CHECKED, LEGACY, POLLED

PLAIN = "text/plain"
NOTHING = {PLAIN: {"schema": schema("Nothing")}}
OF_A_MESSAGE = "X-Message-Id Location X-Hub-Mode Content-Language Vary"
ACCEPTED = "Content-Location Preference-Applied X-Batch-Id"
BEFORE_THE_MESSAGE = {"401", "403"}
WAITING = {"429", "503"}  # statuses with Retry-After
Response = dict[str, Any]


def of_message(integration: Integration) -> dict[str, Response]:
    """The responses to a message: those with a verdict are its own, the others are those of its formats."""
    own, every = verdict_types(integration), _whatever_the_message(integration)
    with_verdict = {
        status: response(text, _headers_of_message(status), _content(integration, status, own[status]))
        for status, text in statuses(integration).items()
        if status in own
    }
    return dict(sorted({**references(_formats(integration), every), **with_verdict}.items()))


def _formats(integration: Integration) -> str:
    """The name of what sources of the same formats have in common."""
    return integration.source.format.replace("|", "-or-")


def _whatever_the_message(integration: Integration) -> dict[str, Response]:
    """The responses that do not depend on the message. Integrations of the same formats share them, with their examples."""
    own, media = verdict_types(integration), formats.answers(integration.source)
    return {
        status: response(text, "", _refused(integration))
        if status in BEFORE_THE_MESSAGE
        else response(text, _headers_of_message(status), _content(integration, status, media))
        for status, text in statuses(integration).items()
        if status not in own
    }


def components(integration: Integration) -> dict[str, Response]:
    """The responses that operations refer to, by name."""
    groups = {
        _formats(integration): _whatever_the_message(integration),
        "check": of_check(),
        "status": of_status(),
        "legacy": of_legacy(),
        "agreement": of_agreement(),
    }
    return {f"{name}-{status}": each for name, group in groups.items() for status, each in group.items()}


def references(name: str, group: Mapping[str, Response]) -> dict[str, Response]:
    """References to the responses of a group."""
    return {status: {"$ref": f"#/components/responses/{name}-{status}"} for status in group}


def verdict_types(integration: Integration) -> dict[str, tuple[str, ...]]:
    """The statuses of a verdict, each with its media types: those of every format of the source."""
    found: dict[str, tuple[str, ...]] = {}
    for form in formats.of(integration.source):
        for status, media in form.answered_as.items():
            found[status] = tuple(dict.fromkeys((*found.get(status, ()), *media)))
    return found


def response(text: str, named: str = "", content: Mapping[str, Any] | None = None) -> Response:
    """One response; ``named``: its headers."""
    return {
        "description": text,
        **({"headers": headers(named)} if named else {}),
        **({"content": dict(content)} if content else {}),
    }


def _headers_of_message(status: str) -> str:
    more = [ACCEPTED] * (status in ("200", "202", "207", "400", "422")) + ["Retry-After"] * (status in WAITING)
    return " ".join([OF_A_MESSAGE, *more])


def _content(integration: Integration, status: str, media_types: Iterable[str]) -> dict[str, Any]:
    """Each media type with its schema, and the example of an answer in it."""
    content = {media: {"schema": _schema(media), **examples.answers(integration, status, media)} for media in media_types}
    return {**(NOTHING if status == "429" and PLAIN not in content and not _has_own(integration) else {}), **content}


def _schema(media: str) -> dict[str, Any]:
    return schema("OperationOutcome") if media in (FHIR_JSON, JSON) else {"type": "string"}


def _has_own(integration: Integration) -> bool:
    return hasattr(integration.source, "over_http")


def _refused(integration: Integration) -> dict[str, Any]:
    """A call that was refused before its message was read: no content, or the fault of a protocol that has one."""
    if not _has_own(integration):
        return NOTHING
    return {media: {"schema": {"type": "string"}} for media in formats.answers(integration.source)}


def of_check() -> dict[str, Response]:
    """The responses to a self-test."""
    texts, named = CHECKED, "Content-Language Vary Cache-Control"
    done = {JSON: {"schema": schema("SelfTest")}}
    wrong = {JSON: {"schema": schema("NotChecked")}}
    many = {**NOTHING, JSON: {"schema": schema("Error"), "example": {"error": "too many self-tests in a minute"}}}
    return {
        "200": response(texts["200"], named, done),
        **{status: response(texts[status], named, wrong) for status in ("400", "413", "415")},
        **_refusals(texts),
        "429": response(texts["429"], "Retry-After Cache-Control", many),
        "500": response(texts["500"]),
    }


def of_status() -> dict[str, Response]:
    """The responses about the state of a message."""
    known = {
        JSON: {"schema": schema("MessageStatus"), "example": examples.STATUS},
        FHIR_JSON: {"schema": schema("BatchResponse"), "example": examples.BATCH_RESPONSE},
    }
    unfinished = {
        JSON: {"schema": schema("MessageStatus"), "example": examples.UNFINISHED},
        FHIR_JSON: {"schema": schema("OperationOutcome"), "example": examples.IN_PROGRESS},
    }
    # Nothing first: generated clients read the first media type alone.
    unknown = {**NOTHING, FHIR_JSON: {"schema": schema("OperationOutcome"), "example": examples.UNKNOWN}}
    return {
        "200": response(POLLED["200"], "Cache-Control X-Progress Retry-After", known),
        "202": response(POLLED["202"], "Cache-Control X-Progress Retry-After", unfinished),
        "404": response(POLLED["404"], "", unknown),
        "406": response(POLLED["406"], "", NOTHING),
        **_refusals(POLLED),
        "500": response(POLLED["500"]),
        "503": response(POLLED["503"], "Retry-After", NOTHING),
    }


def of_legacy() -> dict[str, Response]:
    """The responses to the output of a replaced engine."""
    error = {JSON: {"schema": schema("Error")}}
    return {
        "202": response(LEGACY["202"], "Cache-Control", {JSON: {"schema": {"type": "object"}, "example": {}}}),
        **{status: response(LEGACY[status], "Cache-Control", error) for status in ("409", "413", "422")},
        **_refusals(LEGACY),
        "500": response(LEGACY["500"]),
        "503": response(LEGACY["503"], "Retry-After", NOTHING),
    }


def of_agreement() -> dict[str, Response]:
    """The responses about a parallel run."""
    found = {JSON: {"schema": schema("Agreement"), "example": examples.AGREEMENT}}
    return {
        "200": response(AGREEMENT["200"], "Cache-Control", found),
        **_refusals(AGREEMENT),
        "500": response(AGREEMENT["500"]),
        "503": response(AGREEMENT["503"], "Retry-After", NOTHING),
    }


def _refusals(texts: Mapping[str, str]) -> dict[str, Response]:
    return {
        "401": response(texts["401"], "", NOTHING),
        "403": response(texts["403"], "", NOTHING),
        "429": response(texts["429"], "Retry-After", NOTHING),
    }
