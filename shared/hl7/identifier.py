"""Identifiers of patients (data type CX): the local number of the sender, and the NHS Number."""

from shared.hl7.repetition import NULL, Repetition
from shared.hl7.segment import Segment

NHS_NUMBER = "NH"  # HL7 UK table 0203


def own_number(segment: Segment, field: str) -> str:
    """Number and authority of the first repetition that is not an NHS Number, otherwise of the first; ``""`` if absent.

    >>> from shared.hl7 import parse
    >>> own_number(parse("MSH|^~\\\\&|\\rPID|||1^^^NHS^NH~2^^^252^PI")["PID"], "3")
    '2^252'
    """
    sent = [cx for cx in segment.repeats(field) if _digits(cx)]
    own = [cx for cx in sent if cx["5"] != NHS_NUMBER] or sent
    return number(own[0]) if own else ""


def number(cx: Repetition) -> str:
    """A number with its authority, because two authorities may use the same number; ``""`` if absent or null."""
    return f"{_digits(cx)}^{cx['4'].strip()}" if _digits(cx) else ""


def _digits(cx: Repetition) -> str:
    """CX-1 without spaces; ``""`` for a null too."""
    text = cx["1"].strip()
    return "" if text == NULL else text


def number_of(segment: Segment, field: str, authority: str) -> str:
    """The number of an authority, otherwise the first number; with its authority."""
    sent = segment.repeats(field)
    chosen = [cx for cx in sent if cx["4"].strip() == authority and _digits(cx)] or sent
    return number(chosen[0]) if chosen else ""


def nhs_number(segment: Segment, field: str = "3") -> str:
    """The first NHS Number among the repetitions of a field; ``""`` without one."""
    return next((_digits(cx) for cx in segment.repeats(field) if cx["5"] == NHS_NUMBER), "")
