"""``check``: every problem of a resource. A quick yes/no check first; the full check, with paths, only if that does not pass."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.definitions.names import known_name
from shared.fhir.validation import bundle_rules, full_check, profile_check
from shared.fhir.validation.hidden import hidden_character
from shared.fhir.validation.quick_check import References, is_valid_bundle, is_valid_resource
from shared.fhir.validation.targets import Context
from shared.issue import Issue


def check(resource: Any) -> list[Issue]:
    """Every problem, with its FHIR path, severity and rule, by the base definitions and the national profiles that it names."""
    where = name_of(resource)
    issues = [] if passes_quick_check(resource) else list(full_check.check_resource(resource, where, Context()))
    issues += check_profiles(resource, where)
    return issues


def check_identifiers_too(resource: Any) -> list[Issue]:
    """``check``, and each identifier with a character that cannot be seen: what passes the quick check has none."""
    where = name_of(resource)
    if passes_quick_check(resource):
        return list(check_profiles(resource, where))
    issues = list(full_check.check_resource(resource, where, Context()))
    return [*issues, *check_profiles(resource, where), *hidden_character(resource, where)]


def name_of(resource: Any) -> str:
    """How a path begins: the type of the resource, if it is a known one."""
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    return known_name(name) if isinstance(name, str) else "Resource"


def passes_quick_check(resource: Any) -> bool:
    """Whether a resource is certainly valid by the base definitions, and has no hidden character (``hidden.NAMES``).

    ``False`` means that the full check must look.
    """
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        context = bundle_rules.bundle_context(resource)
        references = References(context)
        keeps_rules = is_valid_bundle(resource, references) and bundle_rules.passes_quick_check(resource, context)
        return keeps_rules and references.are_valid()
    references = References()
    return is_valid_resource(resource, references) and references.are_valid()


def check_profiles(resource: Any, where: str) -> Iterator[Issue]:
    """The problems by the national profiles that a resource, or an entry of a bundle, names in ``meta.profile``."""
    if not isinstance(resource, dict):
        return
    yield from profile_check.check_profiles(resource, where)
    if resource.get("resourceType") == "Bundle":
        for n, entry in enumerate(bundle_rules.entries(resource)):
            inner = entry.get("resource")
            if isinstance(inner, dict) and "meta" in inner:
                yield from profile_check.check_profiles(inner, f"{where}.entry[{n}].resource")
