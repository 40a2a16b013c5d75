"""The title: describe its purpose here."""

from pathlib import Path
from typing import Any

from shared.destinations.memory import Memory
from shared.formats.json.events import JsonEvents
from shared.formats.json.schema import SchemaProfile
from shared.integration import Http, Integration, Queue
from toolkit.templates.seen import SEEN

PROFILE = SchemaProfile("The title", Path(__file__).parent / "schema.json")


def patient(event: Any) -> str:
    """The NHS Number."""
    return str(event["patient"]["nhsNumber"])


INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=JsonEvents(),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=patient,
    transform=lambda event: event,  # passed on as it was sent; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=patient,
)
