"""The Master Patient Index to the Welsh Immunisation System (WIS) over SOAP: a subscriber of what the index publishes."""

from integrations.mpi_to_wis.seen import SEEN
from shared.destinations.soap import Operation, Soap
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, number_of
from shared.integration import EventGrid, Integration
from shared.validation import profiles

NAMESPACE = "urn:example:wis:messages"  # of the simulated WIS; the owner of WIS gives that of the real one

INTEGRATION = Integration(
    name="mpi-to-wis",
    summary="Sends the Welsh Immunisation System every change to a patient that the index publishes.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5",), senders=("100",), messages=("ADT^A28", "ADT^A31", "ADT^A40")),
    triggers=(EventGrid(types=("wales.nhs.hub.message",), publisher="mpi-outbound"),),
    profile=profiles.MPI_OUT,
    lane=lambda message: number_of(message["PID"], "3", "100"),
    after=lambda message: number_of(message["MRG"], "1", "100"),
    transform=lambda message: message,
    outgoing=profiles.MPI_OUT,
    destination=Soap("WIS", Operation(namespace=NAMESPACE, action=f"{NAMESPACE}/SendHL7Message")),
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
