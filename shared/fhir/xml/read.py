"""FHIR XML -> the dict that the same resource in JSON gives, by the types of the committed tables.

An element or attribute that a type does not have is refused here; everything else is left to the one check of resources, which is
the same for XML and JSON. The order of the elements is not checked: it has no meaning, and senders differ.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from shared.fhir.definitions.tables import Declared, resource_types, type_table
from shared.fhir.resource import Decimal, Resource
from shared.fhir.xml import FHIR, XHTML
from shared.issue import Issue
from shared.problems import Unsupported

if TYPE_CHECKING:
    from lxml import etree

    Node = etree._Element

INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
INTEGERS = ("integer", "positiveInt", "unsignedInt")
BOOLEANS = {"true": True, "false": False}
EXTENSION = ("id", "url")
IGNORED = ("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",)  # a hint for editors
CLAUSE = "FHIR R4 2.6.1"


def read(root: "Node") -> Resource:
    """The resource of a root element.

    Raises:
        Unsupported: not FHIR, an element or attribute that its type does not have, one that does not repeat and is there twice,
            or text between elements. The text has the line, and no name of the body.
    """
    return _resource(root)


def _resource(node: "Node") -> Resource:
    name = _name(node)
    if name not in resource_types():
        raise _refused("this is not a type of resource", node)
    return {"resourceType": name, **_members(node, name, attributes=())}


def _members(node: "Node", kind: str, attributes: tuple[str, ...] = ("id",)) -> dict[str, Any]:
    """The attributes and child elements of an element, as the properties of an object."""
    found: dict[str, Any] = dict(_attributes(node, attributes))
    table = type_table(kind)
    for child in _elements(node):
        name = _name(child)
        declared = table.get(name)
        if declared is None or name in attributes:
            raise _refused("an element that its type does not have", child)
        if declared.is_primitive:
            _add_primitive(found, name, declared, child)
        else:
            _add(found, name, declared, child, _value(child, declared))
    return found


def _attributes(node: "Node", allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, value in node.attrib.items():
        if str(name) in allowed:
            yield str(name), str(value)
        elif name not in IGNORED:
            raise _refused("an attribute that its element does not have", node)


def _elements(node: "Node") -> Iterator["Node"]:
    """The child elements. Values are attributes in FHIR, so there is no text between them."""
    if _is_text(node.text) or any(_is_text(child.tail) for child in node):
        raise _refused("text between elements", node)
    yield from node


def _value(node: "Node", declared: Declared) -> Any:
    """The value of an element that is not a primitive."""
    if declared.type == "Resource" or declared.type in resource_types():
        return _inner(node)
    return _members(node, declared.type, EXTENSION if declared.type == "Extension" else ("id",))


def _inner(node: "Node") -> Resource:
    """The resource inside an element such as ``contained``, which holds one."""
    inner = list(_elements(node))
    if len(inner) != 1 or node.attrib:
        raise _refused("exactly one resource is expected in this element", node)
    return _resource(inner[0])


def _add(found: dict[str, Any], name: str, declared: Declared, node: "Node", value: Any) -> None:
    if declared.many:
        found.setdefault(name, []).append(value)
    elif name in found:
        raise _twice(node)
    else:
        found[name] = value


def _add_primitive(found: dict[str, Any], name: str, declared: Declared, node: "Node") -> None:
    """A value, and its id and extensions under ``_name``; in an array each has a place, ``null`` where there is none."""
    if declared.type == "xhtml":
        return _add(found, name, declared, node, _narrative(node))
    value = _primitive(str(node.attrib["value"]), declared.type) if "value" in node.attrib else None
    extra = {key: part for key, part in _members(node, "Element", ("id", "value")).items() if key != "value"}
    if declared.many:
        return _pair(found, name, value, extra)
    if name in found or f"_{name}" in found:
        raise _twice(node)
    found.update({name: value} if value is not None else {})
    found.update({f"_{name}": extra} if extra or value is None else {})
    return None


def _pair(found: dict[str, Any], name: str, value: Any, extra: dict[str, Any]) -> None:
    """One more place in the two arrays of a primitive; an array of nothing but ``null`` is left out."""
    values, extras = _listed(found.get(name)), _listed(found.get(f"_{name}"))
    count = max(len(values), len(extras))
    values += [None] * (count - len(values)) + [value]
    extras += [None] * (count - len(extras)) + [extra or None]
    arrays = {name: values, f"_{name}": extras}
    found.update({key: items for key, items in arrays.items() if any(item is not None for item in items)})


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _primitive(text: str, kind: str) -> Any:
    """The JSON value of a text; the text itself if it is not of this type, for the check to find."""
    if kind == "boolean":
        return BOOLEANS.get(text, text)
    if kind in INTEGERS or kind == "decimal":
        if INTEGER.fullmatch(text) and (kind != "decimal" or text[0] != "+") and text != "-0":
            return int(text)
        return Decimal(text) if kind == "decimal" and DECIMAL.fullmatch(text) else text
    return text


def _narrative(node: "Node") -> str:
    """The ``div`` of a narrative as a text, with the namespaces that it uses and no others."""
    from lxml import etree

    if node.tag != f"{{{XHTML}}}div":
        raise _refused("the narrative is expected to be a div of XHTML", node)
    alone = deepcopy(node)
    alone.tail = None
    etree.cleanup_namespaces(alone, top_nsmap={None: XHTML})
    return etree.tostring(alone, encoding="unicode")


def _name(node: "Node") -> str:
    """The name of an element of FHIR, or of the div of a narrative. ``Unsupported``: it is of another namespace."""
    tag = str(node.tag)
    namespace, _, name = tag[1:].partition("}") if tag[:1] == "{" else ("", "", tag)
    if namespace != FHIR and (namespace, name) != (XHTML, "div"):
        raise _refused("an element that is not in the namespace of FHIR", node)
    return name


def _is_text(text: str | None) -> bool:
    return bool(text and text.strip())


def _twice(node: "Node") -> Unsupported:
    return _refused("an element that does not repeat is there twice", node, rule="property-twice")


def _refused(text: str, node: "Node", rule: str = "not-fhir-xml") -> Unsupported:
    where = f": line {node.sourceline}" if node.sourceline else ""
    return Unsupported(Issue(severity="fatal", code="structure", text=text + where, rule=rule, clause=CLAUSE))
