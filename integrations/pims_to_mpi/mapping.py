"""PIMS ADT 2.3.1 -> MPI ADT 2.5. One line per target field, in the order of the segment; what is not listed is dropped."""

from collections.abc import Iterator

from integrations.pims_to_mpi.codes import DELETE, LOCAL_AUTHORITY, MPI_TYPES, PIMS, PSEUDO_NUMBERS, TARGET
from shared.hl7 import Message, Raw, Repetition, Segment, compose, segment
from shared.hl7.syntax.timestamp import is_dtm

COPIED = ("PV2", "OBX", "AL1", "DG1", "PR1", "GT1", "IN1", "IN2", "IN3")
Cx = tuple[str, str, str, str, str]


def to_mpi(message: Message) -> Message:
    """The message for the MPI: a merge with every pair, or an update with its clinical and insurance segments.

    In UTF-8 whatever PIMS wrote in, because MSH-18, which would say so, is not sent.
    """
    body = merges(message) if message["MSH-9.2"] == "A40" else update(message)
    return compose(message, [msh(message), evn(message), *body, *message.segments(*COPIED)], "utf-8")


def merges(message: Message) -> Iterator[Segment]:
    """Every pair of surviving and merged patient, in order."""
    for group in message.groups("PID"):
        yield pid(message, group[0])
        yield from (mrg(message, each) for each in group if each.name == "MRG")


def update(message: Message) -> Iterator[Segment]:
    yield pid(message, message["PID"])
    if message["PD1"]:
        yield pd1(message, message["PD1"])
    yield segment("PV1", {"2": "N"}, like=message)


def msh(message: Message) -> Segment:
    source = message["MSH"]
    return segment(
        "MSH",
        {
            "1": source["1"],
            "2": source["2"],
            "3": PIMS,
            "4": PIMS,
            "5": TARGET,
            "6": TARGET,
            "7": local_time(source["7"]),
            "8": source.raw("8"),
            "9": MPI_TYPES[source["9.2"]],
            "10": source.raw("10"),
            "11": source.raw("11"),
            "12": "2.5",
            "13": source.raw("13"),
            "17": "GBR",
            "19": "EN",
        },
        like=message,
    )


def evn(message: Message) -> Segment:
    """The event and its times; the segment itself when it holds none of them, for no message goes without."""
    source = message["EVN"]
    values = {
        "1": source.raw("1"),
        "2": event_time(source["2"]),
        "6": event_time(source["6"]),
    }
    return segment("EVN", values, like=message) or Segment("EVN", "EVN", message.encoding)


def pid(message: Message, source: Segment) -> Segment:
    return segment(
        "PID",
        {
            "3": list(identifiers(source, message["MSH-9.2"])),
            "5": name(source.first("5")),
            "7": local_time(source["7"]),
            "8": source.raw("8"),
            "11": source.first("11").only(1, 2, 3, 4, 5),
            "13": [xtn.raw("1") for xtn in source.repeats("13")],
            "14": source.first("14").raw("1"),
            "29": date_of_death(source["29"]),
        },
        like=message,
    )


def pd1(message: Message, source: Segment) -> Segment:
    """The practitioner, and the surgery, which PIMS sends as a second practitioner; no segment when neither was sent."""
    return segment("PD1", {"3": ("", "", source.raw("4[2].1")), "4": source.raw("4[1].1")}, like=message)


def mrg(message: Message, source: Segment) -> Segment:
    return segment("MRG", {"1": local_identifier(source["1"])}, like=message)


def identifiers(source: Segment, event: str) -> Iterator[Cx]:
    """NHS Number, then PIMS number, each found by its type (CX.5) and not by its place; one may be absent.

    A number that begins N3 or N4 is in the place of an NHS Number but is not one: it goes as a local number with a
    registration and not at all otherwise.
    """
    numbers = by_type(source)
    sent = numbers.get("NI", [])
    real = next((number for number in sent if not is_pseudo(number)), "")
    if real:
        yield real, "", "", "NHS", "NH"
    elif sent and event == "A04":
        yield sent[0], "", "", LOCAL_AUTHORITY, "LI"
    for number in numbers.get("PI", [])[:1]:
        yield local_identifier(number)


def by_type(source: Segment) -> dict[str, list[str]]:
    """The numbers of PID-3 by their type, in capitals; repetitions without a number do not count."""
    found: dict[str, list[str]] = {}
    for cx in source.repeats("3"):
        number = cx["1"].strip()
        if number not in ("", DELETE):
            found.setdefault(cx["5"].strip().upper(), []).append(number)
    return found


def nhs_number(source: Segment) -> str:
    """The first NHS Number that is one; ``""`` when there is none."""
    return next((number for number in by_type(source).get("NI", []) if not is_pseudo(number)), "")


def own_number(source: Segment) -> str:
    """What PIMS calls the patient: its own number, else the NHS Number."""
    numbers = by_type(source)
    return next(iter(numbers.get("PI", []) + numbers.get("NI", [])), "")


def is_pseudo(number: str) -> bool:
    return number.upper().startswith(PSEUDO_NUMBERS)


def local_identifier(number: str) -> Cx:
    return number.strip(), "", "", PIMS, "PI"


def name(xpn: Repetition) -> tuple[Raw, ...]:
    """Surname (the first part of a family name), given name, other names, suffix, prefix."""
    return xpn.raw("1.1"), xpn.raw("2"), xpn.raw("3"), xpn.raw("4"), xpn.raw("5")


def local_time(text: str) -> str:
    """A date or a time to the second, without its offset.

    Args:
        text: ``YYYYMMDD[HHMMSS][+/-ZZZZ]``; ``""`` when absent; the null stays a null.
    Returns:
        The part before the first sign. The offset is dropped, never applied, so the calendar day cannot shift.
        The rules have refused what is then neither 8 nor 14 digits.

    Source: the MPI's interface for PIMS.

    >>> local_time("20260501101112+0100"), local_time("19800214"), local_time("")
    ('20260501101112', '19800214', '')
    """
    return text.partition("+")[0].partition("-")[0]


def is_local_time(text: str) -> bool:
    """Whether a text is a date or a time to the second that exists, once its offset is cut off."""
    digits = local_time(text)
    return len(digits) in (8, 14) and digits.isdecimal() and is_dtm(digits)


def event_time(text: str) -> str:
    """A date or a time to the second, without its offset; ``""`` for anything else but the null.

    >>> event_time("20260501101112+0100"), event_time("2026"), event_time('""')
    ('20260501101112', '', '""')
    """
    return local_time(text) if text == DELETE or is_local_time(text) else ""


def date_of_death(text: str) -> str:
    """PID-29 component 1: a date, a null for "not dead", or absent.

    Args:
        text: a date as ``local_time`` takes it; ``""`` when absent, which stays absent; a text of up to six characters,
            such as ``+D``, means "not dead" in PIMS.

    Source: the MPI's interface for PIMS.

    >>> date_of_death("20260401+0100"), date_of_death("+D"), date_of_death("")
    ('20260401', '""', '')
    """
    sent = text.strip()
    if len(sent) > 6:
        return local_time(sent)
    return DELETE if sent else ""
