"""Messages of the Master Patient Index, published to all subscribers."""

from integrations.mpi_outbound import mapping, rules
from integrations.mpi_outbound.seen import SEEN
from shared.destinations.event_grid import Topic
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, number_of
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile, profiles
from shared.validation.rules import COMMON

INTEGRATION = Integration(
    name="mpi-outbound",
    summary="Messages of the Master Patient Index are published to the systems that subscribe.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5",), senders=("100",), messages=("ADT^A28", "ADT^A31", "ADT^A40")),
    triggers=(Http(), Queue()),
    profile=Hl7Profile(
        name="MPI outbound",
        structures=profiles.MPI_OUT.structures,
        rules=(*COMMON, rules.update_source),
        policies=rules.POLICIES,
        exempt={"repetition": ("PID-2",)},  # one repetition for each system that has informed the MPI
    ),
    lane=lambda message: number_of(message["PID"], "3", "100"),
    after=lambda message: number_of(message["MRG"], "1", "100"),
    transform=lambda message: message,
    outgoing=profiles.MPI_OUT,
    write=mapping.published,
    destination=Topic("MPI_OUTBOUND"),
    subscribers=("mpi-to-phw", "mpi-to-chemocare", "mpi-to-wis"),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
