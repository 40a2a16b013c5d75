"""HL7 v2 in its XML encoding as a source: the same checks and answers as for ER7."""

from dataclasses import dataclass

from lxml.etree import _Element as Element

from shared.formats.hl7_xml import FORMAT, MEDIA_TYPES, XML
from shared.formats.hl7_xml.reader import read
from shared.formats.hl7_xml.writer import write
from shared.formats.hl7v2.source import Hl7, readable
from shared.hl7 import Message, parse
from shared.issue import Issue
from shared.problems import Unsupported
from shared.xml.parse import read as read_xml


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Hl7Xml(Hl7):
    """Messages in the XML encoding (namespace ``urn:hl7-org:v2xml``), of these versions, senders and types."""

    format: str = FORMAT.name

    def parsed(self, body: bytes) -> Message:
        """The message of a document. ``Unsupported``: it is not safe XML, or not a message."""
        document = read_xml(body)
        return self.of_element(document.root, document.issues)

    def of_element(self, root: Element, issues: tuple[Issue, ...]) -> Message:
        """The message of an element, with what was reported of its document. ``Unsupported``: it is not a message."""
        message = readable(lambda: read(root))
        return message.repaired(*issues) if issues else message

    def header(self, body: bytes) -> Message | None:
        """The message; ``None`` if it cannot be read."""
        try:
            return self.parsed(body)
        except Unsupported:
            return None

    def written(self, acknowledgement: bytes, media: str) -> bytes:
        """An acknowledgement in XML, or in ER7 if ``Accept`` prefers that."""
        return write(parse(acknowledgement)) if media in (*MEDIA_TYPES, *XML) else acknowledgement
