"""Reading: a document in the XML encoding as the ``Message`` that the same ER7 text gives.

The number at the end of a name is its place: ``PID.5`` is field 5, ``XPN.2`` component 2, even if component 1 is absent. The data
type in front of the number is not compared, because senders use names of several versions. Attributes count only in ``escape``.
"""

from collections.abc import Iterator

from lxml.etree import _Element as Element

from shared.formats.hl7_xml.content import content
from shared.formats.hl7_xml.groups import groups_of
from shared.formats.hl7_xml.lines import Read, er7
from shared.formats.hl7_xml.markup import RULE
from shared.formats.hl7_xml.names import NAMESPACE, tables
from shared.hl7 import Message, ParseError, parse
from shared.hl7.structure import structure
from shared.hl7.syntax.encoding import Encoding, declared_encoding
from shared.issue import Issue

IN = f"{{{NAMESPACE}}}"
USUAL = Encoding()
USUAL_START = "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>"
FLAT = Issue(
    severity="information",
    code="informational",
    text="the message has no elements for its groups; its segments were read in their order",
    rule="groups-absent",
    clause="HL7 v2 XML Encoding Syntax R2 4.2",
)
OTHER_GROUPS = Issue(
    severity="error",
    code="structure",
    text="the groups of the document are not those of the structure",
    rule="groups",
    clause="HL7 v2 XML Encoding Syntax R2 4.2",
)
OTHER_ROOT = Issue(
    severity="error",
    code="structure",
    where="MSH-9.3",
    text="the root element is not the structure of the message",
    rule="root",
    clause="HL7 v2 XML Encoding Syntax R2 4.1",
    hl7="200",
)


def read(root: Element) -> Message:
    """The message of an element.

    Raises:
        ParseError: not a message in the XML encoding; two values for one place; text between elements; more levels than HL7 v2
            has. The limits of ``shared.hl7.parse`` apply.
    """
    tag = str(root.tag)
    if not tag.startswith(IN):
        raise ParseError(f"the element is not in the namespace {NAMESPACE}", RULE)
    name = tag[len(IN) :]
    text = content(root)
    found = er7(text, name, USUAL if text.startswith(USUAL_START) else _encoding(root))
    if found.names[:1] != ("MSH",):
        raise ParseError("the message does not begin with an MSH element", RULE)
    message = parse(found.text)
    issues = tuple(_report(message, name, found))
    return message.repaired(*issues) if issues else message


def _encoding(root: Element) -> Encoding:
    """The delimiters of MSH.1 and MSH.2, which the ER7 text is written with; the usual ones if they are absent."""
    field = root.findtext(f"{IN}MSH/{IN}MSH.1")
    characters = root.findtext(f"{IN}MSH/{IN}MSH.2")
    if not field or not characters:
        return USUAL
    try:
        return declared_encoding(field, characters)
    except ValueError:
        raise ParseError("MSH.1 and MSH.2 are not valid delimiters", RULE) from None


def _report(message: Message, root: str, found: Read) -> Iterator[Issue]:
    if structure(message) not in ("", root):
        yield OTHER_ROOT
    expected = groups_of(root, tables(message["MSH-12"]).version, found.names)
    if found.groups == expected:
        return
    yield OTHER_GROUPS if any(found.groups) else FLAT
