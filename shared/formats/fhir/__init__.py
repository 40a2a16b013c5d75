"""FHIR R4 in JSON and XML: the facts of the format. An integration declares ``source.Fhir``."""

import json
from collections.abc import Iterator
from typing import Any

from shared.formats.format import BYTE_ORDER_MARK, Format
from shared.formats.json import FORMAT as JSON_FORMAT
from shared.formats.media import FHIR_JSON, FHIR_XML, JSON
from shared.leaves import Leaf

NAMESPACE = b"http://hl7.org/fhir"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
HEAD = 4096  # bytes in which a resource in XML names its namespace
TEST_TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}  # test health data


def holds(document: object) -> bool:
    """Whether it is a bundle; the elements of any other resource are listed as those of JSON are."""
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def is_xml(body: bytes) -> bool:
    """Whether a body begins like XML."""
    return body.startswith(UTF_16) or body.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] == b"<"


def recognises(body: bytes) -> bool:
    """Whether a body is a resource: JSON with its type, or XML in the namespace of FHIR."""
    if is_xml(body):
        head = body[:HEAD].replace(b"\0", b"")  # UTF-16 becomes readable enough
        return NAMESPACE + b'"' in head or NAMESPACE + b"'" in head
    try:
        content = json.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and "resourceType" in content


def parse(body: bytes) -> Any:
    """The resource of a body. ``ValueError``: it is neither JSON nor FHIR XML."""
    if not is_xml(body):
        return JSON_FORMAT.parse(body)
    from shared.fhir.xml.read import read
    from shared.problems import Unsupported
    from shared.xml.parse import parse

    try:
        return read(parse(body))
    except Unsupported as problem:
        raise ValueError(str(problem)) from None


def readable(body: bytes) -> bytes:
    """A body as a reviewer reads it; XML as it is."""
    return body if is_xml(body) else JSON_FORMAT.readable(body)


def shown(body: bytes, media: str) -> Any:
    """A body as OpenAPI shows it in a media type: an object for JSON, a text for XML."""
    if media != FHIR_XML:
        return parse(body)
    from shared.fhir.xml.write import write

    return body.decode() if is_xml(body) else write(json.loads(body)).decode()


def leaves(bundle: dict[str, Any]) -> Iterator[Leaf]:
    """Every value of the resources in a bundle."""
    from shared.formats.fhir.leaves import bundle_leaves

    return bundle_leaves(bundle)


def tree(body: bytes) -> Any:
    """Values by their paths; the resources of a bundle under their types."""
    from shared.compare.trees import json_tree

    return json_tree(body)


def mark_test(body: bytes, control_id: str) -> bytes:
    """A resource with the tag of test data. Its identifier stays, because FHIR has no control id.

    >>> mark_test(b'{"resourceType": "Bundle"}', "S1")[:50]
    b'{"resourceType": "Bundle", "meta": {"tag": [{"syst'
    """
    if is_xml(body):
        return _mark_test_xml(body)
    resource = json.loads(body)
    return json.dumps({**resource, "meta": {**(resource.get("meta") or {}), "tag": [TEST_TAG]}}).encode()


def _mark_test_xml(body: bytes) -> bytes:
    """A resource in XML with the tag of test data in the place of its other tags."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(body)  # noqa: S314 a sample of our own; the standard library only
    name = f"{{{NAMESPACE.decode()}}}"
    meta = root.find(f"{name}meta")
    if meta is None:
        meta = ElementTree.Element(f"{name}meta")
        root.insert(1 if root.find(f"{name}id") is not None else 0, meta)
    for tag in meta.findall(f"{name}tag"):
        meta.remove(tag)
    coding = ElementTree.SubElement(meta, f"{name}tag")
    for part, value in TEST_TAG.items():
        ElementTree.SubElement(coding, f"{name}{part}", value=value)
    ElementTree.register_namespace("", NAMESPACE.decode())
    return ElementTree.tostring(root)


FORMAT = Format(
    name="fhir",
    extension="json",
    media_types=(FHIR_JSON, FHIR_XML),
    also_sent_as=("", *JSON_FORMAT.media_types, "application/xml", "text/xml"),
    assumed_type=JSON,
    assumed_if=(is_xml, FHIR_XML),
    answers=(FHIR_JSON, JSON, FHIR_XML),
    begins=(*JSON_FORMAT.begins, b"<", *UTF_16),
    recognises=recognises,
    identifies=JSON_FORMAT.identifies,
    schemas={FHIR_JSON: {"type": "object"}, JSON: {"type": "object"}, FHIR_XML: {"type": "string"}},
    example=b'{"resourceType": "Bundle", "type": "collection", "meta": {"tag": [{"code": "HTEST"}]}, "entry": []}',
    holds=holds,
    parse=parse,
    write=JSON_FORMAT.write,
    leaves=leaves,
    tree=tree,
    test_mark="meta.tag",
    mark_test=mark_test,
    readable=readable,
    shown=shown,
)
