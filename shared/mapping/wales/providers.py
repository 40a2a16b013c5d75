"""Practitioners, organizations and places: systems for their numbers by their format or their register."""

import re
from urllib.parse import quote

from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource

PROVIDERS = ("Practitioner", "Organization", "Location")
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
WARD = "https://fhir.nhs.wales/Id/wrts-location-identifier"
ODS_SHAPE = re.compile(r"7A[0-9A-Z]{1,4}|R(?:QF|T4|YT)[0-9A-Z]{0,3}|W\d{5}|T\d[A-Z]\d{0,2}")  # boards, trusts, practices


def welsh_provider(made: Resource, local_system: str = "") -> Resource:
    """A practitioner, organization or place with systems for its numbers; ``local_system`` qualifies a local staff code."""
    if "identifier" not in made:
        named = made["resourceType"] == "Location" and ODS_SHAPE.fullmatch(made.get("name", ""))
        return {**made, "identifier": [{"system": ODS, "value": made["name"]}]} if named else made
    return {**made, "identifier": [_with_system(each, made["resourceType"], local_system) for each in made["identifier"]]}


def placed(made: list[Resource], local_system: str) -> list[Resource]:
    """The national number of a place is that of its ward, never of a bed in it.

    A place without one gets a number of the sender: its names from the outside in.
    """
    places = {full_url(each["id"]): dict(each) for each in made if each["resourceType"] == "Location"}
    for place in places.values():
        _give_to_ward(place, places)
    made = [places.get(full_url(each["id"]), each) for each in made]
    return [{**each, "identifier": _place(each, places, local_system)} if _is_nameless(each) else each for each in made]


def _give_to_ward(place: Resource, places: dict[str, Resource]) -> None:
    national = [each for each in place.get("identifier", ()) if each.get("system") == WARD]
    if not national or not _is_inside_a_ward(place):
        return
    place["identifier"] = [each for each in place["identifier"] if each not in national]
    ward = place
    while _is_inside_a_ward(ward) and "partOf" in ward:
        ward = places[ward["partOf"]["reference"]]
    if not _is_inside_a_ward(ward):
        ward["identifier"] = [*national, *ward.get("identifier", ())]


def _is_inside_a_ward(place: Resource) -> bool:
    return any(each["code"] in ("bd", "ro") for each in place.get("physicalType", {}).get("coding", ()))


def _is_nameless(made: Resource) -> bool:
    return made["resourceType"] == "Location" and not any("system" in each for each in made.get("identifier", ()))


def _place(place: Resource, places: dict[str, Resource], system: str) -> list[Element]:
    path = [place["name"]]
    while "partOf" in place:
        place = places[place["partOf"]["reference"]]
        path.insert(0, place["name"])
    return [{"system": system, "value": "/".join(path)}]


def _with_system(identifier: Element, resource_type: str, local_system: str) -> Element:
    if "system" in identifier or "value" not in identifier:
        return identifier
    system = _system(identifier, resource_type, local_system)
    return {"system": system, **identifier} if system else identifier


def _system(identifier: Element, resource_type: str, local_system: str) -> str:
    if resource_type == "Practitioner":
        is_local = identifier.get("assigner", {}).get("display", "L") == "L"
        return local_system if is_local else ""
    if ODS_SHAPE.fullmatch(identifier["value"]):
        return ODS
    return WARD if resource_type == "Location" and ODS_SHAPE.match(identifier["value"]) else ""


def application(name: str) -> str:
    """The system of the local numbers of a sending application, with any characters in its name (MSH-3).

    >>> application("MYRDDIN"), application("A b")
    ('urn:x-hub:application:MYRDDIN', 'urn:x-hub:application:A%20b')
    """
    return f"urn:x-hub:application:{quote(name, safe='', errors='replace')}"
