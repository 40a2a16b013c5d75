"""The structure of a document as a profile: an XML Schema where the sender has one, otherwise the names that are declared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from shared import bounds
from shared.formats.xml.document import XmlDocument, local, namespace
from shared.issue import Issue
from shared.leaves import occurrence
from shared.validation.policy import Listed, Policy, apply_policy, destination, rule_functions

if TYPE_CHECKING:
    from lxml import etree

Rule = Callable[[XmlDocument], Iterator[Issue]]
CONTRACT = destination("the schema is the contract with the sender, and the mapping relies on it", "an element is there twice")
UNKNOWN, TWICE, ATTRIBUTE, TEXT, REQUIRED, INVALID = (
    "schema-unknown",
    "schema-twice",
    "schema-attribute",
    "schema-text",
    "schema-required",
    "schema-invalid",
)
NOT_ALLOWED = {"SCHEMAV_ELEMENT_CONTENT", "SCHEMAV_CVC_ELT_1"}  # types of libxml2: an element that is not expected there
FEW = 8  # children; to read them one by one is faster than a search
MISSING = "Missing child element"  # how libxml2 begins to report an element that is not there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Group:
    """The elements that an element may have: in any order, each at most once unless its own group repeats.

    Args:
        leaves: names of elements that hold a text. groups: elements that hold elements.
        required: leaves that hold more than nothing.
    """

    leaves: frozenset[str] = frozenset()
    groups: "Mapping[str, Group]" = field(default_factory=dict)
    required: tuple[str, ...] = ()
    repeats: bool = False


Schema = Group | Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class XmlProfile:
    """A schema, and rules that it cannot express, each named by its function.

    Args:
        schema: the group of the root, or the file of an XML Schema.
    """

    name: str
    schema: Schema
    rules: tuple[Rule, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()

    def check(self, content: XmlDocument) -> list[Issue]:
        """Every finding of the schema; the rules run only if there is none."""
        found = list(islice(structure(content, self.schema), bounds.FINDINGS + 1))
        return found or [self._named(rule, issue) for rule in self.rules for issue in rule(content)]

    def listed(self) -> Iterator[Listed]:
        """The schema as one rule, then each rule that is a function, for the interface sheet."""
        text = (
            "only elements that are declared, none twice, no attributes, no text between elements, none that is required absent"
        )
        yield Listed(rule="schema-…", text=text, policy=CONTRACT, severity="error")
        yield from rule_functions(self.rules, self.policies, self.refuses)

    def described(self, link: Callable[[Path], str]) -> list[str]:
        """The schema, for the interface sheet; ``link`` makes the address of a file."""
        if isinstance(self.schema, Path):
            return [f"XML Schema: [{self.schema.name}]({link(self.schema)})"]
        return [f"elements: {', '.join(sorted(names(self.schema)))}"]

    def _named(self, rule: Rule, issue: Issue) -> Issue:
        named = issue if issue.rule else issue._replace(rule=rule.__name__.replace("_", "-"))
        return apply_policy(named, self.policies, self.refuses)


def names(group: Group) -> frozenset[str]:
    """Every name of a group and the groups in it."""
    return group.leaves.union(group.groups, *map(names, group.groups.values()))


def structure(content: XmlDocument, schema: Schema) -> Iterator[Issue]:
    """What of a document breaks its schema. The name of an element that is not declared is the sender's text: it is not shown."""
    if isinstance(schema, Path):
        return _by_xsd(content.root, schema)
    return _by_names(content, content.root, schema, "")


def _by_names(content: XmlDocument, element: "etree._Element", group: Group, path: str) -> Iterator[Issue]:
    """What an element that holds elements has wrong, and what its parts have."""
    parts = _parts(content, element, group, path) if len(element) > FEW else None
    if parts is None:
        yield from _each_child(content, element, group, path)
    else:
        for name, part in parts.items():
            yield from _by_names(content, part, group.groups[name], _below(path, name))


def _parts(content: XmlDocument, element: "etree._Element", group: Group, path: str) -> "dict[str, etree._Element] | None":
    """The groups in an element that has no finding of its own; ``None`` if it may have one, so that each child must be read.

    Nearly every element has none. The texts by name, which the mapping needs too, and two searches in C show it in a fifth of
    the time.
    """
    texts = content.texts(path)
    others = texts.keys() - group.leaves
    if not others <= group.groups.keys() or len(texts) < len(element) or not all(map(texts.get, group.required)):
        return None
    has_more, holders = _searches()
    if has_more(element):
        return None
    parts = {name: part for name in texts if name in others and (part := content.element(_below(path, name))) is not None}
    return parts if all(holder in parts.values() for holder in holders(element)) else None


