"""Documents that are dropped as files to the Clinical Data Repository: MDM^T02, or a PDF with a sidecar."""

from pathlib import Path
from typing import Any

from integrations.documents_to_cdr import rules
from integrations.documents_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir.profile import FhirProfile
from shared.fhir.resource import Resource
from shared.formats.either.profile import EitherProfile
from shared.formats.either.source import Either
from shared.formats.hl7v2.source import Hl7
from shared.formats.json.schema import SchemaProfile
from shared.formats.sidecar.source import Sidecars
from shared.hl7.identifier import nhs_number
from shared.integration import Delivery, EventGrid, Integration
from shared.mapping.mapped import mapped_to_fhir
from shared.mapping.wales.claims import profile
from shared.mapping.wales.written_anew import EVERY_MESSAGE
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import MDM_T02

NUMBER = "the number of the document at its source"
FOLDER = "/blobServices/default/containers/inbox/blobs/documents-to-cdr/"


def patient(sent: Any) -> str:
    """The NHS Number of a sidecar or a message."""
    return str(sent["patient"]["nhsNumber"]) if isinstance(sent, dict) else nhs_number(sent["PID"])


def to_transaction(sent: Any) -> Resource:
    """The mapping, imported with the first document: an app that starts does without it."""
    from integrations.documents_to_cdr.mapping import to_transaction

    return to_transaction(sent)


INTEGRATION = Integration(
    name="documents-to-cdr",
    summary="Letters and reports that are dropped as files reach the Clinical Data Repository.",
    owner="integration-team@example.nhs.wales",
    source=Either(json=Sidecars(), hl7=Hl7(versions=("2.5", "2.5.1"), messages=("MDM^T02",), stamp=True)),
    triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), FOLDER, pairs=("pdf", "json")),),
    profile=EitherProfile(
        json=SchemaProfile("document sidecar", Path(__file__).parent / "schema.json", rules.OF_SIDECARS, rules.POLICIES),
        hl7=Hl7Profile(
            name="MDM^T02 2.5.1",
            structures={"MDM_T02": MDM_T02},
            rules=(*COMMON, *rules.OF_MESSAGES, mapped_to_fhir),
            policies=rules.POLICIES,
        ),
    ),
    lane=patient,
    transform=to_transaction,
    outgoing=FhirProfile(
        "CDR documents",
        claims=(profile("DocumentReference"),),
        same_id={"DocumentReference": NUMBER, "Binary": f"{NUMBER}, and the digest of its data"},
        new_id=EVERY_MESSAGE,
    ),
    destination=FhirServer("CDR", newest="DocumentReference"),  # files have no order: a correction may be read first
    delivery=Delivery(timeout=120),  # a large document is streamed before its transaction
    patient=patient,
    dropped=rules.DROPPED,
    seen=SEEN,
)
