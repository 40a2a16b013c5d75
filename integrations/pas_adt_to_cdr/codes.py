"""Names of assigning authorities as the patient administration systems write them.

A patient whose only numbers are of an authority that no table has cannot be found again in the repository. Such a message waits:
a PAS does not send it again, and a new site sends many before the name is known.
"""

from collections.abc import Iterator

from shared.codes.table import CodeTable
from shared.hl7 import Message
from shared.validation.authorities import ARC, PATIENT_AUTHORITY

NUMBERS = (("PID", "3"), ("MRG", "1"))  # the fields that name a patient


def is_known(namespace: str, universal: str) -> bool:
    """Whether an authority is in the national list, or has a number of the national register."""
    return namespace in PATIENT_AUTHORITY or namespace.isdigit() or universal.startswith(ARC)


def names_of_authorities(message: Message) -> Iterator[tuple[str, str]]:
    """The names that decide whether a patient can be found: where one number has a national authority, none is needed."""
    for name, field in NUMBERS:
        for segment in message.segments(name):
            numbers = list(segment.each(field))
            if not any(is_known(cx["4.1"], cx["4.2"]) or cx["4.1"] in AUTHORITIES for _, cx in numbers):
                yield from ((f"{where}.4", cx["4.1"]) for where, cx in numbers if cx["4.1"] and cx["4.1"] != '""')


# As the PAS writes it -> the number in the national register.
AUTHORITIES = CodeTable("AUTHORITIES", __name__, {"MYRDDIN": "108"}, met=names_of_authorities, unmapped="wait")
