"""What an integration answers and sends where a message could say something false of a patient."""

from typing import Any

import orjson
import pytest

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.issue import Issue
from toolkit.samples import RECEIVED_AT, samples

LIMS, PAS, VACCINATIONS, DOCUMENTS = "lims-results-to-cdr", "pas-adt-to-cdr", "vaccinations-to-cdr", "documents-to-cdr"


def ran(name: str, body: bytes) -> check.Ran:
    found = check.run(load(name), Envelope(integration=name, body=body, received_at=RECEIVED_AT))
    assert not found.faults, found.faults
    return found


def sample(name: str, kind: bytes) -> list[bytes]:
    """The segments of the first accepted sample of a kind of message."""
    every = (each.body for each in samples(load(name)) if not each.name.startswith("rejected"))
    return next(body for body in every if kind in body[:200]).rstrip(b"\r").split(b"\r")


def sent(found: check.Ran, kind: str) -> list[Any]:
    bundle = orjson.loads(found.outgoing[0].body)
    return [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind]


def issues(found: check.Ran, rule: str) -> list[Issue]:
    return [issue for issue in found.verdict.issues if issue.rule == rule]


HEADER = sample(LIMS, b"ORU^R01")[0]
UN = b"PID|1||9990000115^^^NHS^NH~L1002^^^154^PI||Un^Nia||19881231|F|||1 Heol yr Orsaf^Treforys^Abertawe^^SA6 8BA"
DAU = b"PID|2||9990000123^^^NHS^NH~L9999^^^154^PI||Dau^Dafydd||19800202|M|||1 Heol yr Orsaf^Treforys^Abertawe^^SA6 8BA"
VISIT = next(line for line in sample(LIMS, b"ORU^R01") if line.startswith(b"PV1"))
OBR = b"OBR|1|P1^PAS|F1^LIMS|CRP^Test^L|||20260115093000|||||||||||||||20260115100000||CH|F"
OBX = b"OBX|1|NM|1^x^L||7|mg/L|||||F"


def results(*lines: bytes) -> check.Ran:
    return ran(LIMS, b"\r".join([HEADER, *lines, b""]))


def test_results_of_two_people_in_one_message_are_refused() -> None:
    found = results(UN, VISIT, OBR, OBX, DAU, VISIT, OBR, OBX)
    assert found.verdict.acknowledgement == "AR"
    assert [issue.where for issue in issues(found, "one-patient")] == ["PID[2]"]


@pytest.mark.parametrize(
    "again", [UN, UN.replace(b"PID|1", b"PID|2"), UN.replace(b"Un^Nia", b"Dau^Dafydd").replace(b"L1002", b"L9999")]
)
def test_one_nhs_number_twice_is_no_second_one(again: bytes) -> None:
    found = results(UN, VISIT, OBR, OBX, again, VISIT, OBR.replace(b"F1", b"F2"), OBX)
    assert found.verdict.acknowledgement == "AA"
    assert not issues(found, "one-nhs-number")
    assert issues(found, "ORU-STR-015")
    assert len(sent(found, "Patient")) == 1


def test_two_nhs_numbers_are_refused_as_before() -> None:
    assert issues(results(UN.replace(b"~", b"~9990000123^^^NHS^NH~"), VISIT, OBR, OBX), "one-nhs-number")


@pytest.mark.parametrize(
    ("obx", "text", "rule"),
    [
        (b"OBX|1|TX|1^x^L||one\\X000D\\two||||||F", "one\ntwo", "control-code-not-mapped"),
        (b"OBX|1|TX|1^x^L||first\nsecond||||||F", "first\nsecond", "line-feed"),
        (b"OBX|1|SN|1^x^L||^5^x^7|mg/L|||||F", "5 x 7 mg/L", "value-not-mapped"),
    ],
)
def test_what_is_put_right_is_sent_and_named(obx: bytes, text: str, rule: str) -> None:
    found = results(UN, VISIT, OBR, obx)
    assert (found.verdict.acknowledgement, sent(found, "Observation")[0]["valueString"]) == ("AA", text)
    assert issues(found, rule)


