"""A resource -> FHIR XML, in the order of the definitions. It writes what is valid by the tables: check the resource first."""

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, Any

from shared.fhir.definitions.tables import Declared, resource_types, type_table
from shared.fhir.resource import Decimal, Resource
from shared.fhir.xml import FHIR, XHTML

if TYPE_CHECKING:
    from lxml import etree

    Node = etree._Element

NAMED = re.compile("&(?!amp;|lt;|gt;|quot;|apos;)[A-Za-z0-9]+;")  # entities of HTML, which XML does not have
Json = dict[str, Any]


def write(resource: Resource) -> bytes:
    """The XML of a resource: UTF-8 with a declaration.

    Raises:
        ValueError: a resource that is not valid by the tables, such as an element that its type does not have.

    >>> write({"resourceType": "Basic", "id": "1", "code": {"text": "a & b"}})[39:]
    b'<Basic xmlns="http://hl7.org/fhir"><id value="1"/><code><text value="a &amp; b"/></code></Basic>'
    """
    from lxml import etree

    return etree.tostring(_resource(resource), encoding="UTF-8", xml_declaration=True)


def _resource(resource: Resource, parent: "Node | None" = None) -> "Node":
    from lxml import etree

    kind = resource.get("resourceType", "")
    if kind not in resource_types():
        raise ValueError("not a type of resource")
    tag = f"{{{FHIR}}}{kind}"
    node = etree.Element(tag, nsmap={None: FHIR}) if parent is None else etree.SubElement(parent, tag)
    _members(node, {name: value for name, value in resource.items() if name != "resourceType"}, kind)
    return node


def _members(node: "Node", value: Json, kind: str) -> None:
    """The properties of an object, in the order of the definition: ``id`` and ``url`` of a datatype are attributes."""
    left = dict(value)
    for name, declared in type_table(kind).items():
        one, extra = left.pop(name, None), left.pop(f"_{name}", None) if declared.is_primitive else None
        if one is None and extra is None:
            continue
        if _is_attribute(name, kind):
            node.set(name, str(one))
        else:
            for each, its_extra in _places(one, extra):
                _element(node, name, declared, each, its_extra)
    if left:
        raise ValueError(f"an element that {kind} does not have")


def _is_attribute(name: str, kind: str) -> bool:
    return (name == "id" and kind not in resource_types()) or (name == "url" and kind == "Extension")


def _places(value: Any, extra: Any) -> Iterator[tuple[Any, Any]]:
    """Each value with what extends it."""
    if not isinstance(value, list) and not isinstance(extra, list):
        yield value, extra
        return
    values, extras = value or [], extra or []
    for n in range(max(len(values), len(extras))):
        yield values[n] if n < len(values) else None, extras[n] if n < len(extras) else None


def _element(node: "Node", name: str, declared: Declared, value: Any, extra: Any) -> None:
    from lxml import etree

    if declared.type == "xhtml":
        node.append(_narrative(value))
        return
    child = etree.SubElement(node, f"{{{FHIR}}}{name}")
    if declared.is_primitive:
        if value is not None:
            child.set("value", _text(value))
        _members(child, extra or {}, "Element")
    elif declared.type == "Resource" or declared.type in resource_types():
        _resource(value, child)
    else:
        _members(child, value, declared.type)


def _text(value: Any) -> str:
    """A primitive as XML writes it; a decimal keeps its digits."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return value.text
    return repr(value) if isinstance(value, int | float) else str(value)


def _narrative(text: str) -> "Node":
    """The ``div`` of a narrative. Entities of HTML become characters."""
    from shared.xml.parse import parse

    div = parse(NAMED.sub(lambda found: unescape(found[0]), text).encode())
    if div.tag != f"{{{XHTML}}}div":
        raise ValueError("the narrative is not a div of XHTML")
    return div
