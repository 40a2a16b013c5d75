"""XML: the facts of the format. An integration declares ``source.Xml`` and a ``schema.XmlProfile``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.formats.format import Format
from shared.formats.media import FHIR_JSON, FHIR_XML, JSON
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Outgoing
    from shared.formats.xml.document import XmlDocument

XML = "application/xml"
MARK = "hub-test"  # XML has no place of its own for a test: an instruction before the root is allowed in any document
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def holds(document: object) -> bool:
    """Whether it is a document in XML."""
    from shared.formats.xml.document import XmlDocument

    return isinstance(document, XmlDocument)


def parse(body: bytes) -> "XmlDocument":
    """The document of a body. ``ValueError``: it is not XML that the hub accepts."""
    from shared.formats.xml.document import document
    from shared.problems import Unsupported

    try:
        return document(body)
    except Unsupported as problem:
        raise ValueError(str(problem)) from None


def write(document: "XmlDocument", control_id: str) -> "Outgoing":
    """A document as it is sent: in UTF-8."""
    from shared.envelope import Outgoing

    return Outgoing(content_type=XML, body=document.encode(), control_id=document.test_id or control_id)


def leaves(document: "XmlDocument") -> Iterator[Leaf]:
    """Every text and attribute."""
    from shared.formats.xml.leaves import xml_leaves

    return xml_leaves(document)


def text(document: "XmlDocument", path: str) -> str:
    """The text of an element or attribute."""
    return document.text(path)


def mark_test(body: bytes, control_id: str) -> bytes:
    """A document with the mark of a test, which has the control id, right before its root. Its encoding stays.

    >>> mark_test(b"<?xml version='1.0'?><a/>", "S1")
    b"<?xml version='1.0'?><?hub-test S1?><a/>"
    """
    from shared.xml.encoding import decoded

    source = decoded(body)
    root = source.prolog.root
    mark = "\ufeff" if body.startswith((b"\xef\xbb\xbf", *UTF_16)) else ""
    return f"{mark}{source.text[:root]}<?{MARK} {control_id}?>{source.text[root:]}".encode(source.codec)


FORMAT = Format(
    name="xml",
    extension="xml",
    media_types=(XML, "text/xml"),
    also_sent_as=("",),
    assumed_type=XML,
    answers=(JSON, FHIR_JSON, FHIR_XML),
    begins=(b"<", *UTF_16),
    schemas={XML: {"type": "string"}},
    example=b'<example xmlns="urn:example"><id>EXAMPLE1</id><name>Prawf</name></example>',
    holds=holds,
    parse=parse,
    write=write,
    leaves=leaves,
    text=text,
    test_mark=f"processing-instruction('{MARK}')",
    mark_test=mark_test,
)
