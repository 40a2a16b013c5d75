"""The front door: version, sender and type unchanged, and the forms of an answer."""

import json

import pytest

from shared.envelope import Envelope
from shared.formats.hl7v2.source import Hl7
from shared.hl7 import parse
from shared.integration import Source
from shared.issue import Issue, Verdict
from shared.problems import Unsupported

SOURCE = Hl7(versions=("2.5",), senders=("212", "224"), messages=("ADT^A28", "ADT^A40^ADT_A39", "ADT^A40^ADT_A40"), stamp=True)
AT = "2024-07-01T23:30:00.000Z"


def envelope(sender: str = "212", kind: str = "ADT^A28", version: str = "2.5", at: str = "2024", accept: str = "") -> Envelope:
    body = f"MSH|^~\\&|{sender}|F|100|MPI|{at}||{kind}|C1|P|{version}\rPID|1\r".encode()
    return Envelope(integration="x", body=body, received_at=AT, headers={"accept": accept} if accept else {})


def test_it_is_a_source() -> None:
    source: Source = SOURCE
    content = source.read(envelope())
    assert source.identity(content, envelope()) == ("212", "F", "C1")
    assert not source.is_synthetic(content)
    assert source.repairs(content) == ()


@pytest.mark.parametrize("kind", ["ADT^A28", "ADT^A28^ADT_A05", "ADT^A40^ADT_A39", "ADT^A40^ADT_A40", "ADT^A40"])
def test_what_is_taken(kind: str) -> None:
    assert SOURCE.read(envelope(kind=kind))["MSH-10"] == "C1"


@pytest.mark.parametrize("name", ["", "^ADT_A09", "^ADT_A12"])
def test_a_cancelled_transfer_has_either_structure_that_the_standard_gives_it(name: str) -> None:
    """Chapter 3 of v2.5 and table 0354 do not agree; what the feed names itself is exact."""
    open_to_both, exact = Hl7(versions=("2.5",), messages=("ADT^A12",)), Hl7(versions=("2.5",), messages=("ADT^A12^ADT_A09",))
    assert open_to_both.read(envelope(kind=f"ADT^A12{name}"))["MSH-9.3"] == name[1:]
    if name == "^ADT_A12":
        with pytest.raises(Unsupported):
            exact.read(envelope(kind=f"ADT^A12{name}"))


@pytest.mark.parametrize(
    ("change", "condition", "where"),
    [
        ({"version": "2.5.1"}, "203", "MSH-12"),
        ({"version": "2.5^GBR"}, "203", "MSH-12"),
        ({"version": ""}, "203", "MSH-12"),
        ({"sender": "212^X"}, "207", "MSH-3"),
        ({"sender": " 212"}, "207", "MSH-3"),
        ({"kind": "ORU^R01"}, "200", "MSH-9.1"),
        ({"kind": ""}, "200", "MSH-9.1"),
        ({"kind": "ADT^A31"}, "201", "MSH-9.2"),
        ({"kind": "ADT^A28^ADT_A01"}, "200", "MSH-9.3"),
    ],
)
def test_what_is_not(change: dict[str, str], condition: str, where: str) -> None:
    with pytest.raises(Unsupported) as refused:
        SOURCE.read(envelope(**change))
    assert [(issue.condition, issue.where) for issue in refused.value.issues] == [(condition, where)]


def test_every_reason_is_reported_and_no_value() -> None:
    with pytest.raises(Unsupported) as refused:
        SOURCE.read(envelope("SECRET", "SEC^RET", "9.9"))
    assert len(refused.value.issues) == 3
    assert "SEC" not in str(refused.value.issues) + str(refused.value)


def test_a_body_that_is_not_hl7() -> None:
    bad = Envelope(integration="x", body=b"{}", received_at=AT)
    with pytest.raises(Unsupported) as refused:
        SOURCE.read(bad)
    answer = SOURCE.acknowledge(bad, None, Verdict("AR", refused.value.issues))
    assert parse(answer.body)["MSA-1"] == "AR"
    assert answer.status == 200


def test_an_absent_time_becomes_the_time_of_receipt_with_a_warning() -> None:
    message = SOURCE.read(envelope(at=""))
    assert message["MSH-7"] == "20240702003000"
    assert [(issue.severity, issue.where) for issue in SOURCE.repairs(message)] == [("warning", "MSH-7")]
    assert Hl7(versions=("2.5",), messages=("ADT^A28",)).read(envelope(at=""))["MSH-7"] == ""


REJECTED = Verdict("AE", (Issue(severity="error", code="required", where="PID-5", text="absent"),))


@pytest.mark.parametrize(
    ("accept", "decision", "status", "media"),
    [
        ("", REJECTED, 200, "application/hl7-v2"),
        ("*/*", REJECTED, 200, "application/hl7-v2"),
        ("text/plain, application/json", REJECTED, 200, "text/plain"),
        ("text/html", REJECTED, 200, "application/hl7-v2"),
        ("application/fhir+json", REJECTED, 422, "application/fhir+json"),
        ("application/json;q=0.9", Verdict("AA"), 202, "application/json"),
        ("", Verdict("AE", (Issue(severity="error", code="transient", text="storage"),)), 503, "application/hl7-v2"),
        ("", Verdict("AE", (Issue(severity="fatal", code="exception", text="fault"),)), 500, "application/hl7-v2"),
        (
            "application/fhir+json",
            Verdict("AE", (Issue(severity="error", code="transient", text="storage"),)),
            503,
            "application/fhir+json",
        ),
    ],
)
def test_faces(accept: str, decision: Verdict, status: int, media: str) -> None:
    asked = envelope(accept=accept)
    answer = SOURCE.acknowledge(asked, SOURCE.read(asked), decision)
    assert (answer.status, answer.content_type) == (status, media)
    if media.endswith("json"):
        assert json.loads(answer.body)["resourceType"] == "OperationOutcome"
    else:
        assert parse(answer.body)["MSA-2"] == "C1"


def test_no_answer_if_none_is_requested() -> None:
    asked = Envelope(integration="x", body=envelope().body.replace(b"|2.5\r", b"|2.5|||NE\r"), received_at=AT)
    assert SOURCE.acknowledge(asked, SOURCE.read(asked), Verdict("AA")).status == 204
    storage = Verdict("AE", (Issue(severity="error", code="transient", text="storage"),))
    assert SOURCE.acknowledge(asked, SOURCE.read(asked), storage).status == 503


@pytest.mark.parametrize(
    ("sent", "synthetic"),
    [("P", False), ("T", True), ("D", True), ("D^I", True), ("T^", True), ("P^T", False), ("", False), ("TD", False)],
)
def test_synthetic(sent: str, synthetic: bool) -> None:
    """Each code of HL7 table 0103; what is for training or debugging never reaches a destination of real patients."""
    message = SOURCE.read(Envelope(integration="x", body=envelope().body.replace(b"|P|", f"|{sent}|".encode()), received_at=AT))
    assert SOURCE.is_synthetic(message) is synthetic
