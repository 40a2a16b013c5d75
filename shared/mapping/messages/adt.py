"""ADT: admissions, transfers, discharges, registrations, updates and merges."""

from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.common import COMMON
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.segments.administration.patient_context import mrg_account, mrg_patient

MERGES = ("A18", "A34", "A35", "A36", "A39", "A40", "A41", "A42")


def mrg(conversion: Conversion, segment: Segment) -> None:
    """A merge links both patients: the survivor replaces the other, which becomes inactive. Other resources do not change."""
    read = conversion.read
    whose = read.patient
    if read.message["MSH-9.2"] in MERGES and conversion.patient:
        whose = conversion.add_focus(mrg_patient(read, segment, read.patient))
        if whose:
            merge(conversion.patient, {"active": True, "link": [{"other": whose, "type": "replaces"}]})
    conversion.add_focus(mrg_account(read, segment, whose))


ADT: dict[str, Handler] = {**COMMON, "MRG": mrg}
