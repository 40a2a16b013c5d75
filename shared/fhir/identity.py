"""The identity of what a transaction writes: whether a later message about the same thing finds it again.

An identity is stable if it is made from a number of the thing and not of the message. A conditional request that has lost its
number becomes a plain ``PUT`` under a new id: a cancellation would never reach its order.
"""

from collections.abc import Container, Iterator
from typing import Any
from urllib.parse import unquote

from shared.fhir.reference import Ids
from shared.fhir.resource import Element
from shared.issue import Issue

OWN = "urn:x-hub:identity"  # the sender of ids that are made of an identifier
WRITES = ("POST", "PUT")
UNSTABLE = Issue(
    severity="error",
    code="business-rule",
    text="no stable identity: a later message about the same thing would write another resource",
    rule="no-stable-identity",
)


def own_id(resource_type: str, identifier: Element) -> str:
    """The id of a resource that this identifier names, the same in each message.

    >>> own_id("ServiceRequest", {"system": "urn:x", "value": "1"})
    'bf954867-5b8f-51b5-8c99-b301ee4c1c75'
    """
    return Ids(OWN, identifier["system"], identifier["value"])(f"/{resource_type}")


def unstable(bundle: Any, declared: Container[str] = ()) -> Iterator[Issue]:
    """An issue for each entry that is written without a stable identity, except for the types that are declared."""
    for number, entry in enumerate(bundle.get("entry", ()) if isinstance(bundle, dict) else ()):
        request, made = entry.get("request", {}), entry.get("resource", {})
        if request.get("method") in WRITES and made.get("resourceType") not in declared and not _is_stable(request, made):
            yield UNSTABLE._replace(where=f"Bundle.entry[{number}].request")


def _is_stable(request: Element, made: Element) -> bool:
    query = request.get("ifNoneExist", "") if request["method"] == "POST" else request.get("url", "").partition("?")[2]
    if query or request["method"] == "POST":
        return _names_one(query)
    return any(made.get("id") == own_id(made["resourceType"], each) for each in _identifiers(made))


def _names_one(query: str) -> bool:
    """Whether a search is by an identifier with a system and a value."""
    system, _, value = query.removeprefix("identifier=").partition("|")
    return query.startswith("identifier=") and bool(unquote(system).strip() and unquote(value).strip())


def _identifiers(made: Element) -> Iterator[Element]:
    """The identifiers with a system and a value."""
    listed = made.get("identifier", [])
    for each in (*(listed if isinstance(listed, list) else [listed]), made.get("masterIdentifier", {})):
        if each.get("system") and each.get("value"):
            yield each
