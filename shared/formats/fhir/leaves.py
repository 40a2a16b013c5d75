"""The leaves of a FHIR bundle: the values of its resources, each under its type."""

from collections.abc import Iterator
from typing import Any

from shared.formats.json.leaves import change_in, json_leaves, json_texts, unchanged
from shared.leaves import Leaf, occurrence


def bundle_leaves(bundle: dict[str, Any]) -> Iterator[Leaf]:
    """Values of the resources of a bundle: ``Patient.birthDate``, ``Observation[2].status``."""
    counts: dict[str, int] = {}
    entries = bundle.get("entry", [])
    for number, entry in enumerate(entries):
        resource = entry.get("resource", {})
        kind = resource.get("resourceType", "entry")
        counts[kind] = counts.get(kind, 0) + 1
        change = change_in(entry, "resource", change_in(entries, number, change_in(bundle, "entry", unchanged)))
        yield from json_leaves(resource, kind + occurrence(counts[kind]), change)


def bundle_texts(bundle: dict[str, Any]) -> dict[str, str]:
    """Path and text of each value of the resources of a bundle."""
    counts: dict[str, int] = {}
    found: dict[str, str] = {}
    for entry in bundle.get("entry", []):
        resource = entry.get("resource", {})
        kind = resource.get("resourceType", "entry")
        counts[kind] = counts.get(kind, 0) + 1
        json_texts(resource, kind + occurrence(counts[kind]), found)
    return found
