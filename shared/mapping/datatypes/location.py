"""PL: the location of a person, as Locations from the bed outward, each part of the next. Source: guide, PL[Location]."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.mapping.datatypes.authority import hd_identifiers, hd_organization, hd_uri
from shared.mapping.texts import Part, text_at

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
    """Locations from PL, the innermost first, as far as sent: bed, room, floor, point of care, building, facility.

    They have no ids and no ``partOf``: the caller chains them in this order. The guide names no physical type for a point of
    care, so it has none. ``[]`` if absent.
    """
    found = [_level(pl, *level) for level in LEVELS if text_at(pl, level[0])]
    if found:
        found[0] |= {"description": text_at(pl, "9")} if text_at(pl, "9") else {}
        found[0]["identifier"] += _comprehensive(pl)
    return found


def _level(pl: Part, component: str, code: str, display: str) -> Resource:
    """One Location. The assigner (PL-11) is that of each of its numbers without another authority."""
    name = text_at(pl, component)
    identifiers = hd_identifiers(name, text_at(pl, component + ".2"), text_at(pl, component + ".3"))
    assigner = _assigner(pl, "11")
    if assigner:
        identifiers = [{**each, "assigner": assigner} for each in identifiers]
    kind = {"coding": [{"system": PHYSICAL_TYPE, "code": code, "display": display}]} if code else {}
    return resource("Location", identifier=identifiers, name=name, mode="instance", physicalType=kind)


def _assigner(part: Part, component: str, first: int = 1) -> Element:
    return hd_organization(*(text_at(part, f"{component}.{n}") for n in range(first, first + 3)))


def _comprehensive(pl: Part) -> list[Element]:
    """PL-10, an identifier of the whole place, of its own authority or else of the assigner in PL-11."""
    value = text_at(pl, "10")
    if not value:
        return []
    system = hd_uri(text_at(pl, "10.2"), text_at(pl, "10.3"), text_at(pl, "10.4"))
    return [element(system=system, value=value, assigner=_assigner(pl, "10", 2) or _assigner(pl, "11"))]
