"""Chemocare ADT 2.4 -> MPI ADT 2.5. One line per target field, in the order of the segment; what is not listed is dropped."""

from collections.abc import Iterator

from integrations.chemocare_to_mpi.codes import PREFIXES, STRUCTURES
from shared.hl7 import Message, Segment, compose, replace, segment
from shared.validation.repairs import nhs_number

COPIED = ("PV1", "PV2", "OBX", "AL1", "DG1", "PR1", "GT1", "IN1", "IN2", "IN3")
Cx = tuple[str, str, str, str, str]


def to_mpi(message: Message) -> Message:
    """The message for the MPI: a merge with every pair, or an update with its clinical and insurance segments."""
    body = merges(message) if message["MSH-9.2"] == "A40" else update(message)
    return compose(message, [msh(message), message["EVN"], *body])


def merges(message: Message) -> Iterator[Segment]:
    """Every pair of surviving and merged patient, in order, with what belongs to it."""
    for group in message.groups("PID"):
        yield from (MERGE[each.name](message, each) for each in group if each.name in MERGE)


def update(message: Message) -> Iterator[Segment]:
    """One patient; next of kin come before PV1, wherever they were sent."""
    yield pid(message, message["PID"])
    yield pd1(message, message["PD1"])
    yield from (nk1(message, each) for each in message.segments("NK1"))
    yield from message.segments(*COPIED)


def msh(message: Message) -> Segment:
    source = message["MSH"]
    return replace(
        source,
        {
            "3": source.raw("3.1"),
            "4": source.raw("4.1"),
            "5": source.raw("5.1"),
            "6": source.raw("6.1"),
            "7": source.raw("7.1"),
            "9": (source["9.1"], source["9.2"], STRUCTURES[source["9.2"]]),
            "12": "2.5",
        },
    )


def pid(message: Message, source: Segment) -> Segment:
    return segment(
        "PID",
        {
            "1": source.raw("1"),
            "3": list(identifiers(message, source["2"])),
            "5": source.first("5").only(*range(1, 12)),
            "6": source.first("6").raw("1.1"),
            "7": source.raw("7"),
            "8": source.raw("8"),
            "9": source.first("9").raw("1.1"),
            "10": source.first("10").raw("1"),
            "11": source.first("11").only(1, 2, 3, 4, 5, 7, 8),
            "13": [xtn.only(1, 2, 4) for xtn in source.repeats("13")],
            "14": source.first("14").only(1, 2),
            "17": source.first("17").raw("1"),
            "22": source.first("22").raw("1"),
            "29": source.raw("29.1"),
            "32": source.raw("32"),
        },
        like=message,
    )


def pd1(message: Message, source: Segment) -> Segment:
    return segment(
        "PD1",
        {
            "3": source.first("3").only(1, 3, 4, 5, 6, 7, 8, 9),
            "4": source.first("4").only(1, 2, 3, 4, 6),
        },
        like=message,
    )


def nk1(message: Message, source: Segment) -> Segment:
    return segment(
        "NK1",
        {
            "1": source.raw("1"),
            "2": source.first("2").only(1, 2, 7),
            "3": source.raw("3.1"),
            "4": source.first("4").only(1, 2, 7),
            "5": source.first("5").raw("1"),
        },
        like=message,
    )


def mrg(message: Message, source: Segment) -> Segment:
    return segment("MRG", {"1": centre_identifier(message, source["1"])}, like=message)


def unchanged(message: Message, source: Segment) -> Segment:
    return source


MERGE = {"PID": pid, "PD1": pd1, "NK1": nk1, "MRG": mrg, "PV1": unchanged}


def identifiers(message: Message, number: str) -> Iterator[Cx]:
    """The NHS Number, when there is one, and the centre's own number; both are made from PID-2."""
    if number not in ("", '""'):
        yield nhs_number(number), "", "", "NHS", "NH"
    yield centre_identifier(message, number)


def centre_identifier(message: Message, number: str) -> Cx:
    """A centre's number: its prefix identifies the centre."""
    centre = message["MSH-3.1"]
    return PREFIXES[centre] + number.replace('""', ""), "", "", centre, "PI"
