"""The rules that a body in XML can break, each with its text. No text has a name or a value of the message."""

from shared import bounds
from shared.issue import Issue
from shared.problems import Unsupported

CLAUSE = "XML 1.0"


def unsupported(rule: str, text: str, code: str = "structure") -> Unsupported:
    """The rejection of a whole body: the reader gives up at the first rule that it breaks."""
    return Unsupported(Issue(severity="fatal", code=code, text=text, rule=rule, clause=CLAUSE))


def not_well_formed(line: int, column: int) -> Unsupported:
    """The place where XML ends to be XML; the text of the parser is left out, because it repeats the message."""
    return unsupported("xml-not-well-formed", f"not well-formed XML: line {line}, column {column}")


def has_doctype(line: int) -> Unsupported:
    return unsupported("xml-doctype", f"a document type declaration is not allowed: line {line}")


def has_instruction(line: int) -> Unsupported:
    return unsupported("xml-processing-instruction", f"a processing instruction is not allowed in the content: line {line}")


def wrong_encoding(text: str) -> Unsupported:
    return unsupported("xml-encoding", text, "not-supported")


def too_deep(line: int) -> Unsupported:
    return unsupported("xml-too-deep", f"nested deeper than {bounds.DEPTH}: line {line}")


def too_much(what: str, most: int) -> Unsupported:
    return unsupported("xml-too-much", f"more than {most} {what}", "too-long")


def name_too_long(line: int) -> Unsupported:
    text = f"the name of an element or attribute is longer than {bounds.XML_NAME} characters: line {line}"
    return unsupported("xml-name-too-long", text, "too-long")
