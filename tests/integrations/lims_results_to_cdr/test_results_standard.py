"""The national results standard: one rule per row, ids kept; documents joined before they are decoded."""

from base64 import b64encode

import pytest

from integrations import load
from integrations.lims_results_to_cdr.documents import documents, is_whole, joined
from integrations.lims_results_to_cdr.mapping import to_transaction
from integrations.lims_results_to_cdr.rules import ResultsStandard
from integrations.lims_results_to_cdr.standard import ROWS, SAID
from shared.hl7 import parse
from toolkit.samples import samples

INTEGRATION = load("lims-results-to-cdr")
SAMPLE = next(each for each in samples(INTEGRATION) if each.name == "urea_and_electrolytes").body.decode()
OWN = {"one-nhs-number", "one-patient", "received-after-collected"}  # rules of ours, where the standard is silent


def findings(text: str) -> list[tuple[str, str]]:
    return [(issue.rule, issue.where) for issue in INTEGRATION.profile.check(parse(text))]


def test_every_row_of_the_standard_is_a_rule_or_says_why_not() -> None:
    ids = {row.id for row in ROWS} - OWN
    assert not ids & set(SAID)
    assert len(ids | set(SAID)) == 188


def test_the_sample_keeps_the_standard() -> None:
    assert findings(SAMPLE) == []


def changed(segment: str, field: int, value: str, text: str = SAMPLE) -> str:
    """The sample with another value in a field of the first such segment."""
    lines = text.split("\r")
    place = next(n for n, line in enumerate(lines) if line.startswith(segment))
    fields = lines[place].split("|")
    index = field - 1 if segment == "MSH" else field
    fields += [""] * (index + 1 - len(fields))
    fields[index] = value
    lines[place] = "|".join(fields)
    return "\r".join(lines)


BREACHES = [
    ("ORU-MSH-003", "MSH-3", "MSH", 3, ""),
    ("ORU-MSH-003c", "MSH-3.2", "MSH", 3, "W^2.16.840.1.113883.2.1.8.1.3.154^ISO"),
    ("ORU-MSH-007", "MSH-7", "MSH", 7, "20261301"),
    ("ORU-MSH-009a", "MSH-9.3", "MSH", 9, "ORU^R01"),
    ("ORU-MSH-010", "MSH-10", "MSH", 10, "A" * 21),
    ("ORU-MSH-010a", "MSH-10", "MSH", 10, "WL-1"),
    ("ORU-MSH-015", "MSH-15", "MSH", 15, "NE"),
    ("ORU-PID-001", "PID-1", "PID", 1, "2"),
    ("ORU-PID-002", "PID-2", "PID", 2, "123"),
    ("ORU-PID-003", "PID-3", "PID", 3, ""),
    ("ORU-PID-003b", "PID-3", "PID", 3, "12345"),
    ("ORU-PID-003d", "PID-3.5", "PID", 3, "1^^^154^XX"),
    ("ORU-PID-003e", "PID-3.1", "PID", 3, "9990000019^^^NHS^NH"),
    ("ORU-PID-003f", "PID-3.4.1", "PID", 3, "1^^^2.16.840.1.113883.2.1.8.1.3.126^PI"),
    ("one-nhs-number", "PID-3[2]", "PID", 3, "9990000018^^^NHS^NH~9990000026^^^NHS^NH"),
    ("ORU-PID-005", "PID-5.1", "PID", 5, "^Ann"),
    ("ORU-PID-005a", "PID-5.2", "PID", 5, "Prawf"),
    ("ORU-PID-006", "PID-7", "PID", 7, '""'),
    ("ORU-PID-007", "PID-8", "PID", 8, "Z"),
    ("ORU-PID-012e", "PID-13", "PID", 13, "ask the daughter^PRN^PH"),
    ("ORU-PID-013", "PID-15", "PID", 15, "Welsh"),
    ("ORU-PID-014", "PID-16", "PID", 16, "M"),
    ("ORU-PID-018", "PID-22", "PID", 22, "C"),
    ("ORU-PID-020", "PID-29", "PID", 29, "19600101"),
    ("ORU-PID-021", "PID-30", "PID", 30, "X"),
    ("ORU-PID-022", "PID-32", "PID", 32, "99"),
    ("ORU-NTE-002", "NTE-2", "NTE", 2, "X"),
    ("ORU-NTE-004", "NTE-4", "NTE", 4, "XX"),
    ("ORU-PV1-002", "PV1-2", "PV1", 2, "X"),
    ("ORU-PV1-003", "PV1-3", "PV1", 3, ""),
    ("ORU-PV1-004", "PV1-4", "PV1", 4, "X"),
    ("ORU-PV1-008", "PV1-8", "PV1", 8, ""),
    ("ORU-PV1-008a", "PV1-8.1", "PV1", 8, "^Enghraifft^S^^^Dr^^^GMC^^^^DN"),
    ("ORU-PV1-008e", "PV1-8.9", "PV1", 8, "C1^Enghraifft^S^^^Dr"),
    ("ORU-OBR-001", "OBR-1", "OBR", 1, "7"),
    ("ORU-OBR-003", "OBR-3", "OBR", 3, ""),
    ("ORU-OBR-004", "OBR-4", "OBR", 4, "^^L"),
    ("ORU-OBR-005", "OBR-5", "OBR", 5, "R"),
    ("ORU-OBR-007", "OBR-7", "OBR", 7, "yesterday"),
    ("ORU-OBR-008", "OBR-8", "OBR", 8, "20260101"),
    ("ORU-OBR-022", "OBR-22", "OBR", 22, ""),
    ("ORU-OBR-025", "OBR-25", "OBR", 25, "Q"),
    ("ORU-OBX-001", "OBX-1", "OBX", 1, "2"),
    ("ORU-OBX-002", "OBX-2", "OBX", 2, ""),
    ("ORU-OBX-003", "OBX-3", "OBX", 3, "^^LN"),
    ("ORU-OBX-005a", "OBX-5", "OBX", 5, "138 mmol"),
    ("ORU-OBX-006", "OBX-6", "OBX", 6, ""),
    ("ORU-OBX-008", "OBX-8", "OBX", 8, "ODD"),
    ("ORU-OBX-011", "OBX-11", "OBX", 11, ""),
    ("ORU-OBX-011b", "OBX-11", "OBX", 11, "W"),
    ("ORU-OBX-020", "OBX-20", "OBX", 20, "x"),
    ("ORU-SPM-004", "SPM-4", "SPM", 4, ""),
    ("ORU-SPM-017", "SPM-17", "SPM", 17, ""),
    ("received-after-collected", "SPM-18", "SPM", 18, "20260101"),
]


