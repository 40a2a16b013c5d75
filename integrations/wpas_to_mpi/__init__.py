"""WPAS, the patient administration system of Wales, to the Master Patient Index."""

from dataclasses import replace

from integrations.wpas_to_mpi.dropped import DROPPED
from integrations.wpas_to_mpi.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.xml.schema import XmlProfile
from shared.integration import Http, Integration, Queue
from shared.validation import profiles
from shared.validation.structures import ADT_A02
from shared.wpas import lanes, quality, rules
from shared.wpas.message import to_message
from shared.wpas.names import SCHEMA, SOURCE

MPI_WITH_TRANSFERS = replace(
    profiles.MPI_2_5, name="MPI ADT 2.5 with transfers", structures={**profiles.MPI_2_5.structures, "ADT_A02": ADT_A02}
)

INTEGRATION = Integration(
    name="wpas-to-mpi",
    summary="Registrations, changes, new numbers and in-patient transfers from WPAS reach the Master Patient Index.",
    owner="integration-team@example.nhs.wales",
    source=SOURCE,
    triggers=(Http(), Queue()),
    profile=XmlProfile(
        name="WPAS transaction 1.23",
        schema=SCHEMA,
        rules=(*rules.ALL, *quality.ALL),
        policies={**rules.POLICIES, **quality.POLICIES},
    ),
    lane=lanes.lane,
    after=lanes.after,
    transform=to_message,
    outgoing=MPI_WITH_TRANSFERS,
    destination=Mllp("MPI"),
    dropped=DROPPED,
    seen=SEEN,
    patient=lanes.patient,
)
