"""ADT: admissions, transfers, discharges, registrations, updates and merges."""

from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.segments.patient import mrg_account, mrg_patient

MERGES = ("A18", "A34", "A35", "A36", "A39", "A40", "A41", "A42")


def mrg(story: Story, segment: Segment) -> None:
    """A merge links both patients: the survivor replaces the other, which becomes inactive. Other resources do not change."""
    read = story.read
    whose = read.patient
    if read.message["MSH-9.2"] in MERGES and story.patient:
        whose = story.tell(mrg_patient(read, segment, read.patient))
        if whose:
            merge(story.patient, {"active": True, "link": [{"other": whose, "type": "replaces"}]})
    story.tell(mrg_account(read, segment, whose))


ADT: dict[str, Handler] = {**COMMON, "MRG": mrg}
