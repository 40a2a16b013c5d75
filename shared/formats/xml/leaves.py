"""The leaves of a document in XML: the texts of its elements, and its attributes."""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.formats.xml.document import XmlDocument, local
from shared.leaves import Leaf, occurrence

if TYPE_CHECKING:
    from lxml import etree

Steps = tuple[int, ...]  # from the root down: which child
Put = Callable[["etree._Element", str], None]


def xml_leaves(document: XmlDocument) -> Iterator[Leaf]:
    """Texts by their paths; an empty element is not a leaf.

    >>> from shared.formats.xml.document import document
    >>> [(leaf.path, leaf.text) for leaf in xml_leaves(document(b"<r><a x='1'>2</a><a>3<b/>4</a></r>"))]
    [('a/@x', '1'), ('a', '2'), ('a[2]', '3'), ('a[2]/text()', '4')]
    """
    yield from _leaves(document, document.root, "", ())


def _leaves(document: XmlDocument, element: "etree._Element", path: str, steps: Steps) -> Iterator[Leaf]:
    for name, value in element.attrib.items():
        yield Leaf(_below(path, f"@{str(name).rpartition('}')[2]}"), str(value), _changed(document, steps, _attribute(str(name))))
    if element.text and element.text.strip():
        yield Leaf(path or "text()", element.text, _changed(document, steps, _text))
    counts: Counter[str] = Counter()
    for number, child in enumerate(element):
        name = local(child)
        counts[name] += 1
        yield from _leaves(document, child, _below(path, name + occurrence(counts[name])), (*steps, number))
        if child.tail and child.tail.strip():
            yield Leaf(_below(path, "text()"), child.tail, _changed(document, (*steps, number), _tail))


def _below(path: str, step: str) -> str:
    return f"{path}/{step}" if path else step


def _changed(document: XmlDocument, steps: Steps, put: Put) -> Callable[[str], XmlDocument]:
    """From a new text of one place to a copy of the document with it."""

    def changed(new: str) -> XmlDocument:
        root = deepcopy(document.root)
        element = root
        for step in steps:
            element = element[step]
        put(element, new)
        return replace(document, root=root, _texts={}, _derived={})

    return changed


def _attribute(name: str) -> Put:
    return lambda element, new: element.set(name, new)


def _text(element: "etree._Element", new: str) -> None:
    element.text = new


def _tail(element: "etree._Element", new: str) -> None:
    element.tail = new
