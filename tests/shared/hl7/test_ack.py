"""Acknowledgements by version and mode."""

import pytest

from shared.hl7 import parse
from shared.hl7.ack import acknowledge, wants_answer
from shared.issue import Issue, Verdict

AT = "2024-05-01T11:30:00.000Z"
ERROR = Issue(severity="error", code="required", where="PID-3[2].4", text="PID-5 is absent", rule="name", clause="3.4.2.5")
WARNING = Issue(severity="warning", code="value", where="PID-7", text="in the future", rule="birth-date")
NOTE = Issue(severity="information", code="informational", text="line ends", rule="line-ends")
REFUSED = Verdict("AE", (NOTE, ERROR, WARNING))


def message(version: str, modes: str = "||") -> bytes:
    return f"MSH|^~\\&|252|PHW|100|MPI|20240501||ADT^A31^ADT_A05|C1|T|{version}|||{modes}\rPID|\r".encode()


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8"])
def test_fields_by_version(version: str) -> None:
    answer = parse(acknowledge(parse(message(version)), REFUSED, AT))
    msh, msa, old = answer["MSH"], answer["MSA"], version < "2.5"
    assert [msh[n] for n in ("3", "4", "5", "6", "7", "11", "12")] == [
        "100",
        "MPI",
        "252",
        "PHW",
        "20240501123000+0100",
        "T",
        version,
    ]
    assert msh.raw("9") == ("ACK^A31" if version == "2.3" else "ACK^A31^ACK")
    assert [msa["1"], msa["2"]] == ["AE", "C1"]
    assert bool(msa["3"]) == (version < "2.7")
    assert msa["6"] == ("101" if old else "")
    errors = [err.line for err in answer.segments("ERR")]
    if old:
        assert errors == ["ERR|PID^1^3^101&Required field missing&HL70357"]
    else:
        assert errors == [
            "ERR||PID^1^3^2^4|101^Required field missing^HL70357|E|name^^L||3.4.2.5|PID-5 is absent",
            "ERR||PID^1^7|102^Data type error^HL70357|W|birth-date^^L|||in the future",
        ]


def test_accepted() -> None:
    answer = parse(acknowledge(parse(message("2.5")), Verdict("AA", (NOTE,)), AT))
    assert [segment.name for segment in answer.segments()] == ["MSH", "MSA"]
    assert answer["MSA"].line == "MSA|AA|C1"


@pytest.mark.parametrize(("modes", "code"), [("|", "AE"), ("AL|NE", "CE"), ("|AL", "CE"), ("AL|", "CE")])
def test_enhanced_mode(modes: str, code: str) -> None:
    asked = parse(message("2.5", modes))
    assert parse(acknowledge(asked, REFUSED, AT))["MSA-1"] == code
    assert parse(acknowledge(asked, REFUSED, AT, "original"))["MSA-1"] == "AE"


@pytest.mark.parametrize(
    ("wish", "of_accepted", "of_refused"), [("", 1, 1), ("AL", 1, 1), ("NE", 0, 0), ("ER", 0, 1), ("SU", 1, 0), ("??", 1, 1)]
)
def test_whether_an_answer_is_wanted(wish: str, of_accepted: int, of_refused: int) -> None:
    asked = parse(message("2.5", f"{wish}|"))
    assert wants_answer(asked, Verdict("AA")) == bool(of_accepted)
    assert wants_answer(asked, REFUSED) == bool(of_refused)
    assert wants_answer(asked, REFUSED, "original")


def test_the_same_inputs_give_the_same_bytes() -> None:
    asked = parse(message("2.5"))
    first, second = (acknowledge(asked, REFUSED, AT) for _ in range(2))
    assert first == second
    control_ids = {parse(acknowledge(asked, v, AT))["MSH-10"] for v in (REFUSED, Verdict("AA"))}
    assert len(control_ids) == 2
    assert {len(each) for each in control_ids} == {20}


def test_a_body_that_is_no_message() -> None:
    issue = Issue(severity="fatal", code="structure", where="MSH", text="no MSH segment")
    answer = parse(acknowledge(None, Verdict("AR", (issue,)), AT))
    assert answer["MSH-3"] == "HUB"
    assert answer["MSA"].line == "MSA|AR||no MSH segment"
    assert answer["ERR"].line.startswith("ERR||MSH^1|100^Segment sequence error^HL70357|E")


def test_delimiters_and_characters_of_the_sender() -> None:
    asked = parse("MSH$*:!@$Ysbyty Tŷ*x$$B$$$$ADT*A31$C$1$P$2.5$$$$$$UNICODE UTF-8\r".encode())
    data = acknowledge(asked, Verdict("AE", (ERROR._replace(text="a*b"),)), AT)
    answer = parse(data)
    assert answer["MSH-5"] == "Ysbyty Tŷ"
    assert answer.raw("MSH-5") == "Ysbyty Tŷ*x"
    assert answer["MSA-3"] == answer["ERR-8"] == "a*b"


def test_a_version_that_is_none_is_answered_in_2_5() -> None:
    assert parse(acknowledge(parse(message("x^9")), REFUSED, AT))["MSH-12"] == "2.5"


PLACES = {  # the place of the first of two errors: ERR of 2.4, and ERR-2 of 2.5
    "": ("^^^101&Required field missing&HL70357", ""),
    "PID": ("PID^1^^101&Required field missing&HL70357", "PID^1"),
    "PID[2]-3": ("PID^2^3^101&Required field missing&HL70357", "PID^2^3"),
    "PID-3[2].4": ("PID^1^3^101&Required field missing&HL70357", "PID^1^3^2^4"),
}


@pytest.mark.parametrize("where", PLACES)
def test_each_error_has_its_condition_at_the_same_component_with_or_without_a_place(where: str) -> None:
    """A sender of 2.4 reads the code from the fourth component."""
    one = ERROR._replace(where=where)
    other = Issue(severity="error", code="code-invalid", where="OBX-5", text="x", rule="code")
    verdict = Verdict("AE", (one, other))
    old, new = PLACES[where]
    errors = [each.line for each in parse(acknowledge(parse(message("2.4")), verdict, AT)).segments("ERR")]
    assert errors == [f"ERR|{old}~OBX^1^5^103&Table value not found&HL70357"]
    errors = [each.raw("2") for each in parse(acknowledge(parse(message("2.5")), verdict, AT)).segments("ERR")]
    assert errors == [new, "OBX^1^5"]
