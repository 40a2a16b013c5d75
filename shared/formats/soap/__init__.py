"""SOAP 1.1 and 1.2 around a message: the facts of the format. An integration declares ``source.Soap``."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.formats import hl7_xml
from shared.formats.format import Format
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Outgoing
    from shared.hl7 import Message

TEXT, SOAP = "text/xml", "application/soap+xml"  # of SOAP 1.1 and SOAP 1.2
CODE = re.compile(rb"<Status>A([AER])<")
BEFORE = b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
BEHIND = b"</soap:Body></soap:Envelope>"


def recognises(body: bytes) -> bool:
    """Whether a document is an envelope."""
    return any(namespace in body[: hl7_xml.START] for namespace in hl7_xml.ENVELOPES)


def parse(body: bytes) -> "Message":
    """The message in the body of an envelope. ``ValueError``: there is none, or the document is not safe."""
    from shared.formats.hl7_xml.reader import read
    from shared.formats.soap.envelope import opened
    from shared.problems import Unsupported
    from shared.xml.parse import parse

    try:
        return read(opened(parse(body)).payload)
    except Unsupported as problem:
        raise ValueError(str(problem)) from None


def write(message: "Message", control_id: str) -> "Outgoing":
    """A message in an envelope of SOAP 1.1. ``ValueError``: it has no XML form."""
    from shared.envelope import Outgoing
    from shared.formats.hl7_xml.writer import element

    body = BEFORE + element(message.as_sent).encode() + BEHIND
    return Outgoing(content_type=TEXT, body=body, control_id=message["MSH-10"] or control_id)


def leaves(message: "Message") -> Iterator[Leaf]:
    """Every subcomponent that holds a text."""
    return hl7_xml.leaves(message)


def acknowledged(answer: bytes) -> str:
    """The status of an acknowledgement, also of one in a fault."""
    found = CODE.search(answer)
    return f"A{found[1].decode()}" if found else ""


FORMAT = Format(
    name="soap",
    extension="soap",
    media_types=(SOAP, TEXT),
    also_sent_as=("",),
    assumed_type=TEXT,
    answers=(TEXT, SOAP),
    verdicts={"200": (TEXT, SOAP), "400": (TEXT, SOAP), "500": (TEXT, SOAP)},
    statuses={
        "200": "The message was accepted; the acknowledgement is in the body.",
        "400": "The request cannot be read. SOAP 1.2: also a rejected message; its acknowledgement is in the detail.",
        "500": "SOAP 1.1: every fault, also that of a rejected message; the fault code names who caused it.",
    },
    begins=(b"<",),
    recognises=recognises,
    identifies=("MSH",),
    schemas={TEXT: {"type": "string"}, SOAP: {"type": "string"}},
    example=BEFORE + hl7_xml.SAMPLE + BEHIND,
    holds=hl7_xml.holds,
    parse=parse,
    write=write,
    leaves=leaves,
    test_mark="MSH-11",
    acknowledged=acknowledged,
    mark_test=hl7_xml.mark_test,
)