@pytest.mark.parametrize("value", [b"^^", b'""^""'])
def test_a_coded_result_without_a_code_is_no_dead_letter(value: bytes) -> None:
    found = results(UN, VISIT, OBR, b"OBX|1|CWE|1^x^L||" + value + b"||||||F")
    assert found.verdict.acknowledgement == "AA"
    assert not [key for key in sent(found, "Observation")[0] if key.startswith("value")]


def test_two_whole_messages_in_one_body_are_refused() -> None:
    one = b"\r".join([HEADER, UN, VISIT, OBR, OBX, b""])
    found = ran(LIMS, one + one)
    assert not found.verdict.accepted
    assert not found.outgoing


def vaccination(**fields: bytes) -> check.Ran:
    """The first sample with these fields of RXA."""
    lines = sample(VACCINATIONS, b"VXU^V04")
    place = next(n for n, line in enumerate(lines) if line.startswith(b"RXA"))
    rxa = lines[place].split(b"|") + [b""] * 30
    for number, text in fields.items():
        rxa[int(number[3:])] = text
    lines[place] = b"|".join(rxa).rstrip(b"|")
    return ran(VACCINATIONS, b"\r".join([*lines, b""]))


def test_a_refused_vaccination_is_not_given_and_a_contradiction_is_refused() -> None:
    refused = vaccination(rxa18=b"00^Refused^NIP002", rxa20=b"", rxa21=b"")
    made = sent(refused, "Immunization")[0]
    assert (made["status"], bool(made["statusReason"])) == ("not-done", True)
    against = vaccination(rxa18=b"00^Refused^NIP002", rxa20=b"CP", rxa21=b"")
    assert (against.verdict.acknowledgement, against.outgoing) == ("AE", ())


@pytest.mark.parametrize("field", ["rxa3", "rxa5"])
def test_a_null_is_neither_a_vaccine_nor_a_time(field: str) -> None:
    assert vaccination(**{field: b'""'}).verdict.acknowledgement == "AE"


def document(**changes: bytes) -> check.Ran:
    lines = sample(DOCUMENTS, b"MDM^T02")
    changed = [changes.get(line[:3].decode(), line) for line in lines]
    return ran(DOCUMENTS, b"\r".join([*changed, b""]))


def test_every_file_of_a_document_is_sent() -> None:
    two = b"OBX|1|ED|PDF^Report^L||^AP^PDF^Base64^JVBERi0xLjQ=~^AP^PDF^Base64^JVBERi0xLjU=||||||F"
    found = document(OBX=two)
    assert len(sent(found, "Binary")) == len(sent(found, "DocumentReference")[0]["content"]) == 2


@pytest.mark.parametrize("null", [b'""', b"^", b'""^""'])
def test_a_document_of_a_null_is_none(null: bytes) -> None:
    assert document(OBX=b"OBX|1|TX|1^x^L||" + null + b"||||||F").verdict.acknowledgement == "AE"


@pytest.mark.parametrize(
    "segment", [b'AL1|1|""|""', b'AL1|1|DA|""', b"AL1|1", b'NK1|1|""|""', b'DG1|1||""', b'GT1|1|""', b'IN1|1|""|""']
)
def test_a_segment_of_nulls_makes_nothing_and_is_named(segment: bytes) -> None:
    lines = [each for each in sample(PAS, b"ADT^A01") if each[:3] in (b"MSH", b"EVN", b"PID", b"PV1")]
    place = lines.index(next(each for each in lines if each.startswith(b"PV1"))) + (not segment.startswith(b"NK1"))
    found = ran(PAS, b"\r".join([*lines[:place], segment, *lines[place:], b""]))
    assert found.verdict.acknowledgement == "AA"
    assert issues(found, "segment-says-nothing")
    body = found.outgoing[0].body
    assert b'\\"\\"' not in body
    assert b"%22%22" not in body
