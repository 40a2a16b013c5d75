"""The title: the HL7 v2-to-FHIR guide read backwards."""

from typing import Any

from shared.hl7 import Message, compose, replace
from shared.mapping import compose_bundle
from shared.validation import Hl7Profile
from shared.validation.rules import OUTGOING as RULES
from shared.validation.standard_structures import STRUCTURES

OUTGOING = Hl7Profile(name="The title HL7 v2.5.1", structures=STRUCTURES, rules=RULES)


def to_message(bundle: Any) -> Message:
    """The message, of the type that the bundle's header or its resources ask for."""
    made = compose_bundle(bundle).message
    header, *others = made.segments()
    return compose(made, [replace(header, {"5": "TARGET"}), *others])  # change the other segments here
