"""FHIR R4 in JSON: the facts of the format. An integration declares ``source.Fhir``."""

import json
from collections.abc import Iterator
from typing import Any

from shared.formats.format import Format
from shared.formats.json import FORMAT as JSON_FORMAT
from shared.formats.media import FHIR_JSON, JSON
from shared.leaves import Leaf

TEST_TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}  # test health data


def holds(document: object) -> bool:
    """Whether it is a bundle; the elements of any other resource are listed as those of JSON are."""
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def recognises(body: bytes) -> bool:
    """Whether a JSON body is a resource."""
    try:
        content = json.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and "resourceType" in content


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
    resource = json.loads(body)
    return json.dumps({**resource, "meta": {**(resource.get("meta") or {}), "tag": [TEST_TAG]}}).encode()


FORMAT = Format(
    name="fhir",
    extension="json",
    media_types=(FHIR_JSON,),
    also_sent_as=("", *JSON_FORMAT.media_types),
    assumed_type=JSON,
    answers=(FHIR_JSON, JSON),
    begins=JSON_FORMAT.begins,
    recognises=recognises,
    identifies=JSON_FORMAT.identifies,
    schemas={FHIR_JSON: {"type": "object"}, JSON: {"type": "object"}},
    example=b'{"resourceType": "Bundle", "type": "collection", "meta": {"tag": [{"code": "HTEST"}]}, "entry": []}',
    holds=holds,
    parse=JSON_FORMAT.parse,
    write=JSON_FORMAT.write,
    leaves=leaves,
    tree=tree,
    test_mark="meta.tag",
    mark_test=mark_test,
    readable=JSON_FORMAT.readable,
    shown=JSON_FORMAT.shown,
)
