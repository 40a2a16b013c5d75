"""An issue for each further value of a field whose element in FHIR has room for one: only the first is written."""

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from shared.hl7.message import Message
from shared.hl7.syntax.encoding import NONE
from shared.mapping.reading import Reading

# The fields of which only the first value is written, in every place that their segment may have. Most repeat by the standard, so
# no other rule names the further values. Not MSH: what it repeats is not about a patient.
READ_ONCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "DG1": ("22",),
        "IAM": ("27",),
        "IN1": ("3", "10", "19", "49"),
        "NTE": ("5", "6", "9"),
        "OBR": ("27",),
        "OBX": ("10", "17", "20", "21", "24", "29", "30"),
        "ORC": ("7", "22", "23", "24"),
        "PD1": ("14",),
        "PID": ("6", "10", "22"),
        "PR1": ("16",),
        "PRD": ("3",),
        "PRT": ("2", "11", "12", "13", "17", "18", "19", "20", "21", "22", "23"),
        "PV1": ("20", "45", "53"),
        "PV2": ("7",),
        "RXA": ("15", "16", "18", "28"),
        "SCH": ("11",),
        "SPM": ("9", "30"),
        "TQ1": ("3", "4", "5", "9"),
        "TXA": ("8", "23", "25"),
    }
)


def report_second_values(read: Reading, message: Message) -> None:
    """An issue for each such value, by its place: ``RXA-15[2]``."""
    mark = message.encoding.repetition
    lines = list(message.lines_without_long(NONE))
    if not any(mark in line for line in islice(lines, 1, None)):  # MSH-2 has the mark
        return
    for segment, line in zip(message.segments(), lines, strict=True):
        for field in READ_ONCE.get(segment.name, ()) if mark in line else ():
            read.only_first(segment, field)
