"""A transaction: entries, each with its request to the server. If it is sent twice, the server stores it once."""

from collections.abc import Iterable

from shared.fhir.reference import Ids, Message, full_url
from shared.fhir.resource import Element, Resource, element

REMOVED = "urn:x-hub:removed-element"
KEPT = "urn:x-hub:kept-file"


def entry(content: Resource, if_none_exist: str = "", merge: str = "", removed: Iterable[str] = ()) -> Element:
    """One entry of a transaction.

    The default is ``PUT Type/id``: the hub chooses the id and it is stable, so a second delivery writes the same resource again.
    With ``if_none_exist`` (a search, ``identifier=system|value``) the server creates the resource only if the search finds none.
    With ``merge`` (such a search) the destination reads the stored resource, merges field by field and writes with ``If-Match``:
    an element that is absent here keeps its stored value, an element that is present replaces it, and the elements in
    ``removed`` (the sender's nulls) are deleted. The names in ``removed`` become extensions of the entry, which the destination
    removes before it sends the transaction.

    >>> entry({"resourceType": "Patient", "id": "p1"}, if_none_exist="identifier=s|1")["request"]
    {'method': 'POST', 'url': 'Patient', 'ifNoneExist': 'identifier=s|1'}
    """
    resource_type, resource_id = content["resourceType"], content["id"]
    if if_none_exist:
        request = {"method": "POST", "url": resource_type, "ifNoneExist": if_none_exist}
    else:
        request = {"method": "PUT", "url": f"{resource_type}?{merge}" if merge else f"{resource_type}/{resource_id}"}
    extension = [{"url": REMOVED, "valueString": name} for name in removed]
    return element(extension=extension, fullUrl=full_url(resource_id), resource=content, request=request)


def kept_file(binary: Resource, number: int = 0) -> Element:
    """The entry of a Binary whose data is a file that the hub stores next to the message; the destination streams the file.

    >>> kept_file({"resourceType": "Binary", "id": "b1"})["extension"]
    [{'url': 'urn:x-hub:kept-file', 'valueInteger': 0}]
    """
    return {"extension": [{"url": KEPT, "valueInteger": number}], **entry(binary)}


def file_number(entry: Element) -> int | None:
    """The index of the file that has the data of this Binary; ``None`` for inline data or another resource."""
    return next((each["valueInteger"] for each in entry.get("extension", ()) if each.get("url") == KEPT), None)


def transaction_bundle(message: Message, *entries: Resource) -> Resource:
    """A transaction of these resources (or entries made by ``entry``), in this order, without the empty ones.

    The bundle's identifier is made from that of the message, so that a receiver recognises a transaction that is sent again.
    """
    name = Ids.of(message)("MSH")
    return {
        "resourceType": "Bundle",
        "id": name,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": full_url(name)},
        "type": "transaction",
        "entry": [entry(each) if "resourceType" in each else each for each in entries if each],
    }
