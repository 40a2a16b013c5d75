"""The title: describe its purpose here."""

from shared.destinations.memory import Memory
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.standard_structures import structures_of
from toolkit.templates.seen import SEEN

MESSAGES = ("ADT^A31",)
PROFILE = Hl7Profile(name="The title", structures=structures_of(MESSAGES), rules=COMMON)

INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.4", "2.5", "2.5.1"), senders=("SENDER",), messages=MESSAGES),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: own_number(message["MRG"], "1"),
    transform=lambda message: message,  # passed on as it was sent; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
