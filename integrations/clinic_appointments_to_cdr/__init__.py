"""A day's list of a clinic, as a table that is dropped as a file, to the Clinical Data Repository."""

from integrations.clinic_appointments_to_cdr import mapping, rules
from integrations.clinic_appointments_to_cdr.seen import SEEN
from shared.destinations.fhir_server import FhirServer
from shared.fhir.profile import FhirProfile
from shared.formats.csv.cells import joined
from shared.formats.csv.profile import RowProfile
from shared.formats.csv.row import Row
from shared.formats.csv.source import Csv
from shared.integration import EventGrid, Http, Integration, Queue
from shared.mapping.wales.claims import profile

FOLDER = "/blobServices/default/containers/inbox/blobs/clinic-appointments-to-cdr/"
FILLED = ("id", "organisation", "clinic", "date", "time", "minutes", "status", "nhs_number", "family", "birth_date")


def patient(row: Row) -> str:
    """The NHS Number."""
    return joined(row["nhs_number"])


INTEGRATION = Integration(
    name="clinic-appointments-to-cdr",
    summary="The appointments of a clinic's day, sent as a spreadsheet, reach the Clinical Data Repository.",
    owner="integration-team@example.nhs.wales",
    source=Csv(
        columns=(*FILLED, "given"),
        optional=("clinic_name", "gender", "postcode", "phone", "clinician", "reason", "note"),
        sender="organisation",
    ),
    triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), FOLDER, acknowledges=True), Http(), Queue()),
    profile=RowProfile("clinic list", FILLED, rules.RULES, rules.POLICIES),
    lane=patient,
    transform=mapping.bundle,
    outgoing=FhirProfile(
        "CDR appointments",
        claims=(mapping.PROFILE, profile("Patient")),
        same_id={"Appointment": "the number of the appointment in its organisation"},
    ),
    destination=FhirServer("CDR"),
    patient=patient,
    dropped=rules.DROPPED,
    seen=SEEN,
)
