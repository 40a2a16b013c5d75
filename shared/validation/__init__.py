"""Rules, structures and profiles: the checks of a message before it is acknowledged and before it is sent."""

from shared.validation.profile import Hl7Profile, Rule
from shared.validation.structure import Structure

__all__ = ["Hl7Profile", "Rule", "Structure"]
