"""The title: describe its purpose here."""

from shared.destinations.memory import Memory
from shared.formats.csv import rules
from shared.formats.csv.cells import joined
from shared.formats.csv.profile import RowProfile
from shared.formats.csv.row import Row
from shared.formats.csv.source import Csv
from shared.integration import EventGrid, Http, Integration, Queue
from toolkit.templates.seen import SEEN

FOLDER = "/blobServices/default/containers/inbox/blobs/the-name/"
FILLED = ("id", "recorded", "nhs_number", "family", "birth_date")
PROFILE = RowProfile("The title", FILLED, rules.RULES, rules.POLICIES)


def patient(row: Row) -> str:
    """The NHS Number."""
    return joined(row["nhs_number"])


INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Csv(columns=FILLED, optional=("given", "gender", "postcode")),
    triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), FOLDER, acknowledges=True), Http(), Queue()),
    profile=PROFILE,
    lane=patient,
    transform=lambda row: row,  # passed on as a table of one row; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=patient,
)
