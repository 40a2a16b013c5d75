"""Identifiers of patients (data type CX): the sender's own number, and the NHS Number."""

from shared.hl7.segment import Repetition, Segment

NHS_NUMBER = "NH"  # HL7 UK table 0203


def own_number(segment: Segment, field: str) -> str:
    """Number and authority of the first repetition that is not an NHS Number, else of the first; ``""`` when absent.

    >>> from shared.hl7 import parse
    >>> own_number(parse("MSH|^~\\\\&|\\rPID|||1^^^NHS^NH~2^^^252^PI")["PID"], "3")
    '2^252'
    """
    sent = [cx for cx in segment.repeats(field) if cx["1"].strip()]
    own = [cx for cx in sent if cx["5"] != NHS_NUMBER] or sent
    return number(own[0]) if own else ""


def number(cx: Repetition) -> str:
    """A number with its authority, for two authorities may use the same number; ``""`` when absent."""
    return f"{cx['1'].strip()}^{cx['4'].strip()}" if cx["1"].strip() else ""


def number_of(segment: Segment, field: str, authority: str) -> str:
    """The number that an authority gave, else the first; with its authority."""
    sent = segment.repeats(field)
    chosen = [cx for cx in sent if cx["4"].strip() == authority and cx["1"].strip()] or sent
    return number(chosen[0]) if chosen else ""


def nhs_number(segment: Segment, field: str = "3") -> str:
    """The first NHS Number among the repetitions of a field; ``""`` when there is none."""
    return next((cx["1"].strip() for cx in segment.repeats(field) if cx["5"] == NHS_NUMBER), "")
