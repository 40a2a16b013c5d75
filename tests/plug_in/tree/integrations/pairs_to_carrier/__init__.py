"""Names of one ward reach a carrier: an integration that only a test has."""

from collections.abc import Iterator

from shared.destinations.carrier import Carrier
from shared.formats.pairs import Pairs
from shared.formats.pairs.source import PairsSource
from shared.integration import Http, Integration, Queue
from shared.issue import Issue

KEPT = ("id", "name", "street", "town", "team", "note")


class NameRequired:
    """A message has a name."""

    name = "pairs with a name"

    def check(self, content: Pairs) -> list[Issue]:
        return list(self._missing(content))

    def _missing(self, content: Pairs) -> Iterator[Issue]:
        if not content.get("name"):
            yield Issue(severity="error", code="required", where="name", text="a name is required", rule="name-required")


def to_carrier(content: Pairs) -> Pairs:
    """The lines that the carrier needs."""
    return Pairs(tuple((key, value) for key, value in content.lines if key in KEPT))


INTEGRATION = Integration(
    name="pairs-to-carrier",
    summary="Names of one ward reach a carrier.",
    owner="integration-team@example.nhs.wales",
    source=PairsSource(),
    triggers=(Http(), Queue()),
    profile=NameRequired(),
    lane=lambda content: str(content.get("ward")),
    transform=to_carrier,
    outgoing=NameRequired(),
    destination=Carrier("CARRIER"),
    dropped={"ward": "the carrier serves one ward"},
)
