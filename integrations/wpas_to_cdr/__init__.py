"""WPAS, the patient administration system of Wales, to the Clinical Data Repository."""

from integrations.wpas_to_cdr.dropped import DROPPED
from integrations.wpas_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.formats.xml.document import XmlDocument
from shared.formats.xml.schema import XmlProfile
from shared.integration import Http, Integration, Queue
from shared.mapping.wales.claims import profile
from shared.mapping.wales.written_anew import EVERY_MESSAGE
from shared.wpas import lanes, quality, rules
from shared.wpas.names import SCHEMA, SOURCE


def to_transaction(document: XmlDocument) -> Resource:
    """The mapping, imported with the first message: an app that starts does without it."""
    from integrations.wpas_to_cdr.mapping import to_transaction

    return to_transaction(document)


INTEGRATION = Integration(
    name="wpas-to-cdr",
    summary="Patients, their new numbers and their in-patient transfers from WPAS reach the Clinical Data Repository.",
    owner="integration-team@example.nhs.wales",
    source=SOURCE,
    triggers=(Http(), Queue()),
    profile=XmlProfile(
        name="WPAS transaction 1.23",
        schema=SCHEMA,
        rules=(*rules.ALL, *quality.ALL),
        policies={**rules.POLICIES, **quality.POLICIES},
    ),
    lane=lanes.lane,
    after=lanes.after,
    transform=to_transaction,
    outgoing=FhirProfile("CDR patients and transfers", claims=(profile("Patient"),), new_id=EVERY_MESSAGE),
    destination=FhirServer("CDR"),
    dropped=DROPPED,
    seen=SEEN,
    patient=lanes.patient,
)
