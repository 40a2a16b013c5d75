"""The title: by the HL7 v2-to-FHIR guide, merged into what the repository holds."""

from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.hl7 import Message
from shared.mapping.wales.written_anew import ADMISSIONS

OUTGOING = FhirProfile("TARGET", new_id=ADMISSIONS)


def to_transaction(message: Message) -> Resource:
    """The transaction: absent keeps what the repository holds, null removes it, a value replaces it."""
    from shared.mapping.wales import record  # with the first message: an app that starts does without it

    return record.to_transaction(message)  # change the resources of the transaction here
