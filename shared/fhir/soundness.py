"""``check``: every problem of a resource. One cheap yes/no pass; paths are worked out only where that has doubts."""

from collections.abc import Iterator
from typing import Any

from shared.fhir import bundles, findings, profiles
from shared.fhir.names import known
from shared.fhir.shapes import References, is_sound, is_sound_bundle
from shared.fhir.targets import Known
from shared.issue import Issue


def check(resource: Any) -> list[Issue]:
    """Every problem, each with FHIR path, severity and rule: the base definitions, and the national profiles that are claimed."""
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    where = known(name) if isinstance(name, str) else "Resource"
    issues = [] if is_right_beyond_doubt(resource) else list(findings.of_resource(resource, where, Known()))
    issues += profile_issues(resource, where)
    return issues


def is_right_beyond_doubt(resource: Any) -> bool:
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        references = References(bundles.known(resource))
        return is_sound_bundle(resource, references) and bundles.is_sound(resource) and references.are_right()
    references = References()
    return is_sound(resource, references) and references.are_right()


def profile_issues(resource: Any, where: str) -> Iterator[Issue]:
    """The findings of the profiles that a resource and the entries of a bundle claim."""
    if not isinstance(resource, dict):
        return
    yield from profiles.findings(resource, where)
    if resource.get("resourceType") == "Bundle":
        for n, entry in enumerate(bundles.entries(resource)):
            inner = entry.get("resource")
            if isinstance(inner, dict) and "meta" in inner:
                yield from profiles.findings(inner, f"{where}.entry[{n}].resource")
