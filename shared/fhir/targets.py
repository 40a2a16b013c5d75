"""What a reference leads to."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.fhir.tables import resource_types

Json = dict[str, Any]
LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?(?:#.*)?")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?.*")


class Known(NamedTuple):
    """What is known around a resource: ``fullUrl`` -> type in its bundle (``None`` outside one), ``#id`` -> type inside it."""

    bundle: Mapping[str, str] | None = None
    inside: Mapping[str, str] = MappingProxyType({})


def target_type(reference: Json, known: Known) -> str | None:
    """The type that a reference leads to; ``""`` when nobody can know, ``None`` when it leads to nothing."""
    text = reference.get("reference")
    if not isinstance(text, str):
        return declared_type(reference)
    if known.bundle and text in known.bundle:
        return known.bundle[text]
    if text.startswith("#"):
        return known.inside.get(text)
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return declared_type(reference) if known.bundle is None else None
    named = LITERAL.fullmatch(text) or CONDITIONAL.fullmatch(text)
    return named[1] if named and named[1] in resource_types() else declared_type(reference)


def declared_type(reference: Json) -> str:
    declared = reference.get("type", "")
    return declared if isinstance(declared, str) and declared in resource_types() else ""


def is_right(reference: Json, targets: frozenset[str], known: Known) -> bool:
    """Whether a reference leads somewhere, and where it may."""
    leads_to = target_type(reference, known)
    if leads_to is None:
        return False
    return not leads_to or not targets or leads_to in targets


def full_urls(bundle: Json) -> dict[str, str]:
    """``fullUrl`` -> type of each entry of a bundle."""
    found: dict[str, str] = {}
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource", {})
        if "fullUrl" in entry and "resourceType" in resource:
            found[entry["fullUrl"]] = resource["resourceType"]
    return found
