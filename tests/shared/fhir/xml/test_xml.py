"""FHIR XML and JSON are two forms of one resource: what is written is read again, digit for digit, and nothing else gets in."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree

from integrations import CATALOGUE, load
from shared import check, fhir, formats
from shared.envelope import Envelope
from shared.fhir.resource import Decimal
from shared.fhir.xml.read import read
from shared.fhir.xml.write import NAMED, write
from shared.formats.fhir.source import Fhir
from shared.formats.fhir.xml_body import as_xml
from shared.formats.media import FHIR_XML
from shared.formats.outcome import outcome_answer
from shared.issue import Issue
from shared.problems import Unsupported
from shared.xml.parse import parse
from tests.shared.fhir.validation.test_examples import EXAMPLES
from tests.shared.xml.test_attacks import REFUSED
from toolkit.samples import samples

SOURCE = Fhir(resources=("Bundle", "Patient", "Observation"))
ROOT = Path(__file__).resolve().parents[4]
EXTENSION, EXTENDED = b'<extension url="u"><valueCode value="c"/></extension>', {"extension": [{"url": "u", "valueCode": "c"}]}
PATIENT = b'<Patient xmlns="http://hl7.org/fhir">%s</Patient>'


def sent(body: bytes, content_type: str = FHIR_XML, **headers: str) -> Envelope:
    return Envelope(
        integration="x", body=body, received_at="2026-05-01T09:30:00.000Z", content_type=content_type, headers=headers
    )


def comparable(value: Any) -> Any:
    """A resource with the digits of its decimals, and its narratives in canonical form: quotes and entities may differ."""
    if isinstance(value, dict):
        parts = value.items()
        return {name: canonical(part) if name == "div" and isinstance(part, str) else comparable(part) for name, part in parts}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return ("decimal", value.text) if isinstance(value, Decimal) else value


def canonical(div: str) -> bytes:
    text = NAMED.sub(lambda found: unescape(found[0]), div)
    return etree.tostring(parse(text.encode()), method="c14n")


def exact(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal)


def resources() -> Iterator[Any]:
    """Every resource among the samples, and every one that is made of them."""
    form = formats.load("fhir")
    for name in CATALOGUE:
        for path in sorted((ROOT / "integrations" / load(name).package / "samples").glob("*.json")):
            if form.recognises(path.read_bytes()):
                yield exact(path.read_bytes())


def test_every_bundle_of_the_samples_is_the_same_in_xml() -> None:
    every = list(resources())
    assert len(every) > 90
    for resource in every:
        body = write(resource)
        again = read(parse(body))
        assert comparable(again) == comparable(resource)
        assert write(again) == body


@pytest.mark.slow
@pytest.mark.skipif(not EXAMPLES.exists(), reason="npm package hl7.fhir.r4.examples is not installed")
def test_the_official_examples_are_the_same_in_xml() -> None:
    """Every fiftieth of them. An example that is not valid by the tables cannot be written; those are few."""
    different, unwritten = [], []
    for path in sorted(EXAMPLES.glob("*-*.json"))[::50]:
        resource = exact(path.read_bytes())
        try:
            body = write(resource)
        except (ValueError, Unsupported):
            unwritten.append(path.name)
            continue
        different += [path.name] if comparable(read(parse(body))) != comparable(resource) else []
    assert different == []
    assert len(unwritten) <= 2, unwritten


@pytest.mark.parametrize(
    ("inside", "members"),
    [
        (b'<id value="p1"/><active value="true"/>', {"id": "p1", "active": True}),
        (b'<name id="n"><family value="P"/><given value="A"/></name>', {"name": [{"id": "n", "family": "P", "given": ["A"]}]}),
        (
            b'<birthDate id="b" value="1961">' + EXTENSION + b"</birthDate>",
            {"birthDate": "1961", "_birthDate": {"id": "b", **EXTENDED}},
        ),
        (b"<gender>" + EXTENSION + b"</gender>", {"_gender": EXTENDED}),
        (b'<name><given value="A"/><given id="g"/></name>', {"name": [{"given": ["A", None], "_given": [None, {"id": "g"}]}]}),
        (b'<multipleBirthInteger value="2"/>', {"multipleBirthInteger": 2}),
        (b'<contained><Basic><id value="o"/></Basic></contained>', {"contained": [{"resourceType": "Basic", "id": "o"}]}),
        (b'<name><text value="a&#10;b &amp; &lt;c&gt;"/></name>', {"name": [{"text": "a\nb & <c>"}]}),
    ],
)
def test_what_xml_says_is_what_json_says(inside: bytes, members: dict[str, Any]) -> None:
    resource = SOURCE.read(sent(PATIENT % inside))
    assert comparable(resource) == comparable({"resourceType": "Patient", **members})
    assert comparable(read(parse(write(resource)))) == comparable(resource)


@pytest.mark.parametrize(
    ("inside", "where"),
    [
        (b'<active value="yes"/>', "Patient.active"),
        (b'<active value="TRUE"/>', "Patient.active"),
        (b'<multipleBirthInteger value="007"/>', "Patient.multipleBirthInteger"),
        (b'<gender value="F"/>', "Patient.gender"),
        (b"<birthDate/>", "Patient.birthDate"),
    ],
)
def test_a_wrong_value_is_found_by_the_same_check_as_in_json(inside: bytes, where: str) -> None:
    found = [issue for issue in fhir.check(SOURCE.read(sent(PATIENT % inside))) if issue.is_error]
    assert found
    assert {issue.where.replace("_", "") for issue in found} == {where}


@pytest.mark.parametrize("digits", ["7.40", "1.0", "0.00", "-0.5", "1E-3", "100000000000000000000.1", "5"])
def test_a_number_keeps_its_digits(digits: str) -> None:
    body = b'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="%s"/></valueQuantity></Observation>'
    read_ = SOURCE.read(sent(body % digits.encode()))
    assert b'<value value="%s"/>' % digits.encode() in write(read_)
    assert b'"value":%s}' % digits.encode() in formats.load("fhir").write(read_, "1").body


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"<Zebra xmlns='http://hl7.org/fhir'/>", "not-fhir-xml"),
        (b"<Patient/>", "not-fhir-xml"),
        (b"<Patient xmlns='http://hl7.org/fhir' id='Zebra'/>", "not-fhir-xml"),
        (PATIENT % b"<resourceType value='Zebra'/>", "not-fhir-xml"),
        (PATIENT % b"<_birthDate/>", "not-fhir-xml"),
        (PATIENT % b"<identifier value='Zebra'/>", "not-fhir-xml"),
        (PATIENT % b"<name><id value='Zebra'/></name>", "not-fhir-xml"),
        (PATIENT % b"<active value='true'>Zebra</active>", "not-fhir-xml"),
        (PATIENT % b"Zebra<active value='true'/>", "not-fhir-xml"),
        (PATIENT % b"<active value='true'/><active value='false'/>", "property-twice"),
        (PATIENT % b"<contained><Patient/><Patient/></contained>", "not-fhir-xml"),
        (PATIENT % b"<o:active xmlns:o='urn:zebra' value='true'/>", "not-fhir-xml"),
        (PATIENT % b"<text><status value='empty'/><div>Zebra</div></text>", "not-fhir-xml"),
        (b"<Patient xmlns='http://hl7.org/fhir'>", "xml-not-well-formed"),
        (b"Zebra", "xml-not-well-formed"),
    ],
)  # fmt: skip
def test_what_is_not_fhir_is_refused_without_a_word_of_it(body: bytes, rule: str) -> None:
    with pytest.raises(Unsupported) as problem:
        SOURCE.read(sent(body))
    assert [issue.rule for issue in problem.value.issues] == [rule]
    assert "zebra" not in repr(problem.value.issues).lower()


@pytest.mark.parametrize("attack", [each for each in REFUSED if each != "JSON"])  # which this source reads too
def test_an_attack_gets_the_same_through_this_door(attack: str) -> None:
    body, rule = REFUSED[attack]
    with pytest.raises(Unsupported) as problem:
        SOURCE.read(sent(body))
    assert [issue.rule for issue in problem.value.issues] == [rule]


@pytest.mark.parametrize("accept", ["application/fhir+xml", "application/json;q=0.1, application/fhir+xml"])
@pytest.mark.parametrize("name", ["referrals-to-pas", "phw-to-mpi", "vaccinations-to-cdr", "clinic-appointments-to-cdr"])
def test_an_outcome_in_xml_for_whoever_accepts_it(name: str, accept: str) -> None:
    integration = load(name)
    for sample in [each for each in samples(integration) if each.name.startswith("rejected_")][:3]:
        envelope = Envelope(
            integration=name,
            body=sample.body,
            received_at="2026-05-01T09:30:00.000Z",
            content_type=sample.envelope.content_type,
            headers={"accept": accept},
        )
        answer = check.check(integration, envelope).answer
        assert answer.content_type == FHIR_XML
        outcome = read(parse(answer.body))
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"][0]["severity"] in ("error", "fatal")


def test_a_bundle_in_xml_gives_what_the_same_in_json_gives() -> None:
    integration = load("referrals-to-pas")
    for sample in [each for each in samples(integration) if not each.name.startswith("rejected_")]:
        in_json = check.run(integration, sample.envelope)
        in_xml = check.run(integration, sent(write(exact(sample.body))))
        assert in_xml.verdict == in_json.verdict
        assert without_digest(in_xml.outgoing[0].body) == without_digest(in_json.outgoing[0].body)
        assert in_xml.answer.content_type == FHIR_XML


def test_what_is_made_is_sent_in_xml_to_a_receiver_that_takes_it() -> None:
    integration = load("vaccinations-to-cdr")
    for sample in [each for each in samples(integration) if not each.name.startswith("rejected_")]:
        (in_json,) = check.run(integration, sample.envelope).outgoing
        (in_xml,) = check.run(replace(integration, write=as_xml), sample.envelope).outgoing
        assert in_xml.content_type == FHIR_XML
        assert comparable(read(parse(in_xml.body))) == comparable(exact(in_json.body))


def without_digest(message: bytes) -> bytes:
    """A message without its control id, which is made of the body if a bundle has no identifier."""
    fields = message.split(b"|")
    return b"|".join([*fields[:9], *fields[10:]])


def test_the_outcome_is_the_same_in_both() -> None:
    issues = [Issue(severity="error", code="value", where="Patient.active", text="a < b & c", rule="some-rule", clause="1.2")]
    in_xml, in_json = (outcome_answer(422, issues, media, ()).body for media in (FHIR_XML, "application/json"))
    assert read(parse(in_xml)) == orjson.loads(in_json)


def test_xml_without_a_media_type_is_known_by_its_namespace() -> None:
    body = PATIENT % b'<id value="p1"/>'
    assert formats.recognise(body) is formats.load("fhir")
    assert formats.content_type(SOURCE, body) == FHIR_XML
    marked = formats.load("fhir").mark_test(body, "S1")
    assert SOURCE.is_synthetic(SOURCE.read(sent(marked, "")))
    for coded in (body.decode().encode("utf-16"), b"\xef\xbb\xbf" + body):
        assert SOURCE.read(sent(coded, ""))["id"] == "p1"
