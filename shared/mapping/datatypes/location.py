"""PL: where somebody is, as Locations from the bed outward, each part of the next. Source: guide, PL[Location]."""

from shared.fhir.resource import Element, Resource, resource
from shared.mapping.datatypes.identifier import hd_organization, hd_uri
from shared.mapping.said import Part, said

PHYSICAL_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type"
LEVELS = (
    ("3", "bd", "Bed"),
    ("2", "ro", "Room"),
    ("8", "lvl", "Level"),
    ("1", "", ""),
    ("7", "bu", "Building"),
    ("4", "si", "Site"),
)


def pl_location(pl: Part) -> list[Resource]:
    """Locations from PL, the innermost first: bed, room, floor, point of care, building, facility, those that were sent.

    They have no ids and no ``partOf`` yet: who keeps them chains them in this order. The guide names no physical type
    for a point of care, so it has none. ``[]`` when nothing was sent.
    """
    found = [_level(pl, *level) for level in LEVELS if said(pl, level[0])]
    if found:
        found[0] |= {"description": said(pl, "9")} if said(pl, "9") else {}
        found[0]["identifier"] += _comprehensive(pl)
    return found


def _level(pl: Part, component: str, code: str, display: str) -> Resource:
    name = said(pl, component)
    identifier: Element = {"value": name}
    system = hd_uri(name, said(pl, component + ".2"), said(pl, component + ".3"))
    if system and component == "4":
        identifier = {"system": system, "value": name}
    if said(pl, "11"):
        identifier |= {"assigner": hd_organization(said(pl, "11.1"), said(pl, "11.2"), said(pl, "11.3"))}
    kind = {"coding": [{"system": PHYSICAL_TYPE, "code": code, "display": display}]} if code else {}
    return resource("Location", identifier=[identifier], name=name, mode="instance", physicalType=kind)


def _comprehensive(pl: Part) -> list[Element]:
    value = said(pl, "10")
    if not value:
        return []
    system = hd_uri(said(pl, "10.2"), said(pl, "10.3"), said(pl, "10.4"))
    return [{"system": system, "value": value} if system else {"value": value}]
