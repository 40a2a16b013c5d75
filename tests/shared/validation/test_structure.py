"""Structures: what is taken, and the findings of what is not, at the right path."""

import pytest

from shared.hl7 import Message, parse
from shared.validation import Structure, structures
from shared.validation.grammar import compile_grammar, required


def found(structure: Structure, names: str) -> list[tuple[str, str]]:
    body = "\r".join(f"{name}|^~\\&|" if name == "MSH" else f"{name}|1" for name in names.split())
    return [(issue.rule, issue.where) for issue in structure.check(parse(body))]


@pytest.mark.parametrize(
    ("structure", "names"),
    [
        (structures.ADT_A05, "MSH EVN PID PV1"),
        (structures.ADT_A05, "MSH SFT SFT EVN PID PD1 ROL ROL NK1 NK1 PV1 PV2 ROL DB1 OBX OBX AL1 DG1 DRG PR1 ROL PR1 GT1"),
        (structures.ADT_A05, "MSH EVN PID PV1 IN1 IN2 IN3 IN3 ROL IN1 IN1 ACC UB1 UB2"),
        (structures.ADT_A05_VISIT_OPTIONAL, "MSH EVN PID OBX"),
        (structures.ADT_A05_VISIT_OPTIONAL, "MSH EVN PID PV1 PV2 ROL OBX"),
        (structures.ADT_A39, "MSH EVN PID MRG PID PD1 MRG PV1 PID MRG"),
        (structures.ADT_A39_NK1, "MSH EVN PID NK1 NK1 MRG"),
        (structures.with_z_segments(structures.ADT_A05), "MSH ZAA EVN PID ZBB PV1 ZCC"),
    ],
)
def test_taken(structure: Structure, names: str) -> None:
    assert found(structure, names) == []


@pytest.mark.parametrize(
    ("structure", "names", "findings"),
    [
        (structures.ADT_A05, "MSH EVN PV1", [("segment-missing", "PID")]),
        (structures.ADT_A05, "MSH EVN PID", [("segment-missing", "PV1")]),
        (structures.ADT_A05, "MSH EVN PID OBX", [("segment-missing", "PV1")]),
        (structures.ADT_A05, "MSH PID PV1", [("segment-missing", "EVN")]),
        (structures.ADT_A05, "MSH EVN PID PID PV1", [("segment-repeated", "PID[2]")]),
        (structures.ADT_A05, "MSH EVN PID PV1 PID PV1", [("segment-repeated", "PID[2]"), ("segment-repeated", "PV1[2]")]),
        (structures.ADT_A05, "MSH PID EVN PV1", [("segment-order", "EVN")]),
        (structures.ADT_A05, "MSH EVN PID PV1 NK1", [("segment-order", "NK1")]),
        (structures.ADT_A05, "MSH EVN PID PV1 ZAA", [("z-segment", "ZAA")]),
        (structures.ADT_A05, "MSH EVN PID PV1 QRD QRD", [("segment-unknown", "QRD"), ("segment-unknown", "QRD[2]")]),
        (structures.ADT_A05, "MSH EVN PID PV1 IN2", [("segment-missing", "IN1")]),
        (structures.ADT_A05_VISIT_OPTIONAL, "MSH EVN PID PV2", [("segment-missing", "PV1")]),
        (structures.ADT_A05_NK1_AFTER_PV1, "MSH SFT EVN PID PV1", [("segment-unknown", "SFT")]),
        (structures.ADT_A05_NK1_AFTER_PV1, "MSH EVN PID NK1 PV1 NK1 OBX", [("segment-order-tolerated", "NK1[2]")]),
        (structures.ADT_A39, "MSH EVN PID", [("segment-missing", "MRG")]),
        (structures.ADT_A39, "MSH EVN PID MRG PID", [("segment-missing", "MRG[2]")]),
        (structures.ADT_A39, "MSH EVN MRG", [("segment-missing", "PID")]),
    ],
)
def test_not_taken(structure: Structure, names: str, findings: list[tuple[str, str]]) -> None:
    assert found(structure, names) == findings


def test_a_line_that_is_not_a_segment_is_reported_once() -> None:
    read = parse("MSH|^~\\&|\rEVN|1\rPID|1\rPV1|1\rjones|1")
    made = Message(read.lines, read.encoding)  # our own output has no reader that would have found it
    for message in (read, made):
        found = [*message.repairs, *structures.ADT_A05.check(message)]
        assert [(issue.rule, issue.where) for issue in found] == [("not-a-segment", "")]


