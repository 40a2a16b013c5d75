"""What a message was made into, as a transaction for a server that keeps it: what is created, merged, or simply put."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from shared.fhir.bundle import entry
from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource
from shared.mapping.authorities import NHS_NUMBER

ONCE = ("Practitioner", "Organization", "Location")  # known by their number all over Wales: created when there is none
ABOUT_THE_MESSAGE = ("MessageHeader", "Device")
Write = Callable[[Resource], Element]


def search(identifier: Element) -> str:
    r"""The search for a resource by an identifier.

    >>> search({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"})
    'identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018'
    """
    return f"identifier={_token(identifier.get('system', ''))}|{_token(identifier['value'])}"


def _token(text: str) -> str:
    for special in "\\|,$":
        text = text.replace(special, "\\" + special)
    return quote(text, safe=":/.-_~")


def numbered(made: Resource) -> str:
    """The search for a resource by its first identifier that has a system; ``""`` when it has none."""
    return next((search(each) for each in made.get("identifier", ()) if "system" in each and "value" in each), "")


def patient_search(patient: Resource) -> str:
    """The search for a patient: by NHS Number, which all of Wales shares, else by the first number that has a system."""
    nhs = [each for each in patient.get("identifier", ()) if each.get("system") == NHS_NUMBER]
    return search(nhs[0]) if nhs else numbered(patient)


def entries(resources: Iterable[Resource], writes: dict[str, Write]) -> list[Element]:
    """An entry for each resource: as ``writes`` says for its type; what is known all over Wales is created once; else put."""
    made: list[Element] = []
    same: dict[str, str] = {}
    for each in resources:
        found = numbered(each) if each["resourceType"] in ONCE else ""
        key = each["resourceType"] + found
        if found and key in same:
            same[full_url(each["id"])] = same[key]
            continue
        if found:
            same[key] = full_url(each["id"])
        made.append(writes.get(each["resourceType"], entry)(each) if not found else entry(each, if_none_exist=found))
    return [_led_elsewhere(each, same) for each in made] if len(same) else made


def _led_elsewhere(value: Any, same: dict[str, str]) -> Any:
    """References to what was said twice lead to the first of the two."""
    moved = {old: new for old, new in same.items() if old.startswith("urn:uuid:")}
    return _replaced(value, moved) if moved else value


def _replaced(value: Any, moved: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(each, moved) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, moved) for each in value]
    return moved.get(value, value) if isinstance(value, str) else value


def of_the_record(resources: list[Resource]) -> list[Resource]:
    """Without what is said of the message alone; its provenance is that of what the message is about."""
    header = next((each for each in resources if each["resourceType"] == "MessageHeader"), {})
    gone = {each["id"] for each in resources if each["resourceType"] == "MessageHeader"} | _addressees(header)
    focus = header.get("focus", [])
    kept = [each for each in resources if each["id"] not in gone]
    return [_of(each, header.get("id", ""), focus) for each in kept]


def _addressees(header: Resource) -> set[str]:
    """The receiving application and facility: they are ours, not the patient's."""
    places = [place.get(name) for place in header.get("destination", ()) for name in ("target", "receiver")]
    sender = header.get("sender", {}).get("reference")
    return {each["reference"].removeprefix("urn:uuid:") for each in places if each and each["reference"] != sender}


def _of(made: Resource, header: str, focus: list[Element]) -> Resource:
    if made["resourceType"] != "Provenance" or not focus:
        return made
    about_header = any(each.get("reference") == full_url(header) for each in made["target"])
    return {**made, "target": focus} if about_header else made
