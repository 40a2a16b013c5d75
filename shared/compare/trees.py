"""A body as a tree, so that two bodies of one format are compared place by place.

Each format defines how (``Format.tree``); a format that defines nothing is compared by its leaves.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared import formats
from shared.hl7 import Message, ParseError, Segment, parse
from shared.hl7.repetition import NULL
from shared.hl7.segment import HEADERS
from shared.hl7.syntax.encoding import unescape
from shared.leaves import INDEX, short

Tree = "str | Items | dict[str, Tree]"
BODY = "(body)"  # the path of a body that has no reader, or cannot be read


class Items(NamedTuple):
    """Parts in an order: segments, repetitions, entries, elements of an array; each with its name, ``""`` where it has none."""

    parts: list[tuple[str, Any]]
    from_zero: bool = False  # JSON writes [0], HL7 writes the first without an index and the second as [2]

    def spelled(self, number: int, earlier: int) -> str:
        """What a part adds to a path; ``earlier``: how many parts of its name come before it."""
        name = self.parts[number][0]
        if self.from_zero:
            return f"{name}[{earlier}]"
        return f"{name}[{earlier + 1}]" if earlier else name


def format_of(body: bytes) -> str:
    """``hl7``, ``json`` or ``xml`` by how a body begins; ``bin`` for any other."""
    if _is_xml(body):
        return "xml"
    return next((form.extension for form in formats.every() if form.begins and form.begins_like(body)), "bin")


def _is_xml(body: bytes) -> bool:
    """Whether a body is XML, which more than one format has, and which is compared by its leaves."""
    return body.lstrip().startswith(b"<")


def tree(body: bytes) -> Any:
    """The tree of a body; a body of no format, or one that cannot be read, is one text."""
    form = formats.recognise(body) if any(form.begins and form.begins_like(body) for form in formats.every()) else None
    try:
        if form and form.tree and not _is_xml(body):
            return form.tree(body)
        return {leaf.path: leaf.text for leaf in form.leaves(form.parse(body))} if form else as_text(body)
    except (KeyError, ValueError, ParseError):
        return as_text(body)


def as_text(body: bytes) -> Any:
    """The tree of a body that has no reader, or cannot be read: one text."""
    return {BODY: body.decode("utf-8", "backslashreplace")}


def hl7_tree(body: bytes) -> Items:
    """Segments, fields, repetitions, components and subcomponents, unescaped. Empty ones have no place in it."""
    message = parse(body)
    return Items([(segment.name, dict(_fields(message, segment))) for segment in message.segments()])


def _fields(message: Message, segment: Segment) -> Iterator[tuple[str, Any]]:
    for number, text in enumerate(segment.fields[1:], 1):
        if segment.name in HEADERS and number < 3:
            yield f"-{number}", text
        elif text and (found := _repetitions(text, message)).parts:
            yield f"-{number}", found


def _repetitions(text: str, message: Message) -> Items:
    levels = (message.encoding.component, message.encoding.subcomponent)
    parts = [("", _parts(part, levels, message)) for part in text.split(message.encoding.repetition)]
    while parts and not parts[-1][1]:
        parts.pop()
    return Items(parts)


def _parts(text: str, levels: tuple[str, ...], message: Message) -> Any:
    """Components that hold something, each with its subcomponents; the text itself at the lowest level."""
    if not levels:
        return unescape(text, message.encoding)
    parts = ((number, _parts(part, levels[1:], message)) for number, part in enumerate(text.split(levels[0]), 1))
    return {f".{number}": part for number, part in parts if part}


def json_tree(body: bytes) -> Any:
    """Values of a document. Resources of a bundle are under their types: ``Patient.birthDate``, ``Observation[2].status``."""
    return document_tree(loaded(body))


def loaded(body: bytes) -> Any:
    """The document, each number as a ``Number`` that keeps its digits. ``ValueError``: not JSON, or a property is there twice."""
    return json.loads(body, parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a property is there twice")
    return made


class Number(NamedTuple):
    """A number of a JSON document as it was written: ``1.0`` is not ``1``, and ``1`` is not ``"1"``."""

    written: str


def document_tree(document: Any) -> Any:
    """The tree of a JSON document that has been read with ``loaded``."""
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind == "Bundle" and isinstance(document.get("entry"), list):
        return _bundle(document)
    return {str(kind): _json(document)} if isinstance(kind, str) else {"": _json(document)}


def _bundle(bundle: dict[str, Any]) -> dict[str, Any]:
    own = {f"Bundle.{key}": _json(value) for key, value in bundle.items() if key != "entry"}
    return {**own, "": Items([entry_part(each) for each in bundle["entry"]])}


def entry_part(entry: Any) -> tuple[str, Any]:
    """A resource under its type; the rest of the entry under the type with a colon: ``Patient:request.method``."""
    if not isinstance(entry, dict):
        return "entry", _json(entry)
    resource = entry.get("resource")
    inside = _json(resource) if isinstance(resource, dict) else {}
    kind = str(resource.get("resourceType", "entry")) if isinstance(resource, dict) else "entry"
    return kind, {**inside, **{f":{key}": _json(value) for key, value in entry.items() if key != "resource"}}


def _json(value: Any) -> Any:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return {f".{key}": _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return Items([("", _json(inner)) for inner in value], from_zero=True)
    return value.written if isinstance(value, Number) else json.dumps(value)


def is_null(value: Any) -> bool:
    """Whether a part holds nothing but the null: HL7's ``""``, or that of JSON."""
    if isinstance(value, Items):
        return bool(value.parts) and all(is_null(part) for _, part in value.parts)
    if isinstance(value, dict):
        return bool(value) and all(map(is_null, value.values()))
    return value in (NULL, "null")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every leaf, in order."""
    if isinstance(value, Items):
        counts: dict[str, int] = {}
        for number, (name, part) in enumerate(value.parts):
            counts[name] = earlier = counts.get(name, -1) + 1
            yield from leaves(part, path + value.spelled(number, earlier))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, path + key)
    else:
        yield tidy(path), value


def text(value: Any) -> str:
    """All the texts of a part, for a person to read."""
    return " ".join(each for _, each in leaves(value))


def tidy(path: str) -> str:
    """The one spelling of a path: no dot at the beginning, ``PID-13`` for ``PID-13.1.1``."""
    return short(path.removeprefix("."))


def place(path: str) -> str:
    """A path without indices, under which differences are counted: ``PID-3.4`` for ``PID[2]-3[4].4``."""
    return short(INDEX.sub("", path))
