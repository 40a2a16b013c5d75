"""``check``: every problem of a resource. One cheap yes/no pass; paths are worked out only where that has doubts."""

from collections.abc import Iterator
from typing import Any

from shared.fhir import bundles, findings, profiles
from shared.fhir.shapes import References, is_sound
from shared.fhir.targets import Known, is_right
from shared.issue import Issue

Json = dict[str, Any]


def check(resource: Any) -> list[Issue]:
    """Every problem, each with FHIR path, severity and rule: the base definitions, and the national profiles that are claimed."""
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    where = name if isinstance(name, str) else "Resource"
    issues = [] if is_right_beyond_doubt(resource) else list(findings.of_resource(resource, where, Known()))
    issues += profile_issues(resource, where)
    return issues


def is_right_beyond_doubt(resource: Any) -> bool:
    references: References = {}
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        return _is_sound_bundle(resource, references)
    return is_sound(resource, references) and all(is_right(*each, Known()) for each in references.values())


def _is_sound_bundle(bundle: Json, references: References) -> bool:
    """The bundle without its resources, then each resource, then where their references lead."""
    listed = bundle.get("entry", ())
    if not isinstance(listed, list | tuple):
        return False
    try:
        bare = {**bundle, "entry": [{k: v for k, v in entry.items() if k != "resource"} or entry for entry in listed]}
        if "entry" not in bundle:
            del bare["entry"]
        resources = [entry["resource"] for entry in listed if "resource" in entry]
    except (TypeError, AttributeError):
        return False
    if not is_sound(bare, references) or not bundles.is_sound(bundle):
        return False
    around = bundles.known(bundle)
    return all(is_sound(each, references) for each in resources) and all(is_right(*each, around) for each in references.values())


def profile_issues(resource: Any, where: str) -> Iterator[Issue]:
    """The findings of the profiles that a resource and the entries of a bundle claim."""
    if not isinstance(resource, dict):
        return
    yield from profiles.findings(resource, where)
    if resource.get("resourceType") == "Bundle":
        for n, entry in enumerate(bundles.entries(resource)):
            yield from profiles.findings(bundles.resource_of(entry), f"{where}.entry[{n}].resource")
