"""The segments of HL7 v2 as elements of an XML Schema, for the WSDL: a client makes typed objects of them.

They come from the tables of the standard (``shared/validation/standard``). Every field and component is optional, and a field may
repeat: the rules of the integration decide that. A value is a text. The hub also reads an ``escape`` element in a value, and
fields and Z segments that no table has: a client that needs these sends them as XML.
"""

from collections.abc import Iterator
from functools import lru_cache

from shared.formats.hl7_xml.groups import Part, parts_of
from shared.formats.hl7_xml.names import UNKNOWN, Kind, fields

TEXT = "xs:string"
ANYTHING = "xs:anyType"


@lru_cache(maxsize=16)
def segments(operations: tuple[str, ...], version: str, content: str) -> str:
    """The elements of the segments and groups of these message structures, and their data types.

    Args:
        content: what an element that holds segments may contain.
    """
    parts = {part.name: part for name in operations for part in _all(parts_of(name, version))}
    groups = [
        _element(f"{name}.{part.name}", f"<xs:sequence>{content}</xs:sequence>")
        for name in operations
        for part in _all(parts_of(name, version))
        if part.parts
    ]
    kinds: dict[str, Kind] = {}
    made = [_segment(name, version, kinds) for name, part in parts.items() if not part.parts]
    return "".join([*dict.fromkeys(groups), *made, *_types(kinds)])


def _all(parts: tuple[Part, ...]) -> Iterator[Part]:
    """The parts, and the parts of the groups among them."""
    for part in parts:
        yield part
        yield from _all(part.parts)


def _segment(name: str, version: str, kinds: dict[str, Kind]) -> str:
    """The element of a segment: its fields, each any number of times."""
    inner = "".join(
        f'<xs:element name="{field.tag}" type="{_type(field.kind, kinds)}" minOccurs="0" maxOccurs="unbounded"/>'
        for field in fields(name, version)[1:]
    )
    return _element(name, f"<xs:sequence>{inner}</xs:sequence>")


def _type(kind: Kind, kinds: dict[str, Kind]) -> str:
    """The name of a data type; it is noted in ``kinds`` if it must be declared."""
    if kind.name == UNKNOWN:
        return ANYTHING
    if not kind.count:
        return TEXT
    name = kind.name
    while kinds.setdefault(name, kind) is not kind:  # DR has two forms, with and without the parts of a time
        name += "_"
    return f"v2:{name}"


def _types(kinds: dict[str, Kind]) -> Iterator[str]:
    """The data types, and those that they need in turn."""
    done = set[str]()
    while waiting := [(name, kind) for name, kind in kinds.items() if name not in done]:
        for name, kind in waiting:
            done.add(name)
            inner = "".join(
                f'<xs:element name="{part.tag}" type="{_type(part.kind, kinds)}" minOccurs="0"/>'
                for part in kind.parts(kind.count)[: kind.count]
            )
            yield f'      <xs:complexType name="{name}"><xs:sequence>{inner}</xs:sequence></xs:complexType>\n'


def _element(name: str, inner: str) -> str:
    return f'      <xs:element name="{name}"><xs:complexType>{inner}</xs:complexType></xs:element>\n'
