"""The title: patient and visit by the HL7 v2-to-FHIR guide.

The guide has no map for the other segments: the message itself is sent as a document, so that nothing of it is lost.
"""

from base64 import b64encode

from shared.fhir.bundle import entry
from shared.fhir.identity import own_id
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource, element, resource
from shared.hl7 import Message
from shared.mapping.wales.written_anew import EVERY_MESSAGE

OUTGOING = FhirProfile("TARGET", new_id=EVERY_MESSAGE)


def to_transaction(message: Message) -> Resource:
    """The transaction; map the segments that the receiver needs here."""
    from shared.mapping.wales import acts  # with the first message: an app that starts does without it

    made = acts.to_transaction(message)
    patient = next(each["fullUrl"] for each in made["entry"] if each["resource"]["resourceType"] == "Patient")
    return {**made, "entry": [*made["entry"], entry(document(message, patient))]}


def document(message: Message, patient: str) -> Resource:
    """The message as it was sent, under its control id."""
    number = element(system="urn:x-hub:application:SENDER", value=message["MSH-10"])
    data = b64encode(message.as_sent.encode()).decode()
    return resource(
        "DocumentReference",
        id=own_id("DocumentReference", number),
        masterIdentifier=number,
        status="current",
        subject={"reference": patient, "type": "Patient"},
        content=[{"attachment": {"contentType": "x-application/hl7-v2+er7", "data": data}}],
    )
