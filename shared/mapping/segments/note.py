"""NTE: notes on the segment before them."""

from shared.fhir.resource import Element, element
from shared.hl7.segment import Segment
from shared.mapping.reading import Reading
from shared.mapping.texts import NULL


def nte_annotation(read: Reading, nte: Segment) -> Element:
    """NTE -> Annotation; ``{}`` without a comment. Source: guide, NTE[Observation], NTE[ServiceRequest]."""
    text = lines(nte, "3")
    if not text:
        return {}
    if len(nte.fields) < 6:
        return {"text": text}
    return element(authorReference=read.practitioner(nte, "5"), time=read.date_time(nte, "6"), text=text)


def lines(segment: Segment, field: str) -> str:
    """The repetitions of a TX or FT field as lines (HL7 v2.5.1 section 2.A.78)."""
    sent = segment.repeats(field)
    if len(sent) == 1:  # the usual case
        return "" if sent[0].sent == NULL else _ended(sent[0].whole).strip()
    return _ended("\n".join([each.whole for each in sent if each.sent != NULL])).strip()


def _ended(text: str) -> str:
    """The text with only LF as a line end: an escape sequence may contain CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
