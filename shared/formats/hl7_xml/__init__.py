"""HL7 v2 in its XML encoding: the facts of the format. An integration declares ``source.Hl7Xml``."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.formats import hl7v2
from shared.formats.format import Format
from shared.formats.hl7v2 import ER7, HL7
from shared.formats.media import OUTCOMES
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Outgoing
    from shared.hl7 import Message

MEDIA_TYPE = "application/hl7-v2+xml"
MEDIA_TYPES = (MEDIA_TYPE, "x-application/hl7-v2+xml")
XML = ("application/xml", "text/xml")
ACKNOWLEDGED = (*MEDIA_TYPES, *XML, HL7, *ER7)  # media types of an acknowledgement
NAMESPACE = b"urn:hl7-org:v2xml"
ENVELOPES = (b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope")
START = 4096  # bytes that have the namespace of the root
CONTROL_ID = re.compile(rb"(<(?:[\w.-]+:)?MSH\.10\s*>)[^<]*(?=<)")
PROCESSING_ID = re.compile(rb"(<(?:[\w.-]+:)?MSH\.11\s*>\s*+(?:<(?:[\w.-]+:)?PT\.1\s*>)?)[^<]*+(?=<)")
CODE = re.compile(rb"<MSA\.1>[AC]([AER])<")
SAMPLE = (
    b'<ADT_A05 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>EXAMPLE</HD.1></MSH.3>'
    b"<MSH.4><HD.1>SITE</HD.1></MSH.4><MSH.5><HD.1>HUB</HD.1></MSH.5><MSH.6><HD.1>HUB</HD.1></MSH.6>"
    b"<MSH.7><TS.1>20260501101112</TS.1></MSH.7><MSH.9><MSG.1>ADT</MSG.1><MSG.2>A31</MSG.2><MSG.3>ADT_A05</MSG.3></MSH.9>"
    b"<MSH.10>EXAMPLE1</MSH.10><MSH.11><PT.1>T</PT.1></MSH.11><MSH.12><VID.1>2.5</VID.1></MSH.12></MSH>"
    b"<PID><PID.1>1</PID.1><PID.3><CX.1>1</CX.1><CX.4><HD.1>EXAMPLE</HD.1></CX.4><CX.5>PI</CX.5></PID.3>"
    b"<PID.5><XPN.1><FN.1>Prawf</FN.1></XPN.1><XPN.2>Ann</XPN.2></PID.5></PID></ADT_A05>"
)


def recognises(body: bytes) -> bool:
    """Whether a document is a message and not an envelope with one in it."""
    return NAMESPACE in body[:START] and not any(envelope in body[:START] for envelope in ENVELOPES)


def holds(document: object) -> bool:
    """Whether it is a message: what is read is the same as of ER7. A mapping that returns one sends ER7."""
    from shared.hl7 import Message

    return isinstance(document, Message)


def parse(body: bytes) -> "Message":
    """The message of a body. ``ParseError``, a ``ValueError``, or another one: it is not safe XML, or not a message."""
    from shared.formats.hl7_xml.reader import read
    from shared.problems import Unsupported
    from shared.xml.parse import parse

    try:
        return read(parse(body))
    except Unsupported as problem:
        raise ValueError(str(problem)) from None


def write(message: "Message", control_id: str) -> "Outgoing":
    """A message as it is sent, without what the reader repaired. ``ValueError``: it has no XML form."""
    from shared.envelope import Outgoing
    from shared.formats.hl7_xml import writer

    body = writer.write(message.as_sent)
    return Outgoing(content_type=MEDIA_TYPE, body=body, control_id=message["MSH-10"] or control_id)


def leaves(message: "Message") -> Iterator[Leaf]:
    """Every subcomponent that holds a text."""
    from shared.hl7.leaves import hl7_leaves

    return hl7_leaves(message)


def mark_test(body: bytes, control_id: str) -> bytes:
    """A message with another control id (MSH.10) and the processing id of training (MSH.11 ``T``).

    >>> mark_test(b"<MSH><MSH.10>1</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11></MSH>", "S1")
    b'<MSH><MSH.10>S1</MSH.10><MSH.11><PT.1>T</PT.1></MSH.11></MSH>'
    """
    marked = CONTROL_ID.sub(lambda found: found[1] + control_id.encode(), body, count=1)
    return PROCESSING_ID.sub(lambda found: found[1] + b"T", marked, count=1)


def acknowledged(answer: bytes) -> str:
    """MSA.1 of an acknowledgement in XML or ER7, by its code of the original mode."""
    found = CODE.search(answer)
    return f"A{found[1].decode()}" if found else hl7v2.acknowledged(answer)


FORMAT = Format(
    name="hl7_xml",
    extension="v2xml",
    media_types=MEDIA_TYPES,
    also_sent_as=("", "application/octet-stream", *XML),
    assumed_type=MEDIA_TYPE,
    answers=(*ACKNOWLEDGED, *OUTCOMES),
    answers_by_status=False,
    verdicts={"200": ACKNOWLEDGED, "202": OUTCOMES, "204": (), "422": OUTCOMES},
    begins=(b"<",),
    recognises=recognises,
    identifies=("MSH",),
    schemas={MEDIA_TYPE: {"type": "string"}},
    example=SAMPLE,
    holds=holds,
    parse=parse,
    write=write,
    leaves=leaves,
    test_mark="MSH-11",
    acknowledged=acknowledged,
    mark_test=mark_test,
)
