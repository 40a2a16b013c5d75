"""The four Chemocare centres to the Master Patient Index."""

from integrations.chemocare_to_mpi import mapping, rules
from integrations.chemocare_to_mpi.codes import PREFIXES
from integrations.chemocare_to_mpi.dropped import DROPPED
from integrations.chemocare_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile, profiles
from shared.validation.repairs import nhs_number
from shared.validation.rules import COMMON
from shared.validation.structures import ADT_A05_NK1_AFTER_PV1, ADT_A39_NK1

INTEGRATION = Integration(
    name="chemocare-to-mpi",
    summary="Demographic updates and merges from the Chemocare centres reach the Master Patient Index.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.4",), senders=tuple(PREFIXES), messages=("ADT^A28", "ADT^A31", "ADT^A40"), stamp=True),
    triggers=(Http(), Queue()),
    profile=Hl7Profile(
        name="Chemocare ADT 2.4",
        structures={"ADT_A05": ADT_A05_NK1_AFTER_PV1, "ADT_A39": ADT_A39_NK1},
        rules=(*COMMON, *rules.ALL),
        policies=rules.POLICIES,
        exempt={"date": ("MSH-7",), "identifier": ("PID-3", "MRG-1")},  # rules of its own
    ),
    lane=lambda message: nhs_number(message["PID-2.1"]) or message["MSH-10"],
    after=lambda message: nhs_number(message["MRG-1.1"]),
    transform=mapping.to_mpi,
    outgoing=profiles.MPI_2_5_WITH_NEXT_OF_KIN,
    destination=Mllp("MPI"),
    dropped=DROPPED,
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID-2.1"]),
)
