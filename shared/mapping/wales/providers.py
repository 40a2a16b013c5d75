"""Practitioners, organizations and places: systems for their numbers where their shape or their register tells."""

import re

from shared.fhir.reference import full_url
from shared.fhir.resource import Element, Resource

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
    """Beds, rooms and wards without a national number get one of the sender's: where they are, from the outside in."""
    places = {full_url(each["id"]): each for each in made if each["resourceType"] == "Location"}
    return [{**each, "identifier": _place(each, places, local_system)} if _is_nameless(each) else each for each in made]


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
