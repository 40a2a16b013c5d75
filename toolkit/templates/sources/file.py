"""The title: describe its purpose here."""

from pathlib import Path
from typing import Any

from shared.destinations.memory import Memory
from shared.formats.json.schema import SchemaProfile
from shared.formats.sidecar import rules
from shared.formats.sidecar.source import Sidecars
from shared.integration import EventGrid, Integration
from toolkit.templates.seen import SEEN

FOLDER = "/blobServices/default/containers/inbox/blobs/the-name/"
PROFILE = SchemaProfile("The title", Path(__file__).parent / "schema.json", rules.RULES, rules.POLICIES)


def patient(sidecar: Any) -> str:
    """The NHS Number."""
    return str(sidecar["patient"]["nhsNumber"])


INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Sidecars(),
    triggers=(EventGrid(("Microsoft.Storage.BlobCreated",), FOLDER, pairs=("pdf", "json")),),
    profile=PROFILE,
    lane=patient,
    transform=lambda sidecar: sidecar,  # passed on with its document inside; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=patient,
)
