"""The content of a document as text, from which the reader works.

To visit each element of a tree in Python takes ten times as long as to parse it. The tree is therefore written again, which is
fast, in a form that has neither CDATA sections, other namespaces nor prefixes, so that ``<`` begins nothing but a tag.
``shared.xml`` has removed comments and rejected processing instructions.
"""

from lxml import etree
from lxml.etree import _Element as Element

from shared.formats.hl7_xml.markup import IS_NIL, RULE
from shared.formats.hl7_xml.names import NAMESPACE
from shared.hl7 import ParseError

IN = f"{{{NAMESPACE}}}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def content(root: Element) -> str:
    """The content of an element as text: its elements in the namespace, by their local names. ``ParseError``: another one."""
    text = _text(root)
    others = (prefix for prefix in root.nsmap if prefix and prefix != root.prefix)
    if text.count(" xmlns") > len(root.nsmap) or any(f"<{prefix}:" in text for prefix in others):
        root = _alone(root)
        text = _text(root)
    if root.prefix:
        text = _without_prefix(text, root.prefix) or _text(_alone(root))
    end = text.index(">")
    return "" if text[end - 1] == "/" else text[end + 1 : text.rindex("<")]


def _text(root: Element) -> str:
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def _alone(element: Element) -> Element:
    """The same element without prefixes and declarations of namespaces. ``ParseError``: it has an element of another one."""
    if not str(element.tag).startswith(IN):
        raise ParseError(f"an element is not in the namespace {NAMESPACE}", RULE)
    if element.get(NIL, "").strip() in ("true", "1"):
        raise ParseError(IS_NIL, RULE)
    plain = {str(name): str(text) for name, text in element.attrib.items() if not str(name).startswith("{")}
    made = etree.Element(element.tag, plain, {None: NAMESPACE})
    made.text, made.tail = element.text, element.tail
    made.extend([_alone(child) for child in element])
    return made


def _without_prefix(text: str, prefix: str) -> str:
    """The text with the names of elements alone; ``""`` if one has another prefix, or none."""
    if text.count(f"<{prefix}:") + text.count(f"</{prefix}:") != text.count("<"):
        return ""
    return text.replace(f"<{prefix}:", "<").replace(f"</{prefix}:", "</")