@cache
def _searches() -> "tuple[etree.XPath, etree.XPath]":
    """Whether an element or a child has an attribute, or there is text between the children; and the children with children."""
    from lxml import etree

    return etree.XPath("@* or */@* or text()[normalize-space()]"), etree.XPath("*/*/..")


def _each_child(content: XmlDocument, element: "etree._Element", group: Group, path: str) -> Iterator[Issue]:
    """Attributes, texts and names of an element that holds elements, then those of its parts."""
    prefix = f"{{{uri}}}" if (uri := namespace(content.root)) else ""
    start = len(prefix)
    seen: dict[str, int] = {}
    yield from _bare(element, path)
    if element.text and not element.text.isspace():
        yield _finding(TEXT, path, "text between elements")
    for number, child in enumerate(element, 1):
        tag = str(child.tag)
        name = tag[start:] if tag.startswith(prefix) else ""
        seen[name] = seen.get(name, 0) + 1
        inner = group.groups.get(name)
        where = _below(path, name + occurrence(seen[name])) if name else ""
        if inner is None and name not in group.leaves:
            yield _finding(UNKNOWN, _below(path, f"*[{number}]"), "an element that is not declared")
        elif seen[name] > 1 and (inner is None or not inner.repeats):
            yield _finding(TWICE, where, "an element that may be there once only", "duplicate")
        elif inner is not None:
            yield from _by_names(content, child, inner, where)
        else:
            yield from _leaf(child, where)
        if child.tail and not child.tail.isspace():
            yield _finding(TEXT, path, "text between elements")
    for name in group.required:
        if not (element.findtext(prefix + name) or "").strip():
            yield _finding(REQUIRED, _below(path, name), "required", "required")


def _leaf(element: "etree._Element", path: str) -> Iterator[Issue]:
    yield from _bare(element, path)
    if len(element):
        yield _finding(UNKNOWN, _below(path, "*[1]"), "an element in an element that holds a text")


def _bare(element: "etree._Element", path: str) -> Iterator[Issue]:
    if element.keys():
        yield _finding(ATTRIBUTE, _below(path, "@*"), "attributes are not declared")


def _by_xsd(root: "etree._Element", path: Path) -> Iterator[Issue]:
    """The findings of an XML Schema. The parser's own texts repeat values, so they are left out."""
    schema = _loaded(path)
    if schema.validate(root):
        return
    tree = root.getroottree()
    for error in schema.error_log:
        found = tree.xpath(error.path) if error.path else []
        element = found[0] if isinstance(found, list) and found else root
        where = _path(element)
        if error.type_name in NOT_ALLOWED and MISSING in error.message:
            yield _finding(REQUIRED, where, "a required element is absent", "required", f"XML Schema: {error.type_name}")
        elif error.type_name in NOT_ALLOWED:
            number = _number(element)
            place = _below(where.rpartition("/")[0], f"*[{number}]")
            yield _finding(UNKNOWN, place, "an element that is not expected here", clause=f"XML Schema: {error.type_name}")
        else:
            yield _finding(INVALID, where, "not valid by the schema", "value", f"XML Schema: {error.type_name}")


@cache
def _loaded(path: Path) -> "etree.XMLSchema":
    from lxml import etree

    from shared.xml.parse import parse

    return etree.XMLSchema(parse(path.read_bytes()))


def _path(element: "etree._Element") -> str:
    """The path of an element from its root."""
    steps: list[str] = []
    parent = element.getparent()
    while parent is not None:
        before = sum(each.tag == element.tag for each in element.itersiblings(preceding=True))
        steps.append(local(element) + occurrence(before + 1))
        element, parent = parent, parent.getparent()
    return "/".join(reversed(steps))


def _number(element: "etree._Element") -> int:
    return sum(1 for _ in element.itersiblings(preceding=True)) + 1


def _below(path: str, step: str) -> str:
    return f"{path}/{step}" if path else step


def _finding(rule: str, where: str, text: str, code: str = "structure", clause: str = "") -> Issue:
    return Issue(severity="error", code=code, where=where, text=text, rule=rule, clause=clause)