@pytest.mark.parametrize(("rule", "where", "segment", "field", "value"), BREACHES, ids=[f"{b[0]}-{b[4][:12]}" for b in BREACHES])
def test_a_breach_is_found_under_the_id_of_its_row(rule: str, where: str, segment: str, field: int, value: str) -> None:
    assert (rule, where) in findings(changed(segment, field, value))


def test_a_waived_rule_is_a_warning() -> None:
    waived = ResultsStandard(waived=("ORU-PV1-003",))
    found = waived.check(parse(changed("PV1", 3, "")))
    assert [(issue.severity, issue.rule) for issue in found] == [("warning", "ORU-PV1-003")]


def with_documents(*pieces: str) -> str:
    lines = [f"OBX|{n}|ED|11502-2^Report^LN||WLIMS^AP^PDF^Base64^{piece}||||||F" for n, piece in enumerate(pieces, 1)]
    head = [line for line in SAMPLE.split("\r") if line[:3] not in ("OBX", "NTE", "SPM")]
    return "\r".join([*filter(None, head), *lines]) + "\r"


PDF = b64encode(b"%PDF-1.4 synthetic, of a length that is no multiple of three!").decode()


def test_pieces_are_joined_before_they_are_decoded() -> None:
    message = parse(with_documents(PDF[:7], PDF[7:30], PDF[30:]))
    assert [document.data for document in documents(message)] == [PDF]
    assert joined(message)["OBX-5.5"] == PDF
    assert len(joined(message).segments("OBX")) == 1


def test_two_documents_are_not_two_pieces() -> None:
    unpadded = b64encode(b"%PDF-1.4 abc").decode()
    assert "=" not in unpadded
    assert [document.data for document in documents(parse(with_documents(unpadded, PDF)))] == [unpadded, PDF]
    padded = b64encode(b"%PDF-1.4 synthetic.").decode()
    assert len(list(documents(parse(with_documents(padded, "QUJD"))))) == 2


def test_what_is_no_pdf_is_told() -> None:
    broken = with_documents(b64encode(b"GIF89a").decode())
    assert ("ORU-PDF-003", "OBX-5.5") in findings(broken)
    assert not is_whole(next(documents(parse(with_documents("not base64")))))


def test_sent_twice_a_message_makes_the_same_transaction() -> None:
    first, second = (to_transaction(parse(SAMPLE)) for _ in range(2))
    assert first == second
