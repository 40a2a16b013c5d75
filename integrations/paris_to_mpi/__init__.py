"""Paris, the community system, to the Master Patient Index: checked, and passed on as it was sent."""

from integrations.paris_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import ADT_A05, ADT_A39

PROFILE = Hl7Profile(name="Paris ADT 2.5.1", structures={"ADT_A05": ADT_A05, "ADT_A39": ADT_A39}, rules=COMMON)

INTEGRATION = Integration(
    name="paris-to-mpi",
    summary="Demographic updates and merges from Paris reach the Master Patient Index unchanged.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5.1",), senders=("169",), messages=("ADT^A28", "ADT^A31", "ADT^A40")),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: own_number(message["MRG"], "1"),
    transform=lambda message: message,
    outgoing=PROFILE,
    destination=Mllp("MPI"),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
