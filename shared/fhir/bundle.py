"""A transaction: entries with what the server shall do with each. Sent twice, it is stored once."""

from collections.abc import Iterable

from shared.fhir.reference import Ids, Message, full_url
from shared.fhir.resource import Element, Resource, element

REMOVED = "urn:x-hub:removed-element"
KEPT = "urn:x-hub:kept-file"


def entry(content: Resource, if_none_exist: str = "", merge: str = "", removed: Iterable[str] = ()) -> Element:
    """One entry of a transaction.

    ``PUT Type/id`` by default: the id is ours and stable, so that a second delivery writes the same resource again.
    With ``if_none_exist`` (a search, ``identifier=system|value``) the resource is created only when there is none.
    With ``merge`` (such a search) the destination reads what the server holds, merges field by field and writes with
    ``If-Match``: an element that is absent here is kept, one that is here replaces, and the elements named by ``removed``
    (the sender's nulls) go. They stand as extensions of the entry, which the destination takes off before it sends.

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
    """The entry of a Binary whose data is a file that the hub keeps beside the message: the destination streams it there.

    >>> kept_file({"resourceType": "Binary", "id": "b1"})["extension"]
    [{'url': 'urn:x-hub:kept-file', 'valueInteger': 0}]
    """
    return {"extension": [{"url": KEPT, "valueInteger": number}], **entry(binary)}


def file_number(entry: Element) -> int | None:
    """Which of the message's files is the data of this entry's Binary; ``None`` where the data is in it, or it is no Binary."""
    return next((each["valueInteger"] for each in entry.get("extension", ()) if each.get("url") == KEPT), None)


def transaction_bundle(message: Message, *entries: Resource) -> Resource:
    """A transaction of these resources (or entries made by ``entry``), in this order; what is empty is left out.

    The bundle's identifier is the message's own, so that a receiver can tell the same transaction again.
    """
    name = Ids.of(message)("MSH")
    return {
        "resourceType": "Bundle",
        "id": name,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": full_url(name)},
        "type": "transaction",
        "entry": [entry(each) if "resourceType" in each else each for each in entries if each],
    }
