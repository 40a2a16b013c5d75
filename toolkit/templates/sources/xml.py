"""The title: describe its purpose here."""

from pathlib import Path

from shared.destinations.memory import Memory
from shared.formats.xml.document import XmlDocument
from shared.formats.xml.schema import XmlProfile
from shared.formats.xml.source import Xml
from shared.integration import Http, Integration, Queue
from toolkit.templates.seen import SEEN

PROFILE = XmlProfile(name="The title", schema=Path(__file__).parent / "schema.xsd")


def patient(document: XmlDocument) -> str:
    """The NHS Number."""
    return document.text("NhsNumber")


INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Xml(namespace="urn:wales:nhs:hub:the-name", root="Person", control_id="Id", sender="Sender"),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=patient,
    transform=lambda document: document,  # passed on as it was sent; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=patient,
)
