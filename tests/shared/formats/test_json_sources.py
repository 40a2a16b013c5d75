"""FHIR and JSON at the front door: everything that can be wrong has its answer, and none quotes the message."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from shared.envelope import Envelope
from shared.fhir.resource import to_json
from shared.formats.either.source import Either, is_json
from shared.formats.encoding import decoded
from shared.formats.fhir.source import Fhir
from shared.formats.hl7v2.source import Hl7
from shared.formats.json.events import JsonEvents
from shared.formats.json.schema import SchemaProfile
from shared.issue import Issue, Verdict, verdict
from shared.problems import Unsupported

SOURCE = Fhir(bundle_types=("message",), entries=("Patient", "ServiceRequest"), largest_attachment=30)
SCHEMA = {
    "type": "object",
    "required": ["id", "doses"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "born": {"type": "string", "format": "date"},
        "doses": {
            "type": "array",
            "items": {"type": "object", "required": ["site"], "properties": {"site": {"enum": ["L", "R"]}}},
        },
    },
}


def envelope(body: bytes | dict[str, Any], content_type: str = "application/fhir+json", **headers: str) -> Envelope:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Envelope(
        integration="x",
        body=raw,
        received_at="2026-03-02T09:00:00.000Z",
        content_type=content_type,
        partner="gp",
        headers=headers,
    )


def bundle(**more: Any) -> dict[str, Any]:
    entry = [{"resource": {"resourceType": "Patient", "photo": [{"data": "QUJD"}]}}]
    return {"resourceType": "Bundle", "type": "message", "identifier": {"system": "urn:s", "value": "1"}, "entry": entry} | more


BIG = [{"resource": {"resourceType": "Patient", "photo": [{"data": "QUJD" * 20}]}}]
WRONG = [
    (b"a: CANARY", "application/yaml", "content-type", "", 415),
    (b'{"resourceType": CANARY', "application/fhir+json", "not-json", "", 400),
    (b'{"a": NaN}', "application/fhir+json", "not-json", "", 400),
    (b"[" * 70 + b"]" * 70, "application/json", "too-deep", "", 400),
    (b'["CANARY"]', "application/fhir+json", "not-fhir", "", 422),
    (b'{"resourceType": 7}', "application/fhir+json", "not-fhir", "", 422),
    (b"{}", "application/fhir+json; fhirVersion=3.0", "fhir-version", "", 422),
    ({"resourceType": "Basic"}, "application/fhir+json", "resource-type", "resourceType", 422),
    (bundle(type="batch"), "application/fhir+json", "bundle-type", "Bundle.type", 422),
    (
        bundle(entry=[{"resource": {"resourceType": "Basic"}}]),
        "application/fhir+json",
        "resource-type",
        "Bundle.entry[0].resource",
        422,
    ),
    (bundle(entry=BIG), "application/fhir+json", "attachment-too-large", "Bundle.entry[0].resource.photo[0].data", 422),
]


@pytest.mark.parametrize(("body", "media", "rule", "where", "status"), WRONG)
def test_each_fault_at_the_front_door(body: Any, media: str, rule: str, where: str, status: int) -> None:
    sent = envelope(body, media)
    with pytest.raises(Unsupported) as caught:
        SOURCE.read(sent)
    assert [(issue.rule, issue.where) for issue in caught.value.issues] == [(rule, where)]
    got = SOURCE.acknowledge(sent, None, Verdict("AR", caught.value.issues))
    assert got.status == status
    assert json.loads(got.body)["resourceType"] == "OperationOutcome"
    assert b"CANARY" not in got.body


def test_a_bundle_that_is_taken() -> None:
    sent = envelope(bundle(), 'application/fhir+json; fhirVersion="4.0"')
    read = SOURCE.read(sent)
    assert SOURCE.identity(read, sent) == ("gp", "urn:s", "1")
    assert SOURCE.acknowledge(sent, read, Verdict("AA")).status == 202


def test_without_an_identifier_the_digest_is_the_identity() -> None:
    a, b = envelope(bundle(identifier=None)), envelope(bundle(identifier=None, language="cy"))
    assert SOURCE.identity(SOURCE.read(a), a) != SOURCE.identity(SOURCE.read(b), b)


def test_a_decimal_keeps_its_digits() -> None:
    source = Fhir(resources=("Observation",))
    body = b'{"resourceType":"Observation","valueQuantity":{"value":7.40}}'
    assert to_json(source.read(envelope(body))) == body


@pytest.mark.parametrize("key", ["tag", "security"])
def test_marked_as_a_test(key: str) -> None:
    assert SOURCE.is_synthetic(bundle(meta={key: [{"code": "HTEST"}]}))
    assert not SOURCE.is_synthetic(bundle())


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/fhir+json"),
        ("*/*", "application/fhir+json"),
        ("application/json", "application/json"),
        ("text/html, application/json;q=0.5", "application/json"),
        ("application/fhir+json;fhirVersion=4.0, application/json;q=0.9", "application/fhir+json"),
        ("application/fhir+json;fhirVersion=3.0, application/json;q=0.9", "application/json"),
    ],
)
def test_accept_chooses_the_face(accept: str, media: str) -> None:
    answer = SOURCE.acknowledge(envelope(bundle(), accept=accept), None, Verdict("AA"))
    assert (answer.status, answer.content_type) == (202, media)


@pytest.mark.parametrize(("code", "status"), [("transient", 503), ("exception", 500), ("required", 422)])
def test_status_of_a_failure(code: str, status: int) -> None:
    assert SOURCE.acknowledge(envelope(b""), None, verdict([Issue(severity="error", code=code, text="x")])).status == status


@pytest.fixture
def profile(tmp_path: Path) -> SchemaProfile:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return SchemaProfile("event", path)


def test_every_error_of_a_schema_at_once_by_pointer(profile: SchemaProfile) -> None:
    issues = profile.check({"id": "", "born": "CANARY1", "doses": [{"site": "CANARY2"}, {}], "CANARY3": 1})
    assert {(issue.where, issue.code) for issue in issues} == {
        ("", "structure"),
        ("/born", "value"),
        ("/doses/0/site", "code-invalid"),
        ("/doses/1/site", "required"),
        ("/id", "value"),
    }
    assert "CANARY" not in repr(issues)


def test_rules_are_asked_when_the_schema_is_content(profile: SchemaProfile) -> None:
    ruled = SchemaProfile(
        "event", profile.path, (lambda event: iter([Issue(severity="warning", code="value", where="/id", text="odd")]),)
    )
    assert [issue.text for issue in ruled.check({"id": "1", "doses": []})] == ["odd"]
    assert "odd" not in [issue.text for issue in ruled.check({})]


def test_either_source_by_the_body() -> None:
    either = Either(hl7=Hl7(versions=("2.5.1",), messages=("VXU^V04",)), json=JsonEvents())
    event = envelope(b' {"id": "7", "source": "s", "test": true}', "application/json")
    read = either.read(event)
    assert either.identity(read, event) == ("gp", "s", "7")
    assert either.is_synthetic(read)
    hl7 = envelope(b"MSH|^~\\&|A|B|C|D|20260302||VXU^V04|M1|P|2.5.1\r", "")
    assert either.identity(either.read(hl7), hl7) == ("A", "B", "M1")
    assert not is_json(hl7.body)
    unclear = envelope(b"neither", "application/json")
    assert either.acknowledge(unclear, None, Verdict("AR")).content_type == "application/json"


@pytest.mark.parametrize("body", [b'["CANARY"]', b"7"])
def test_an_event_is_an_object(body: bytes) -> None:
    with pytest.raises(Unsupported) as caught:
        JsonEvents().read(envelope(body, "application/json"))
    assert "CANARY" not in str(caught.value)


PACKED = gzip.compress(b"x" * 1000, mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding", "limit", "rule"),
    [
        (PACKED, "gzip", 999, "too-large"),
        (PACKED + PACKED, "gzip", 1999, "too-large"),
        (b"x" * 501, "", 500, "too-large"),
        (PACKED[:-9], "gzip", 2000, "not-gzip"),
        (PACKED[:-8] + bytes(8), "gzip", 2000, "not-gzip"),
        (PACKED + b"more", "gzip", 2000, "not-gzip"),
        (b"x", "x-gzip", 500, "not-gzip"),
        (b"x", "br", 500, "content-encoding"),
        (PACKED, "gzip, gzip", 2000, "content-encoding"),
    ],
)
def test_what_cannot_be_decoded(body: bytes, encoding: str, limit: int, rule: str) -> None:
    with pytest.raises(Unsupported) as caught:
        decoded(body, encoding, limit)
    assert [issue.rule for issue in caught.value.issues] == [rule]


def test_gzip_is_taken_every_member_of_it() -> None:
    assert decoded(PACKED + gzip.compress(b"y", mtime=0), "GZIP", 1001) == b"x" * 1000 + b"y"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(64 << 20), mtime=0)
    tracemalloc.start()
    with pytest.raises(Unsupported):
        decoded(bomb, "gzip", 1 << 20)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
