"""The resources of a message as a transaction for a FHIR server: each is created, merged or put."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from shared.fhir.bundle import entry
from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource
from shared.mapping.elements import agree, merge
from shared.validation.authorities import NHS_NUMBER

ONCE = ("Practitioner", "Organization", "Location")  # identified by a national number: created if there is none
ABOUT_THE_MESSAGE = ("MessageHeader", "Device")
PLAIN = re.compile(r"[\w:/.~-]*", re.ASCII)  # nothing to escape, for a search or for a URL
Write = Callable[[Resource], Element]


def search(identifier: Element) -> str:
    r"""The search for a resource by an identifier.

    >>> search({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"})
    'identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018'
    """
    return f"identifier={_token(identifier.get('system', ''))}|{_token(identifier['value'])}"


def _token(text: str) -> str:
    if PLAIN.fullmatch(text):  # most numbers, and their systems
        return text
    for special in "\\|,$":
        text = text.replace(special, "\\" + special)
    return quote(text, safe=":/.-_~")


def numbered(made: Resource) -> str:
    """The search for a resource by its first identifier with a system; ``""`` without one."""
    return next((search(each) for each in made.get("identifier", ()) if "system" in each and "value" in each), "")


def patient_search(patient: Resource) -> str:
    """The search for a patient: by NHS Number, which all of Wales uses, otherwise by the first number with a system."""
    nhs = [each for each in patient.get("identifier", ()) if each.get("system") == NHS_NUMBER]
    return search(nhs[0]) if nhs else numbered(patient)


def entries(resources: Iterable[Resource], writes: dict[str, Write]) -> list[Element]:
    """An entry for each resource: by ``writes`` for its type; one with a national number is created once; any other is put.

    A server has one resource for a number, so two of them become one entry with the elements of both.
    """
    made: dict[str, Element] = {}
    same: dict[str, str] = {}
    for each in resources:
        found = numbered(each) if each["resourceType"] in ONCE else ""
        new = entry(each, if_none_exist=found) if found else writes.get(each["resourceType"], entry)(each)
        key = f"{each['resourceType']}?{found}" if found else new["request"]["url"]
        if key in made and (found or _can_join(made[key], new)):
            made[key]["resource"] = _joined(made[key]["resource"], each)
            same[new["fullUrl"]] = made[key]["fullUrl"]
        else:
            made[key if key not in made else new["fullUrl"]] = new
    return [_replaced(each, same) for each in made.values()] if same else list(made.values())


def _can_join(one: Element, other: Element) -> bool:
    """Whether the server would store both as one resource, and their single values do not differ."""
    return agree(
        {**one, "resource": {**one["resource"], "id": ""}, "fullUrl": ""},
        {**other, "resource": {**other["resource"], "id": ""}, "fullUrl": ""},
    )


def _joined(first: Resource, second: Resource) -> Resource:
    """Both resources in one, with the id of the first; another name of an organization or a place becomes an alias."""
    joined = dict(first)
    name = second.get("name")
    if isinstance(name, str) and name != first.get("name", name):
        joined["alias"] = [*first.get("alias", ()), *([name] if name not in first.get("alias", ()) else [])]
    merge(joined, second)
    return joined


def _replaced(value: Any, moved: dict[str, str]) -> Any:
    """The value with references to a duplicate replaced by those to the first one."""
    if isinstance(value, dict):  # most parts are texts: a call for each is what costs
        return {name: moved.get(part, part) if isinstance(part, str) else _replaced(part, moved) for name, part in value.items()}
    if isinstance(value, list):
        return [moved.get(part, part) if isinstance(part, str) else _replaced(part, moved) for part in value]
    return value


def of_the_record(resources: list[Resource]) -> list[Resource]:
    """The resources without those about the message only; its provenance becomes that of the subject of the message."""
    header = next((each for each in resources if each["resourceType"] == "MessageHeader"), {})
    gone = {each["id"] for each in resources if each["resourceType"] == "MessageHeader"} | _addressees(header)
    focus = header.get("focus", [])
    kept = [each for each in resources if each["id"] not in gone]
    return [_of(each, header.get("id", ""), focus) for each in kept]


def _addressees(header: Resource) -> set[str]:
    """The receiving application and facility: they are those of the hub, not of the patient."""
    places = [place.get(name) for place in header.get("destination", ()) for name in ("target", "receiver")]
    sender = header.get("sender", {}).get("reference")
    return {each["reference"].removeprefix("urn:uuid:") for each in places if each and each["reference"] != sender}


def _of(made: Resource, header: str, focus: list[Element]) -> Resource:
    if made["resourceType"] != "Provenance" or not focus:
        return made
    about_header = any(each.get("reference") == full_url(header) for each in made["target"])
    return {**made, "target": focus} if about_header else made
