"""Rules, structures and profiles: what a message is checked against before it is acknowledged and before it leaves."""

from shared.validation.profile import Hl7Profile, Rule
from shared.validation.structure import Structure

__all__ = ["Hl7Profile", "Rule", "Structure"]
