"""The title: by the HL7 v2-to-FHIR guide.

Each order, result or appointment has an id of its own number, so that a later message finds it again.
"""

from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.hl7 import Message
from shared.mapping.wales.written_anew import EVERY_MESSAGE

OUTGOING = FhirProfile("TARGET", new_id=EVERY_MESSAGE)


def to_transaction(message: Message) -> Resource:
    """The transaction: a later message with the same number replaces what an earlier one wrote."""
    from shared.mapping.wales import acts  # with the first message: an app that starts does without it

    return acts.to_transaction(message)  # change the resources of the transaction here
