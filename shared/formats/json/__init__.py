"""JSON: the facts of the format. An integration declares ``events.JsonEvents`` and a ``schema.SchemaProfile``."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shared.formats.format import Format
from shared.formats.media import FHIR_JSON, FHIR_XML, JSON
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Outgoing


def holds(document: object) -> bool:
    """Whether it is an object or an array."""
    return isinstance(document, dict | list)


def parse(body: bytes) -> Any:
    """The document of a body; ``JSONDecodeError``, a ``ValueError``, when it is not JSON."""
    return json.loads(body)


def write(document: Any, control_id: str) -> "Outgoing":
    """A document as it is sent: what our mappings make of JSON is FHIR."""
    from shared.envelope import Outgoing
    from shared.fhir.resource import to_json_apart

    body, texts = to_json_apart(document)
    return Outgoing(content_type=FHIR_JSON, body=body, control_id=control_id, texts=tuple(texts))


def leaves(document: Any) -> Iterator[Leaf]:
    """Every value."""
    from shared.formats.json.leaves import json_leaves

    return json_leaves(document)


def tree(body: bytes) -> Any:
    """Values by their paths; the resources of a bundle under their types."""
    from shared.compare.trees import json_tree

    return json_tree(body)


def mark_test(body: bytes, control_id: str) -> bytes:
    """An event with another ``id`` and ``test`` set.

    >>> mark_test(b'{"id": "1", "dose": 2}', "S1")
    b'{"id": "S1", "dose": 2, "test": true}'
    """
    return json.dumps({**json.loads(body), "id": control_id, "test": True}).encode()


def readable(body: bytes) -> bytes:
    """A body with one value on each line."""
    import orjson

    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


FORMAT = Format(
    name="json",
    extension="json",
    media_types=(JSON, "text/json", "application/cloudevents+json"),
    also_sent_as=("", FHIR_JSON),
    assumed_type=JSON,
    answers=(FHIR_JSON, JSON, FHIR_XML),
    begins=(b"{", b"["),
    identifies=("id", "identifier", "source", "resourceType", "type", "system"),
    schemas={JSON: {"type": "object"}},
    example=b'{"id": "EXAMPLE1", "source": "/example", "type": "example", "test": true, "name": "Prawf"}',
    holds=holds,
    parse=parse,
    write=write,
    leaves=leaves,
    tree=tree,
    test_mark="/test",
    mark_test=mark_test,
    readable=readable,
    shown=lambda body, media: json.loads(body),
)
