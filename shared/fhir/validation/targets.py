"""What a reference refers to."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.fhir.definitions.tables import resource_types

Json = dict[str, Any]
LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?(?:#.*)?")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?.*")


class Context(NamedTuple):
    """The resources that a reference can reach.

    Args:
        bundle: ``fullUrl`` -> type of each entry; ``None`` outside a bundle.
        contained: ``#id`` -> type of each contained resource.
    """

    bundle: Mapping[str, str] | None = None
    contained: Mapping[str, str] = MappingProxyType({})


def target_type(reference: Json, context: Context) -> str | None:
    """The type of the resource that a reference refers to; ``""`` if it is not known, ``None`` if there is no such resource."""
    text = reference.get("reference")
    if not isinstance(text, str):
        return declared_type(reference)
    if context.bundle and text in context.bundle:
        return context.bundle[text]
    if text.startswith("#"):
        return context.contained.get(text)
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return declared_type(reference) if context.bundle is None else None
    named = LITERAL.fullmatch(text) or CONDITIONAL.fullmatch(text)
    return named[1] if named and named[1] in resource_types() else declared_type(reference)


def declared_type(reference: Json) -> str:
    declared = reference.get("type", "")
    return declared if isinstance(declared, str) and declared in resource_types() else ""


def is_valid_reference(reference: Json, targets: frozenset[str], context: Context) -> bool:
    """Whether the resource of a reference exists and has an allowed type."""
    target = target_type(reference, context)
    if target is None:
        return False
    return not target or not targets or target in targets


def full_urls(bundle: Json) -> dict[str, str]:
    """``fullUrl`` -> type of each entry of a bundle."""
    found: dict[str, str] = {}
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource", {})
        if "fullUrl" in entry and "resourceType" in resource:
            found[entry["fullUrl"]] = resource["resourceType"]
    return found
