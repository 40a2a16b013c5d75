"""Writing: a message as XML, by HL7 v2 XML Encoding Syntax, release 2.

Every place keeps its number: an absent field or component has no element, and the empty last part of a text has an empty one, so
that what is read back is the same ER7 text. Escape sequences of delimiters become the characters; any other becomes
``<escape V="...">``. The sender's null stays ``""``.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from shared.characters import NOT_XML
from shared.formats.hl7_xml.groups import CACHED, Groups, groups_of
from shared.formats.hl7_xml.markup import is_sequence
from shared.formats.hl7_xml.names import NAMESPACE, UNKNOWN, Kind, Part, field, fields, kind_of, observation, tables
from shared.hl7 import Message, Segment
from shared.hl7.structure import structure
from shared.hl7.syntax.encoding import NONE, Encoding

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
ROOT = re.compile(r"[A-Z][A-Z0-9]{2}(?:_[A-Z0-9]{3})?")
MARKUP = re.compile(f"[&<>\r\n{NOT_XML}]")
DELIMITERS = "MSH.2"
VALUE_TYPE = re.compile(r"[A-Z]{2,3}")
SPECIAL = re.compile(f"[<>\r\n{NOT_XML}]")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": '<escape V=".br"/>'}
Leaf = Callable[[str], str]


def write(message: Message) -> bytes:
    """A message as an XML document in UTF-8. ``ValueError``: it has no XML form."""
    return (DECLARATION + element(message)).encode("utf-8")


def element(message: Message) -> str:
    """The element of a message, to be put into another document.

    Raises:
        ValueError: a line is not a segment, or MSH-9 names no structure. Half of a character cannot be encoded afterwards.
    """
    root, names = structure(message) or message["MSH-9.1"], message.names
    if not ROOT.fullmatch(root) or not all(names):
        raise ValueError("a message without a structure, or with a line that is not a segment")
    version = tables(message["MSH-12"]).version
    parts = [f'<{root} xmlns="{NAMESPACE}">']
    group_tags = _group_tags if len(names) <= CACHED else _group_tags.__wrapped__
    *before, end = group_tags(root, version, tuple(names))
    for segment, tags in zip(message.segments(), before, strict=True):
        parts.append(tags)
        parts.append(_segment(segment, version))
    return "".join([*parts, end, f"</{root}>"])


@lru_cache(maxsize=512)
def _group_tags(structure: str, version: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The tags of groups before each segment of a message, and those after the last one, by the names of its segments."""
    segments = groups_of(structure, version, names)
    return tuple(map(_between, ((), *segments), (*segments, ())))


def _between(before: Groups, groups: Groups) -> str:
    """The tags that close the groups of one segment and open those of the next."""
    same = 0
    while same < min(len(before), len(groups)) and before[same] == groups[same]:
        same += 1
    closed = "".join(f"</{group.element}>" for group in reversed(before[same:]))
    return closed + "".join(f"<{group.element}>" for group in groups[same:])


def _segment(segment: Segment, version: str) -> str:
    name, texts, encoding = segment.name, segment.fields, segment.encoding
    leaf, last = _leaf_of(segment), len(texts) - 1
    _, component, repetition, _, subcomponent, _, _ = encoding
    parts = []
    for text, each in zip(texts, _fields(segment, version), strict=False):
        if not text:
            continue
        tag, kind, before, behind = each
        if text.isalnum():
            parts.append(f"{before}{text}{behind}")
        elif tag == DELIMITERS:
            parts.append(f"<{tag}>{_marked_up(text)}</{tag}>")
        elif repetition in text:
            parts += [_divided(one, each, encoding, leaf) for one in text.split(repetition)]
        elif component in text:
            parts.append(f"<{tag}>{_parts(text.split(component), kind, subcomponent, leaf)}</{tag}>")
        elif subcomponent in text:
            parts.append(f"<{tag}>{_parts([text], kind, subcomponent, leaf)}</{tag}>")
        else:
            parts.append(f"{before}{leaf(text) if leaf else text}{behind}")
    if last and not texts[last]:
        parts.append(f"<{name}.{last}/>")
    parts.append(f"</{name}>")
    return "".join(parts)


def _fields(segment: Segment, version: str) -> list[Part]:
    """The fields of a segment, at least as many as it has; OBX-5 with the data type that OBX-2 names."""
    name, count = segment.name, len(segment.fields)
    value_type = segment["2"] if name == "OBX" else ""
    known = observation(value_type, version) if VALUE_TYPE.fullmatch(value_type) else fields(name, version)
    if count > len(known):
        unknown = kind_of(UNKNOWN, version)
        return [*known, *(field(name, number, unknown) for number in range(len(known), count))]
    return known


def _divided(text: str, each: Part, encoding: Encoding, leaf: Leaf | None) -> str:
    """One repetition of a field."""
    if encoding.component in text or encoding.subcomponent in text:
        inner = _parts(text.split(encoding.component), each.kind, encoding.subcomponent, leaf)
        return f"<{each.tag}>{inner}</{each.tag}>"
    if not text:
        return f"<{each.tag}></{each.tag}>"
    return f"{each.before}{leaf(text) if leaf else text}{each.behind}"


def _parts(texts: list[str], kind: Kind, between: str, leaf: Leaf | None) -> str:
    """Components, with their subcomponents; or subcomponents, where nothing divides them further (``between`` is empty)."""
    written, known = [], kind.parts(len(texts))
    for text, (tag, inner, before, behind) in zip(texts, known, strict=False):
        if not text:
            continue
        if between and between in text:
            written.append(f"<{tag}>{_parts(text.split(between), inner, '', leaf)}</{tag}>")
        else:
            written.append(f"{before}{leaf(text) if leaf else text}{behind}")
    if not texts[-1]:
        written.append(f"<{known[len(texts) - 1].tag}/>")
    return "".join(written)


def _leaf_of(segment: Segment) -> Leaf | None:
    """The function that writes a value of a segment; ``None`` if every value of it is written as it is."""
    line, encoding = segment.line, segment.encoding
    has_markup = SPECIAL.search(line) is not None or (encoding.subcomponent != "&" and "&" in line)
    return _leaf(encoding, has_markup) if has_markup or encoding.escape in line else None


def _marked_up(text: str) -> str:
    return MARKUP.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    """A character of XML as an entity, and one that XML cannot have as an escape sequence of HL7."""
    return ENTITIES.get(found[0]) or f'<escape V="X{found[0].encode().hex().upper()}"/>'


@lru_cache(maxsize=64)
def _leaf(encoding: Encoding, has_markup: bool) -> Leaf:
    """The function that writes one value of a message with these delimiters; without ``has_markup`` only escapes matter."""
    sign = encoding.escape
    plain = {"F": encoding.field, "S": encoding.component, "R": encoding.repetition, "T": encoding.subcomponent, "E": sign}
    plain |= {"P": encoding.truncation}
    written = {name: _marked_up(character) for name, character in plain.items() if character != NONE}

    marked_up: Leaf = _marked_up if has_markup else str

    def leaf(text: str) -> str:
        if sign not in text or sign == NONE:
            return marked_up(text)
        first, *others = text.split(sign)
        parts, at, last = [marked_up(first)], 0, len(others) - 1
        while at <= last:
            other = others[at]
            if at < last and (other in written or is_sequence(other)):  # and what follows it is behind its closing character
                parts += (written.get(other) or f'<escape V="{_marked_up(other)}"/>', marked_up(others[at + 1]))
                at += 2
            else:
                parts += (written["E"], marked_up(other))
                at += 1
        return "".join(parts)

    return leaf
