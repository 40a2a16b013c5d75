"""Reading: a document in the XML encoding as the ``Message`` that the same ER7 text gives.

The number at the end of a name is its place: ``PID.5`` is field 5, ``XPN.2`` component 2, even if component 1 is absent. The data
type in front of the number is not compared, because senders use names of several versions. Attributes count only in ``escape``.
"""

from collections.abc import Iterator, Sequence

from lxml.etree import _Element as Element

from shared.formats.hl7_xml.groups import Groups, groups_of
from shared.formats.hl7_xml.lines import RULE, LineReader, Read
from shared.formats.hl7_xml.names import NAMESPACE, tables
from shared.formats.hl7_xml.pieces import pieces
from shared.hl7 import Message, ParseError, parse
from shared.hl7.structure import structure
from shared.hl7.syntax.encoding import Encoding, declared_encoding
from shared.issue import Issue

IN = f"{{{NAMESPACE}}}"
USUAL = Encoding()
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
    found = LineReader(_encoding(root), pieces(root)).read(name)
    if not found or found[0].name != "MSH":
        raise ParseError("the message does not begin with an MSH element", RULE)
    message = parse("\r".join([each.line for each in found]))
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


def _report(message: Message, root: str, found: Sequence[Read]) -> Iterator[Issue]:
    if structure(message) not in ("", root):
        yield OTHER_ROOT
    expected = groups_of(root, tables(message["MSH-12"]).version, tuple([each.name for each in found]))
    if any(each.groups for each in found):
        if not _same(found, expected):
            yield OTHER_GROUPS
    elif any(expected):
        yield FLAT


def _same(found: Sequence[Read], expected: Sequence[Groups]) -> bool:
    """Whether each segment is in the groups of the structure, and in the same one as its neighbours there."""
    return all(each.groups == groups for each, groups in zip(found, expected, strict=True))
