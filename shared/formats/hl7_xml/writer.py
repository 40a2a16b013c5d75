"""Writing: a message as XML, by HL7 v2 XML Encoding Syntax, release 2.

Every place keeps its number: an absent field or component has no element, and the empty last part of a text has an empty one, so
that what is read back is the same ER7 text. Escape sequences of delimiters become the characters; any other becomes
``<escape V="...">``. The sender's null stays ``""``.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from shared.formats.hl7_xml.groups import Groups, groups_of
from shared.formats.hl7_xml.names import NAMESPACE, UNKNOWN, Kind, fields, kind_of, tables
from shared.hl7 import Message, Segment
from shared.hl7.segment import HEADERS
from shared.hl7.structure import structure
from shared.hl7.syntax.encoding import NONE, Encoding

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
ROOT = re.compile(r"[A-Z][A-Z0-9]{2}(?:_[A-Z0-9]{3})?")
MARKUP = re.compile("[&<>\r\n\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": '<escape V=".br"/>'}
SURROGATE = re.compile("[\ud800-\udfff]")
Leaf = Callable[[str], str]


def write(message: Message) -> bytes:
    """A message as an XML document in UTF-8. ``ValueError``: it has no XML form."""
    return (DECLARATION + element(message)).encode("utf-8")


def element(message: Message) -> str:
    """The element of a message, to be put into another document.

    Raises:
        ValueError: a line is not a segment, MSH-9 names no structure, or a text has half of a character.
    """
    root, names = structure(message) or message["MSH-9.1"], message.names
    if not ROOT.fullmatch(root) or not all(names):
        raise ValueError("a message without a structure, or with a line that is not a segment")
    if any(map(SURROGATE.search, message.lines)):
        raise ValueError("a text has half of a character")
    version = tables(message["MSH-12"]).version
    parts = [f'<{root} xmlns="{NAMESPACE}">']
    before: Groups = ()
    for segment, groups in zip(message.segments(), groups_of(root, version, tuple(names)), strict=True):
        if groups != before:
            parts.append(_between(before, groups))
        parts.append(_segment(segment, version))
        before = groups
    return "".join([*parts, _between(before, ()), f"</{root}>"])


def _between(before: Groups, groups: Groups) -> str:
    """The tags that close the groups of one segment and open those of the next."""
    same = 0
    while same < min(len(before), len(groups)) and before[same] == groups[same]:
        same += 1
    closed = "".join(f"</{group.element}>" for group in reversed(before[same:]))
    return closed + "".join(f"<{group.element}>" for group in groups[same:])


def _segment(segment: Segment, version: str) -> str:
    name, texts = segment.name, segment.fields
    kinds, leaf = fields(name, version), _leaf(segment.encoding)
    parts, last = [f"<{name}>"], len(texts) - 1
    repetition = segment.encoding.repetition
    for number in range(1, len(texts)):
        text = texts[number]
        if not text:
            if number == last:
                parts.append(f"<{name}.{number}/>")
            continue
        if number < 3 and name in HEADERS:
            parts.append(f"<{name}.{number}>{_marked_up(text)}</{name}.{number}>")
            continue
        kind = kinds[number - 1] if number <= len(kinds) else kind_of(UNKNOWN, version)
        if kind.name == UNKNOWN and name == "OBX" and number == 5:
            kind = kind_of(segment["2"], version)
        opened, closed = f"<{name}.{number}>", f"</{name}.{number}>"
        if repetition not in text:
            parts += (opened, _field(text, kind, segment.encoding, leaf), closed)
            continue
        for each in text.split(repetition):
            parts += (opened, _field(each, kind, segment.encoding, leaf), closed)
    parts.append(f"</{name}>")
    return "".join(parts)


def _field(text: str, kind: Kind, encoding: Encoding, leaf: Leaf) -> str:
    """One repetition."""
    if encoding.component in text:
        return "".join(_components(text.split(encoding.component), kind, encoding, leaf))
    if not text:
        return ""
    if encoding.subcomponent in text:
        return "".join(_components([text], kind, encoding, leaf))
    return f"{kind.before}{leaf(text)}{kind.behind}"


def _components(texts: list[str], kind: Kind, encoding: Encoding, leaf: Leaf) -> Iterator[str]:
    last = len(texts)
    for number, text in enumerate(texts, 1):
        if not text:
            if number == last:
                yield f"<{kind.tag(number)}/>"
            continue
        part, tag = kind.part(number), kind.tag(number)
        if encoding.subcomponent in text:
            inner = "".join(_subcomponents(text.split(encoding.subcomponent), part, leaf))
            yield f"<{tag}>{inner}</{tag}>"
        else:
            yield f"<{tag}>{part.before}{leaf(text)}{part.behind}</{tag}>"


def _subcomponents(texts: list[str], kind: Kind, leaf: Leaf) -> Iterator[str]:
    last = len(texts)
    for number, text in enumerate(texts, 1):
        tag = kind.tag(number)
        if text:
            part = kind.part(number)
            yield f"<{tag}>{part.before}{leaf(text)}{part.behind}</{tag}>"
        elif number == last:
            yield f"<{tag}/>"


def _marked_up(text: str) -> str:
    return MARKUP.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    """A character of XML as an entity, and one that XML cannot have as an escape sequence of HL7."""
    return ENTITIES.get(found[0]) or f'<escape V="X{found[0].encode().hex().upper()}"/>'


@lru_cache(maxsize=64)
def _leaf(encoding: Encoding) -> Leaf:
    """The function that writes one value of a message with these delimiters."""
    sign = encoding.escape
    plain = {"F": encoding.field, "S": encoding.component, "R": encoding.repetition, "T": encoding.subcomponent, "E": sign}
    plain |= {"P": encoding.truncation}
    written = {name: _marked_up(character) for name, character in plain.items() if character != NONE}

    def leaf(text: str) -> str:
        if text.isalnum():
            return text
        if sign not in text or sign == NONE:
            return MARKUP.sub(_entity, text)
        first, *others = text.split(sign)
        parts, at, last = [_marked_up(first)], 0, len(others) - 1
        while at <= last:
            other = others[at]
            if at < last and is_sequence(other):  # and what follows it is behind its closing character
                parts += (written.get(other) or f'<escape V="{_marked_up(other)}"/>', _marked_up(others[at + 1]))
                at += 2
            else:
                parts += (written["E"], _marked_up(other))
                at += 1
        return "".join(parts)

    return leaf


_SEQUENCE = re.compile(r"H|N|X[0-9A-Fa-f]*|[CMZ][^\r\n]*|\.[a-z]{2}[+-]?\d*|[FSRETP]")


def is_sequence(text: str) -> bool:
    """Whether a text between two escape characters is an escape sequence of HL7 v2.5.1 section 2.7.

    >>> is_sequence(".br"), is_sequence("X0D"), is_sequence("Users")
    (True, True, False)
    """
    return _SEQUENCE.fullmatch(text) is not None
