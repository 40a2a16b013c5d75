"""The check of FHIR output, as a profile that an integration declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.issue import Issue


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FhirProfile:
    """FHIR output must be valid by the definitions of R4 and by the national profiles that it names in ``meta.profile``.

    ``claims``: profiles that are required. Every resource of the type of such a profile must name a profile.
    """

    name: str = "FHIR R4 4.0.1"
    claims: tuple[str, ...] = ()

    def check(self, content: Any) -> list[Issue]:
        from shared.fhir.validation.checker import check  # here, so that a declaration does not read the tables

        return [*check(content), *self._without_profile(content)]

    def _without_profile(self, content: Any) -> Iterator[Issue]:
        from shared.fhir.validation import bundle_rules

        required = {url.rsplit("-", 1)[-1]: url for url in self.claims}
        for n, entry in enumerate(bundle_rules.entries(content) if required else ()):
            resource = bundle_rules.resource_of(entry)
            if resource.get("resourceType") in required and "profile" not in resource.get("meta", {}):
                where = f"Bundle.entry[{n}].resource.meta.profile"
                yield Issue(
                    severity="error", code="required", where=where, text="names no national profile", rule="profile-claimed"
                )
