"""Laboratory results to the Clinical Data Repository."""

from integrations.lims_results_to_cdr import rules
from integrations.lims_results_to_cdr.dropped import DROPPED
from integrations.lims_results_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.formats.hl7v2.source import Hl7
from shared.hl7 import Message
from shared.hl7.identifier import nhs_number
from shared.integration import Integration, Queue
from shared.mapping.wales.claims import profile
from shared.mapping.wales.written_anew import EVERY_MESSAGE


def lane(message: Message) -> str:
    """The NHS Number, else the first number of the patient that has an authority (standard, clause 4.3)."""
    numbers = (f"{cx['1']}^{cx['4.1'] or cx['4.2']}" for cx in message["PID"].repeats("3") if cx["4.1"] or cx["4.2"])
    return nhs_number(message["PID"]) or next(numbers, "")


def to_transaction(message: Message) -> Resource:
    """The mapping, imported with the first message: an app that starts does without it."""
    from integrations.lims_results_to_cdr.mapping import to_transaction

    return to_transaction(message)


INTEGRATION = Integration(
    name="lims-results-to-cdr",
    summary="Laboratory results of the national system reach the Clinical Data Repository.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5.1",), messages=("ORU^R01",), mode="original", as_meant=False),
    triggers=(Queue(),),
    profile=rules.ResultsStandard(),
    lane=lane,
    transform=to_transaction,
    outgoing=FhirProfile(
        "CDR results",
        claims=(profile("Patient"),),
        new_id={**EVERY_MESSAGE, "Binary": "the document of each version is kept; the report names the latest"},
    ),
    destination=FhirServer("CDR"),
    refusal="AR",
    on_resend="deliver",
    dropped=DROPPED,
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
