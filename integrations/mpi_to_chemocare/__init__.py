"""The Master Patient Index to the Chemocare centres: a subscriber of what it publishes."""

from integrations.mpi_to_chemocare.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, number_of
from shared.integration import EventGrid, Integration
from shared.validation import profiles

OWN = (
    "|224|",
    "|212|",
    "|192|",
    "|245|",
)

INTEGRATION = Integration(
    name="mpi-to-chemocare",
    summary="Sends the Chemocare centres changes to patients that they know, except their own changes.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5",), senders=("100",), messages=("ADT^A28", "ADT^A31", "ADT^A40")),
    triggers=(
        EventGrid(
            types=("wales.nhs.hub.message",),
            publisher="mpi-outbound",
            filters=(
                ("StringContains", "data.assigningauthorities", OWN),
                ("StringNotContains", "data.updatesources", OWN),
            ),
        ),
    ),
    profile=profiles.MPI_OUT,
    lane=lambda message: number_of(message["PID"], "3", "100"),
    after=lambda message: number_of(message["MRG"], "1", "100"),
    transform=lambda message: message,
    outgoing=profiles.MPI_OUT,
    destination=Mllp("CHEMOCARE"),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
