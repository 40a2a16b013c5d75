"""The laboratories' system over SOAP, to the Master Patient Index: checked, and passed on as ER7."""

from integrations.lims_demographics_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7_xml.source import Hl7Xml
from shared.formats.soap.source import Soap
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import ADT_A05, ADT_A39

PROFILE = Hl7Profile(name="LIMS ADT 2.5", structures={"ADT_A05": ADT_A05, "ADT_A39": ADT_A39}, rules=COMMON)

INTEGRATION = Integration(
    name="lims-demographics-to-mpi",
    summary="Demographic updates and merges from the laboratories' system reach the Master Patient Index.",
    owner="integration-team@example.nhs.wales",
    source=Soap(
        message=Hl7Xml(
            versions=("2.5",),
            senders=("328",),
            sender_at=("MSH-3.1", "MSH-4.1", "PID-3.4.1"),
            messages=("ADT^A28", "ADT^A31", "ADT^A40"),
        ),
        operations=("ADT_A05", "ADT_A39"),
        namespace="urn:wales:nhs:hub:lims-demographics",
    ),
    triggers=(Http(),),
    profile=PROFILE,
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: own_number(message["MRG"], "1"),
    transform=lambda message: message,
    outgoing=PROFILE,
    destination=Mllp("MPI"),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
