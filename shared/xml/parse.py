"""The reader of every body in XML: no document types, no entities, no network, bounded in every direction.

``lxml`` builds the tree in C. What it does not bound itself is counted in the text before a node is built, or looked for in
the tree by XPath, which runs in C too. docs/vocabulary.md names the rules; tests/shared/xml/test_attacks.py has the attacks.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import local
from typing import TYPE_CHECKING, NamedTuple

from shared import bounds
from shared.issue import Issue
from shared.xml.encoding import Decoded, decoded
from shared.xml.problems import CLAUSE, has_instruction, name_too_long, not_well_formed, too_deep, too_much

if TYPE_CHECKING:
    from lxml import etree

OVERRULED = Issue(
    severity="warning",
    code="informational",
    text="the declaration names another encoding than the body has; the body was read by its bytes",
    rule="xml-encoding-overruled",
    clause=CLAUSE,
)
LATE = Issue(
    severity="warning",
    code="informational",
    text="the XML declaration is not at the start of the body; it was read where it is",
    rule="xml-declaration-late",
    clause=CLAUSE,
)
OF_THREAD = local()
LONG_START = re.compile(r"[^\s/>!?]{257}")  # one more than bounds.XML_NAME
TOO_DEEP = 114  # libxml2's XML_ERR_RESOURCE_LIMIT
NAME_TOO_LONG = 110  # libxml2's XML_ERR_NAME_TOO_LONG


class Document(NamedTuple):
    """A body that was read: its root, without comments, and what was read more generously than the standard allows."""

    root: "etree._Element"
    issues: tuple[Issue, ...]


def parse(body: bytes) -> "etree._Element":
    """The root of a body; ``read`` describes what is refused.

    >>> parse(b"<a>1<!-- not the end -->2<![CDATA[<3]]></a>").text
    '12<3'
    """
    return read(body).root


def read(body: bytes) -> Document:
    """The document of a body. Comments are removed, and the text around one is one text.

    Raises:
        Unsupported: the body breaks a rule ``xml-...`` of ``shared.xml.problems``: not well-formed, a document type, an
            unknown entity or encoding, a processing instruction after the root begins, or more than ``bounds`` allows.
    """
    source = decoded(body)
    _check_size(source.text)
    root = _tree(source)
    _check_shape(root, source.text)
    if source.text.find("?", source.prolog.root) >= 0:  # faster than "<?", as "<" is everywhere
        _check_instructions(root)
    return Document(root, tuple(_issues(source)))


def _issues(source: Decoded) -> list[Issue]:
    return [issue for issue, applies in ((OVERRULED, source.is_overruled), (LATE, source.prolog.is_late)) if applies]


def _check_size(text: str) -> None:
    """Each element has a start tag with one ``<``, and each attribute one ``=``: both are counted before memory is used."""
    if len(text) <= bounds.UNCOUNTED:
        return
    if text.count("<") - text.count("</") > bounds.VALUES:
        raise too_much("elements", bounds.VALUES)
    if text.count("=") > bounds.VALUES:
        raise too_much("attributes", bounds.VALUES)


def _tree(source: Decoded) -> "etree._Element":
    from lxml import etree  # imported when the first body in XML arrives: cold start

    try:
        return _in_own_thread(source) if _may_fill_memory(source.text) else etree.fromstring(_as_utf_8(source), _parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        if error.code == NAME_TOO_LONG:
            raise name_too_long(line) from None
        if error.code == TOO_DEEP:
            raise _limit(str(error), line) from None
        raise not_well_formed(line, column) from None


def _may_fill_memory(text: str) -> bool:
    """Whether a body could bring the names that this thread has read above their bound. A name needs four characters: ``<a/>``.

    A thread keeps every name that it has ever read. So a sender who makes up names could otherwise fill the memory of a process,
    one small body after another.
    """
    from lxml import etree

    names: int = etree.memory_debugger.dict_size()  # type: ignore[attr-defined]
    return names + len(text) // 4 > bounds.XML_NAMES


def _in_own_thread(source: Decoded) -> "etree._Element":
    """The tree, read by a thread whose names go with it. It takes a tenth of a millisecond more."""
    from lxml import etree

    with ThreadPoolExecutor(1) as own:
        return own.submit(lambda: etree.fromstring(_as_utf_8(source), _parser())).result()


def _limit(text: str, line: int) -> Exception:
    """The parser has one code for its limits of depth (256) and of one text (10,000,000 characters)."""
    return too_deep(line) if "depth" in text else too_much("characters in one text", 10_000_000)


def _as_utf_8(source: Decoded) -> bytes:
    """The text without its declaration: the parser reads UTF-8, and ignores another declared encoding. Lines and columns stay."""
    start, end = source.prolog.declared
    blank = "\n".join(" " * len(line) for line in source.text[start:end].split("\n"))
    return f"{source.text[:start]}{blank}{source.text[end:]}".encode()


def _check_shape(root: "etree._Element", text: str) -> None:
    """Depth, attributes of one element, and names. The text shows quickly that most bodies cannot exceed the last two."""
    deep, crowded, long = _searches()
    if found := deep(root):
        raise too_deep(_line(found))
    if text.count("=") > bounds.XML_ATTRIBUTES and crowded(root):
        raise too_much("attributes of one element", bounds.XML_ATTRIBUTES)
    if has_long_stretch(text) and _may_have_long_names(text) and (found := long(root)):
        raise name_too_long(_line(found))


def has_long_stretch(text: str) -> bool:
    """Whether there are more characters than a name may have, and no ``>`` among them: a name has none.

    A window that is one character longer than a name moves behind the last ``>`` in it, so most of the text is never looked at.

    >>> has_long_stretch("<a>" + "b" * 250 + "</a>"), has_long_stretch("<a>" + "b" * 257 + "</a>")
    (False, True)
    """
    place = 0
    while place + bounds.XML_NAME < len(text):
        found = text.rfind(">", place, place + bounds.XML_NAME + 1)
        if found < 0:
            return True
        place = found + 1
    return False


def _may_have_long_names(text: str) -> bool:
    """Whether there are more characters than a name may have between a ``<`` and the next, and among those before an ``=``.

    A quick look, for a search of the tree takes longer than reading it: long texts are few, and most of them have blanks.
    """
    return any(
        len(piece) > bounds.XML_NAME and (LONG_START.match(piece) or any(map(_ends_long, piece.split("=")[:-1])))
        for piece in text.split("<")
    )


def _ends_long(text: str) -> bool:
    """Whether a text ends with more characters without a space than a name may have."""
    last = text.rstrip()[-bounds.XML_NAME - 1 :]
    return len(last) > bounds.XML_NAME and len(last.split()) == 1


def _check_instructions(root: "etree._Element") -> None:
    """An instruction splits a text, so that a mapping could read the first part only; none is used in health messages."""
    if found := root.xpath("//processing-instruction()[ancestor::*]"):
        raise has_instruction(_line(found))


def _line(found: object) -> int:
    first = found[0] if isinstance(found, list) else None
    return getattr(first, "sourceline", None) or 1


def _parser() -> "etree.XMLParser":
    """The parser of this thread. One that another thread has used would bring the names of that thread with it."""
    found: etree.XMLParser | None = getattr(OF_THREAD, "parser", None)
    if found is None:
        found = OF_THREAD.parser = _new_parser()
    return found


def _new_parser() -> "etree.XMLParser":
    from lxml import etree

    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        collect_ids=False,
    )


@cache
def _searches() -> "tuple[etree.XPath, etree.XPath, etree.XPath]":
    """Elements too deep, elements with too many attributes, elements with a name too long or an attribute that has one."""
    from lxml import etree

    name = f"string-length(name()) > {bounds.XML_NAME}"
    return (
        etree.XPath("/*" * (bounds.DEPTH + 1)),
        etree.XPath(f"//*[count(@*) > {bounds.XML_ATTRIBUTES}]"),
        etree.XPath(f"//*[{name} or @*[{name}]]"),
    )
