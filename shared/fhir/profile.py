"""The check of FHIR output, as a profile that an integration declares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shared.issue import Issue


def check_identifiers_too(content: Any) -> list[Issue]:
    """Every problem by R4 and the national profiles, and each identifier with a character that cannot be seen."""
    from shared.fhir.validation import checker  # here, so that a declaration does not read the tables

    return checker.check_identifiers_too(content)


def check_incoming(content: Any) -> list[Issue]:
    """The errors and warnings of what a sender sends."""
    return [issue for issue in check_identifiers_too(content) if issue.severity != "information"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FhirProfile:
    """FHIR output must be valid by the definitions of R4 and by the national profiles that it names in ``meta.profile``.

    What a transaction writes must have a stable identity, so that a later message about the same thing finds it again
    (``shared/fhir/identity.py``). A type without one is an error unless it is declared here.

    Args:
        claims: profiles that are required. Every resource of the type of such a profile must name a profile.
        same_id: type -> the number that its id is made of, if that is the same in every message about it.
        new_id: type -> why each message may write another one.
    """

    name: str = "FHIR R4 4.0.1"
    claims: tuple[str, ...] = ()
    same_id: Mapping[str, str] = field(default_factory=dict)
    new_id: Mapping[str, str] = field(default_factory=dict)

    def check(self, content: Any) -> list[Issue]:
        from shared.fhir.identity import unstable

        declared = {*self.same_id, *self.new_id}
        return [*check_identifiers_too(content), *self._without_profile(content), *unstable(content, declared)]

    def _without_profile(self, content: Any) -> Iterator[Issue]:
        from shared.fhir.validation import bundle_rules

        required = _types(self.claims)
        for n, entry in enumerate(bundle_rules.entries(content) if required else ()):
            resource = bundle_rules.resource_of(entry)
            if resource.get("resourceType") in required and "profile" not in resource.get("meta", {}):
                where = f"Bundle.entry[{n}].resource.meta.profile"
                yield Issue(
                    severity="error", code="required", where=where, text="names no national profile", rule="profile-claimed"
                )


@lru_cache(maxsize=64)
def _types(profiles: tuple[str, ...]) -> frozenset[str]:
    """The types of resource that these profiles are for."""
    return frozenset(url.rsplit("-", 1)[-1] for url in profiles)
