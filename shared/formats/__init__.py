"""The formats that messages come in. Each is a package that owns its facts (``format``), its source and its answers.

A package is imported when a source of its format is declared, or when a tool needs all of them.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from shared.formats.format import BYTE_ORDER_MARK, Format
from shared.leaves import Leaf

FORMATS: dict[str, str] = {
    "hl7v2": "shared.formats.hl7v2",
    "fhir": "shared.formats.fhir",
    "json": "shared.formats.json",
    "hl7_xml": "shared.formats.hl7_xml",
    "soap": "shared.formats.soap",
    "csv": "shared.formats.csv",
    "xml": "shared.formats.xml",  # any XML: the last of those that begin so
}
MARKUP = {b"{": "application/json", b"[": "application/json", b"<": "application/xml"}  # how a body begins -> its media type
UNMARKED = "x-application/hl7-v2+er7"  # of a body that begins like nothing we know: most senders of queues send HL7 v2


class Formatted(Protocol):
    """A source: ``format`` names its format, or several with ``|`` between them."""

    @property
    def format(self) -> str: ...


@cache
def load(name: str) -> Format:
    """The format of this name; ``KeyError`` when there is none."""
    form = import_module(FORMATS[name]).FORMAT
    if not isinstance(form, Format):
        raise TypeError(f"{FORMATS[name]}.FORMAT is not a Format")
    return form


def every() -> Iterator[Format]:
    """Every format."""
    return map(load, FORMATS)


def of(source: Formatted) -> tuple[Format, ...]:
    """The formats of a source.

    >>> [form.name for form in of(type("Source", (), {"format": "hl7v2|json"})())]
    ['hl7v2', 'json']
    """
    return tuple(map(load, source.format.split("|")))


def holding(document: object) -> Format | None:
    """The format of a document, or of what a mapping made; ``None`` when no format holds it."""
    return next((form for form in every() if form.holds(document)), None)


def leaves(document: Any) -> Iterator[Leaf]:
    """Every place of a document that holds a text; what no format holds, such as bytes, is one place."""
    form = holding(document)
    return form.leaves(document) if form else iter((Leaf("", str(document), lambda new: new),))


def text(document: Any, path: str) -> str:
    """The text at a path, where the format finds it faster than among all leaves; ``""`` otherwise."""
    form = holding(document)
    return form.text(document, path) if form and form.text else ""


def recognise(body: bytes) -> Format | None:
    """The format of a body, by its text alone; ``None`` when we know none. For tools: it may read the whole body.

    >>> [form.name if (form := recognise(body)) else "" for body in (b"MSH|", b'{"resourceType": "Patient"}', b"[1]", b"<a/>")]
    ['hl7v2', 'fhir', 'json', 'xml']
    """
    return next((form for form in every() if form.begins_like(body) and form.recognises(body)), None)


def naming(content_type: str) -> Format | None:
    """The format that a media type names; ``None`` when it names none that we know."""
    media = content_type.partition(";")[0].strip().lower()
    return next((form for form in every() if media in form.media_types), None)


def takes(source: Formatted, content_type: str) -> bool:
    """Whether a source takes a body of this media type."""
    return any(form.takes(content_type) for form in of(source))


def answers(source: Formatted) -> tuple[str, ...]:
    """The media types that a source can answer in, the usual one first."""
    return tuple(dict.fromkeys(media for form in of(source) for media in form.answers))


def content_type(source: Formatted, body: bytes) -> str:
    """The media type of a body that was sent without one: by the formats of its source, otherwise by how it begins.

    >>> hl7 = type("Source", (), {"format": "hl7v2"})()
    >>> content_type(hl7, b"MSH|^~"), content_type(hl7, b' {"id": 1}'), content_type(hl7, b"<?xml?>")
    ('x-application/hl7-v2+er7', 'application/json', 'application/xml')
    """
    own = (form.assume(body) for form in of(source) if form.begins_like(body))
    return next(own, MARKUP.get(body.removeprefix(BYTE_ORDER_MARK).lstrip()[:1], UNMARKED))
