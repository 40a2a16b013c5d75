"""The title: describe its purpose here."""

from shared.destinations.memory import Memory
from shared.formats.hl7_xml.source import Hl7Xml
from shared.formats.soap.source import Soap as SoapCalls
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.standard_structures import structures_of
from toolkit.templates.seen import SEEN

MESSAGES = ("ADT^A31",)
STRUCTURES = structures_of(MESSAGES)
PROFILE = Hl7Profile(name="The title", structures=STRUCTURES, rules=COMMON)

INTEGRATION = Integration(
    name="the-name",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=SoapCalls(
        message=Hl7Xml(versions=("2.4", "2.5", "2.5.1"), senders=("SENDER",), messages=MESSAGES),
        operations=tuple(STRUCTURES),
        namespace="urn:wales:nhs:hub:the-name",
    ),
    triggers=(Http(),),
    profile=PROFILE,
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: own_number(message["MRG"], "1"),
    transform=lambda message: message,  # passed on as HL7 v2; a mapping.py may change it
    outgoing=PROFILE,
    destination=Memory(),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
