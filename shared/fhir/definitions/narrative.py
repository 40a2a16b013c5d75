"""The XHTML of a narrative: txt-1, only the basic elements and attributes of HTML, and no script in an address or a style.

txt-2 (the narrative has some content) is not checked: official examples break it, and a breach does no harm.
"""

import re
from html import unescape
from xml.etree import ElementTree
from xml.sax.saxutils import escape

XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = """
a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol
p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var map area kbd ins del bdo address
"""
_ATTRIBUTES = """
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev
rowspan rules scope shape span src start style summary tabindex title type valign value vspace width
"""
UNSAFE = ("<!DOCTYPE", "<!ENTITY")
ELEMENTS, ATTRIBUTES = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())
ENTITY = re.compile("&(?!amp;|lt;|gt;|quot;|apos;)[A-Za-z0-9]+;")
OF_XML = frozenset(f"{{http://www.w3.org/XML/1998/namespace}}{name}" for name in ("lang", "space"))
ADDRESSES = ("href", "src", "cite", "longdesc")
IGNORED = re.compile("[\x00-\x20]")  # characters that a browser passes over in an address
ACTIVE = re.compile(r"(?:javascript|vbscript|livescript|data(?!:image/(?:png|jpeg|gif)[;,])):", re.IGNORECASE)
ACTIVE_STYLE = re.compile(r"javascript:|vbscript:|expression\(|-moz-binding|behaviou?r:", re.IGNORECASE)


def is_narrative(text: str) -> bool:
    """Whether the text is one XHTML ``div`` of allowed elements and attributes."""
    root = parse(text)
    if root is None or root.tag != f"{XHTML}div":
        return False
    return all(is_allowed(node) for node in root.iter())


def parse(text: str) -> ElementTree.Element | None:
    if any(mark in text for mark in UNSAFE):
        return None
    try:
        return ElementTree.fromstring(ENTITY.sub(_character, text))  # noqa: S314 - without a document type, no entity can expand
    except ElementTree.ParseError:
        return None


def _character(found: re.Match[str]) -> str:
    """The character of an entity of HTML; ``.`` for one that HTML does not have."""
    text = unescape(found[0])
    return "." if text == found[0] else escape(text, {'"': "&quot;"})


def is_allowed(node: ElementTree.Element) -> bool:
    name = str(node.tag).removeprefix(XHTML)
    if name not in ELEMENTS or not all(key in ATTRIBUTES or key in OF_XML for key in node.attrib):
        return False
    addresses = (IGNORED.sub("", node.attrib.get(each, "")) for each in ADDRESSES)
    return not any(map(ACTIVE.match, addresses)) and not ACTIVE_STYLE.search(IGNORED.sub("", node.attrib.get("style", "")))
