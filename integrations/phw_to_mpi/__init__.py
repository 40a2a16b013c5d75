"""Public Health Wales to the Master Patient Index."""

from integrations.phw_to_mpi import mapping, rules
from integrations.phw_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, number
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile, profiles
from shared.validation.rules import BIRTH_DATE, COMMON
from shared.validation.structures import ADT_A05, ADT_A39

INTEGRATION = Integration(
    name="phw-to-mpi",
    summary="Demographic updates and merges from Public Health Wales reach the Master Patient Index.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5",), senders=("252",), messages=("ADT^A28", "ADT^A31", "ADT^A40"), stamp=True),
    triggers=(Http(), Queue()),
    profile=Hl7Profile(
        name="PHW ADT 2.5",
        structures={"ADT_A05": ADT_A05, "ADT_A39": ADT_A39},
        rules=(*COMMON, *BIRTH_DATE, rules.message_time_to_the_second, rules.date_of_death),
        policies=rules.POLICIES,
        exempt={"date": ("MSH-7", "PID-7", "PID-29")},  # each has a rule of its own
    ),
    lane=lambda message: number(message["PID"].first("3")),
    after=lambda message: number(message["MRG"].first("1")),
    transform=mapping.to_mpi,
    outgoing=profiles.MPI_2_5,
    destination=Mllp("MPI"),
    dropped={"PID-29": "the MPI takes the first component of the date of death alone"},
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