def test_choice_and_groups() -> None:
    order = Structure("MSH { [PID [{NTE}]] {ORC <OBR|RXO> [{NTE}] [{OBX [{NTE}]}]} }")
    assert found(order, "MSH PID NTE ORC OBR OBX NTE OBX ORC RXO PID ORC OBR") == []
    assert found(order, "MSH PID ORC OBX") == [("segment-missing", "OBR")]


@pytest.mark.parametrize("text", ["MSH [PID", "MSH PID]", "MSH pid", "MSH {PID]", "MSHPID"])
def test_a_text_that_is_no_grammar(text: str) -> None:
    with pytest.raises(ValueError):
        compile_grammar(text)


def test_required() -> None:
    assert list(required(compile_grammar("MSH EVN PID [PD1] {ORC <OBR|RXO>} [{NK1}]"))) == ["MSH", "EVN", "PID", "ORC"]


def test_a_hostile_message_costs_little_and_is_refused() -> None:
    many = "MSH EVN PID PV1 " + "NK1 PV1 EVN " * 2000
    assert found(structures.ADT_A05, many) == [("segment-order", "")]
    assert len(found(structures.ADT_A05, "MSH EVN PID PV1 " + "ZAA " * 5000)) == 50


def test_no_value_gets_into_the_text() -> None:
    body = "MSH|^~\\&|\rEVN|\rPID|1\rPV1|\rSmith is here\r"
    assert "Smith" not in str(structures.ADT_A05.check(parse(body)))


def test_only_names_of_the_grammar_are_remembered() -> None:
    """A broken line would be kept with all its text, in a place that is never emptied."""
    grammar = compile_grammar("MSH EVN [{PID}]")
    for row in ("MSH EVN", "MSH EVN PID PID", "MSH Jones^Ann PID", "MSH EVN PID 9990000018", "EVN PID PV1"):
        grammar.fits(row.split())
    assert not grammar.fits(["MSH", "EVN PID"])  # two names in one are neither
    assert {name for state in grammar.states.values() for name in state} <= {"MSH", "EVN", "PID"}
    assert len(grammar.states) < 8


@pytest.mark.parametrize(
    ("text", "taken", "not_taken"),
    [
        ("<A00|B00>", ["A00", "B00"], ["", "A00 B00", "B00 A00", "A00 A00"]),
        ("<A00|[B00]>", ["A00", "B00", ""], ["A00 B00"]),
        ("<[A00]|B00>", ["A00", "B00", ""], ["A00 B00"]),
        ("<[A00]|[B00]>", ["A00", "B00", ""], ["A00 B00"]),
        ("<A00|B00|C00>", ["A00", "B00", "C00"], ["", "A00 C00"]),
        ("<A00 B00|C00>", ["A00 B00", "C00"], ["A00", "B00", "A00 C00"]),
        ("[A00] B00", ["B00", "A00 B00"], ["", "A00", "B00 A00"]),
        ("A00 [B00]", ["A00", "A00 B00"], ["", "B00"]),
        ("[A00] [B00]", ["", "A00", "B00", "A00 B00"], ["B00 A00"]),
        ("{A00}", ["A00", "A00 A00", "A00 A00 A00"], [""]),
        ("[{A00}]", ["", "A00", "A00 A00"], ["B00"]),
        ("{A00 [B00]}", ["A00", "A00 B00", "A00 A00 B00", "A00 B00 A00"], ["", "B00", "A00 B00 B00"]),
        ("{[A00] B00}", ["B00", "A00 B00", "B00 A00 B00"], ["", "A00", "B00 A00"]),
        ("A00 {<B00|C00>} D00", ["A00 B00 D00", "A00 C00 B00 D00"], ["A00 D00", "A00 B00"]),
        ("A00 ~B00 C00", [], ["A00 B00 C00", "A00 C00"]),
        ("A00 [~B00] C00", ["A00 C00"], ["A00 B00 C00"]),
    ],
)
def test_each_sign_of_the_grammar(text: str, taken: list[str], not_taken: list[str]) -> None:
    """Taken at once, without a repair: a segment that is merely tolerated is not."""
    grammar = compile_grammar(text)
    assert [row for row in (*taken, *not_taken) if grammar.fits(row.split())] == taken
