"""The profile of an integration that accepts HL7 v2 and JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.integration import Profile
from shared.issue import Issue


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EitherProfile:
    """The profile of each source."""

    hl7: Profile
    json: Profile

    @property
    def name(self) -> str:
        return f"{self.hl7.name} or {self.json.name}"

    @property
    def profiles(self) -> tuple[Profile, Profile]:
        """Each profile, for the interface sheet."""
        return self.hl7, self.json

    def check(self, content: Any) -> Sequence[Issue]:
        return (self.json if isinstance(content, dict) else self.hl7).check(content)
