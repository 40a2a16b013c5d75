"""The profile of the Master Patient Index: every message of the hub to it must be valid by this profile."""

from collections.abc import Iterator
from dataclasses import replace

from shared.hl7 import Message
from shared.issue import Issue
from shared.validation.profile import Hl7Profile
from shared.validation.rules import OUTGOING
from shared.validation.structures import ADT_A05, ADT_A05_VISIT_OPTIONAL, ADT_A39, ADT_A39_NK1, with_z_segments


def version_2_5(message: Message) -> Iterator[Issue]:
    """MSH-12 is 2.5."""
    if message["MSH-12"] != "2.5":
        yield Issue(
            severity="error",
            code="not-supported",
            where="MSH-12",
            text="MSH-12 is not 2.5",
            clause="HL7 v2.5 2.15.9.12",
            hl7="203",
        )


MPI_2_5 = Hl7Profile(name="MPI ADT 2.5", structures={"ADT_A05": ADT_A05, "ADT_A39": ADT_A39}, rules=(version_2_5, *OUTGOING))

# The merges of Chemocare have next of kin, which ADT_A39 of the standard does not have.
MPI_2_5_WITH_NEXT_OF_KIN = replace(
    MPI_2_5, name="MPI ADT 2.5 with next of kin", structures={"ADT_A05": ADT_A05, "ADT_A39": ADT_A39_NK1}
)

# Messages from the MPI: Z segments are accepted, and the visit is optional.
MPI_OUT = Hl7Profile(
    name="MPI ADT 2.5 outbound",
    structures={"ADT_A05": with_z_segments(ADT_A05_VISIT_OPTIONAL), "ADT_A39": with_z_segments(ADT_A39)},
    rules=(version_2_5, *OUTGOING),
)
