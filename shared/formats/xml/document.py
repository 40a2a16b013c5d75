"""A document in XML, and its texts by path: ``TRANSACTION/TRANSFERS/TRANSFER[2]/WARD``, attributes as ``a/@b``.

The steps are those of XPath, from the root, without a namespace: the source accepts one only.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from shared.formats.xml import MARK
from shared.issue import Issue
from shared.xml.parse import read

if TYPE_CHECKING:
    from lxml import etree

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class XmlDocument:
    """What a source of XML reads.

    Args:
        issues: what was read more generously than the standard allows.
        test_id: the control id of the mark of a test; ``""`` if there is none.
        received_at: time of receipt, UTC; ``""`` if it was not received.
    """

    root: "etree._Element"
    issues: tuple[Issue, ...] = ()
    test_id: str = ""
    received_at: str = ""
    _texts: dict[str, dict[str, str]] = field(default_factory=dict)
    _derived: dict[Any, Any] = field(default_factory=dict)

    def element(self, path: str) -> "etree._Element | None":
        """The element of a path; the root for ``""``; ``None`` when it is absent."""
        return self.root.find(qualified(path, namespace(self.root))) if path else self.root

    def elements(self, path: str) -> list["etree._Element"]:
        """Every element of a path."""
        return self.root.findall(qualified(path, namespace(self.root)))

    def text(self, path: str) -> str:
        """The text of an element or attribute without blanks around it; ``""`` when it is absent or empty."""
        parent, _, name = path.rpartition("/")
        if name.startswith("@"):
            holder = self.element(parent)
            return "" if holder is None else (holder.get(name[1:]) or "").strip()
        return self.texts(parent).get(name, "")

    def texts(self, path: str = "") -> dict[str, str]:
        """The texts of the elements in an element, by name, without blanks around them; ``""`` for an empty one.

        Of a name that is there more than once it is the last; a schema decides whether that is allowed. A name of another
        namespace than that of the root keeps it, in braces.
        """
        found = self._texts.get(path)
        if found is None:
            parent = self.element(path)
            found = self._texts[path] = {} if parent is None else _texts(parent, namespace(self.root))
        return found

    def derived(self, make: "Callable[[XmlDocument], Made]") -> Made:
        """What ``make`` makes of this document, made once: rules, lane and mapping all need it."""
        made: Made | None = self._derived.get(make)
        if made is None:
            made = self._derived[make] = make(self)
        return made

    def encode(self) -> bytes:
        """The document in UTF-8, with its mark of a test."""
        from lxml import etree

        mark = f"<?{MARK} {self.test_id}?>\n".encode() if self.test_id else b""
        return b"<?xml version='1.0' encoding='UTF-8'?>\n" + mark + etree.tostring(self.root, encoding="utf-8", with_tail=False)


def document(body: bytes, received_at: str = "") -> XmlDocument:
    """The document of a body. ``Unsupported``: it is not XML, or more than the hub accepts (``shared.xml``)."""
    found = read(body)
    return XmlDocument(root=found.root, issues=found.issues, test_id=marked_id(found.root), received_at=received_at)


def _texts(parent: Iterable[Any], uri: str) -> dict[str, str]:
    """The tag is cut here, without a call: this line takes half of the time of reading a document."""
    prefix = f"{{{uri}}}" if uri else ""
    start = len(prefix)
    return {(tag[start:] if (tag := each.tag).startswith(prefix) else foreign(tag)): (each.text or "").strip() for each in parent}


def foreign(tag: str) -> str:
    """The name of an element of another namespace than the document's; of no namespace if the braces are empty."""
    return tag if tag.startswith("{") else f"{{}}{tag}"


def marked_id(root: "etree._Element") -> str:
    """The control id of the mark of a test before the root; ``""`` when there is no mark."""
    marks = (each for each in root.itersiblings(preceding=True) if getattr(each, "target", "") == MARK)
    return next(((each.text or "").strip() or MARK for each in marks), "")


def local(element: "etree._Element") -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: "etree._Element") -> str:
    """The namespace of an element; ``""`` for none."""
    return str(element.tag).rpartition("}")[0].removeprefix("{")


@lru_cache(maxsize=4096)  # the paths that mappings name, and those of leaves
def qualified(path: str, uri: str) -> str:
    """A path as ``lxml`` reads it.

    >>> qualified("a/b[2]", "urn:x")
    '{urn:x}a/{urn:x}b[2]'
    """
    return "/".join(f"{{{uri}}}{step}" for step in path.split("/")) if uri else path
