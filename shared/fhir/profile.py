"""What leaves as FHIR, as a profile that an integration declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.issue import Issue


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FhirProfile:
    """What leaves as FHIR: sound by the definitions of R4 and by the national profiles that it claims.

    ``claims`` lists the profiles that resources must claim: every resource of such a profile's type claims one of them.
    """

    name: str = "FHIR R4 4.0.1"
    claims: tuple[str, ...] = ()

    def check(self, content: Any) -> list[Issue]:
        from shared.fhir.soundness import check  # the tables are read by those who check, not by those who declare

        return [*check(content), *self._unclaimed(content)]

    def _unclaimed(self, content: Any) -> Iterator[Issue]:
        from shared.fhir import bundles

        wanted = {url.rsplit("-", 1)[-1]: url for url in self.claims}
        for n, entry in enumerate(bundles.entries(content) if wanted else ()):
            resource = bundles.resource_of(entry)
            if resource.get("resourceType") in wanted and "profile" not in resource.get("meta", {}):
                where = f"Bundle.entry[{n}].resource.meta.profile"
                yield Issue(
                    severity="error", code="required", where=where, text="claims no national profile", rule="profile-claimed"
                )
