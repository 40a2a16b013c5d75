"""HL7 v2: the facts of the format. An integration declares ``source.Hl7``."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shared.formats.format import Format
from shared.formats.media import OUTCOMES
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Envelope, Outgoing
    from shared.formats.batch import Batch
    from shared.hl7 import Message

HL7 = "application/hl7-v2"
ER7 = ("application/hl7-v2+er7", "x-application/hl7-v2+er7")
NOT_SPECIFIED = ("", "application/octet-stream", "application/x-www-form-urlencoded")  # what clients send by default
ACKNOWLEDGED = (HL7, *ER7, "text/plain")  # media types of an acknowledgement
CODE = re.compile(rb"MSA\|[AC]([AER])\b")
FILE_AND_BATCH = (b"FHS", b"BHS")


def holds(document: object) -> bool:
    """Whether it is a message."""
    from shared.hl7 import Message

    return isinstance(document, Message)


def parse(body: bytes) -> "Message":
    """The message of a body. ``ParseError``, a ``ValueError``: it is not HL7 v2."""
    from shared.hl7 import parse

    return parse(body)


def write(message: "Message", control_id: str) -> "Outgoing":
    """A message as it is sent. One that passes through is sent as it was received, without what the reader repaired."""
    from shared.envelope import Outgoing

    control = message["MSH-10"] or control_id
    return Outgoing(content_type=ER7[1], body=message.as_sent.encode(), control_id=control)


def leaves(message: "Message") -> Iterator[Leaf]:
    """Every subcomponent that holds a text."""
    from shared.hl7.leaves import hl7_leaves

    return hl7_leaves(message)


def tree(body: bytes) -> Any:
    """Segments, fields, repetitions and components."""
    from shared.compare.trees import hl7_tree

    return hl7_tree(body)


def mark_test(body: bytes, control_id: str) -> bytes:
    """A message with another control id (MSH-10) and the processing id of training (MSH-11 ``T``).

    >>> mark_test(b"MSH|^~\\\\&|A|B|C|D|20260501||ADT^A31|1|P|2.5\\rPID|1", "S1")
    b'MSH|^~\\\\&|A|B|C|D|20260501||ADT^A31|S1|T|2.5\\rPID|1'
    """
    first, end, rest = body.partition(b"\r")
    fields = first.split(first[3:4])
    fields[9], fields[10] = control_id.encode(), b"T"
    return first[3:4].join(fields) + end + rest


def acknowledged(answer: bytes) -> str:
    """MSA-1 of an acknowledgement, by its code of the original mode.

    >>> acknowledged(b"MSH|^~\\\\&|\\rMSA|CE|1\\r")
    'AE'
    """
    found = CODE.search(answer)
    return f"A{found[1].decode()}" if found else ""


def is_batch(body: bytes) -> bool:
    """Whether a body is a batch or a file of batches."""
    from shared.hl7.batch import is_batch

    return is_batch(body)


def batch(source: object, envelope: "Envelope") -> "Batch":
    """The messages of a batch file."""
    from shared.formats.hl7v2.batch import Hl7Batch

    return Hl7Batch(envelope)


FORMAT = Format(
    name="hl7v2",
    extension="hl7",
    media_types=(HL7, *ER7),
    also_sent_as=(*NOT_SPECIFIED, "text/plain"),
    assumed_type=ER7[1],
    answers=(*ACKNOWLEDGED, *OUTCOMES),
    answers_by_status=False,
    verdicts={"200": ACKNOWLEDGED, "202": OUTCOMES, "204": (), "422": OUTCOMES},
    begins=(b"MSH", *FILE_AND_BATCH),
    identifies=("MSH", "FHS", "BHS"),
    schemas={HL7: {"type": "string"}},
    example=b"MSH|^~\\&|EXAMPLE|SITE|HUB|HUB|20260501101112||ADT^A31^ADT_A05|EXAMPLE1|T|2.5\rPID|1||1^^^EXAMPLE^PI||Prawf^Ann\r",
    holds=holds,
    parse=parse,
    write=write,
    leaves=leaves,
    tree=tree,
    test_mark="MSH-11",
    mark_test=mark_test,
    acknowledged=acknowledged,
    is_batch=is_batch,
    batch=batch,
)
