"""PIMS, the patient administration system of Bro Morgannwg, to the Master Patient Index."""

from integrations.pims_to_mpi import mapping, rules
from integrations.pims_to_mpi.dropped import DROPPED
from integrations.pims_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile, profiles
from shared.validation.rules import COMMON, nhs_number_check_digit
from shared.validation.structures import ADT_A01, ADT_A39

INTEGRATION = Integration(
    name="pims-to-mpi",
    summary="Registrations, updates and merges from PIMS reach the Master Patient Index.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(
        versions=("2.3.1",),
        senders=("PIMS",),
        messages=("ADT^A04", "ADT^A08", "ADT^A40", "ADT^A40^ADT_A40"),
        stamp=True,
    ),
    triggers=(Http(), Queue()),
    profile=Hl7Profile(
        name="PIMS ADT 2.3.1",
        structures={"ADT_A01": ADT_A01, "ADT_A39": ADT_A39, "ADT_A40": ADT_A39},
        # Its own rule for NHS Numbers takes the place of the shared one: PIMS types them NI, the standard NH.
        rules=(*(rule for rule in COMMON if rule is not nhs_number_check_digit), *rules.ALL),
        policies=rules.POLICIES,
        exempt={
            "date": ("MSH-7", "EVN-2", "EVN-6", "PID-7", "PID-29"),  # PIMS has its own, stricter rule for local times
            "identifier": ("PID-3", "MRG-1"),  # PIMS sends the types without numbers, and is answered by rules of its own
        },
    ),
    lane=lambda message: mapping.own_number(message["PID"]),
    after=lambda message: message["MRG-1.1"].strip(),
    transform=mapping.to_mpi,
    outgoing=profiles.MPI_2_5,
    destination=Mllp("MPI"),
    dropped=DROPPED,
    seen=SEEN,
    patient=lambda message: mapping.nhs_number(message["PID"]),
)
