"""Recorded pairs are read from folders and from JSON lines; what cannot be read is one clear line."""

import base64
import json
from pathlib import Path

import pytest

from shared.compare.agreed import BrokenAgreement, draft
from shared.compare.agreed import read as read_agreements
from toolkit.migrate.pairs import BrokenPairs, Pair, read

IN, OUT = b"MSH|^~\\&|A\rPID|1\r", b"MSH|^~\\&|B\rPID|1\r"


def folder(path: Path, **files: bytes) -> list[Pair]:
    for name, body in files.items():
        (path / name.replace("__", ".")).write_bytes(body)
    return read(path)


def test_a_folder(tmp_path: Path) -> None:
    [one, two] = folder(tmp_path, a__in__hl7=IN, a__out__hl7=OUT, a__out__2__hl7=IN, b__in__hl7=IN, a__issues__json=b"[]")
    assert one == Pair("a", IN, "hl7", accepted=True, outputs=(OUT, IN))
    assert two == Pair("b", IN, "hl7", accepted=False, outputs=())


def test_ten_bodies_are_in_their_order(tmp_path: Path) -> None:
    files = {f"a__out__{n}__hl7": b"MSH%d" % n for n in range(2, 12)}
    [one] = folder(tmp_path, a__in__hl7=IN, a__out__hl7=b"MSH1", **files)
    assert one.outputs == tuple(b"MSH%d" % n for n in range(1, 12))


@pytest.mark.parametrize(
    ("ack", "accepted"),
    [(b"MSH|^~\\&|\rMSA|AA|1\r", True), (b"MSH|^~\\&|\nMSA|CA|1", True), (b"AE", False), (b"MSA|AR|1", False)],
)
def test_an_acknowledgement_decides(tmp_path: Path, ack: bytes, accepted: bool) -> None:
    [one] = folder(tmp_path, a__in__hl7=IN, a__ack__hl7=ack)
    assert (one.accepted, one.outputs) == (accepted, None if accepted else ())


def test_a_verdict_as_output_is_a_refusal(tmp_path: Path) -> None:
    verdict = json.dumps({"acknowledgement": "AE", "accepted": False, "issues": []}).encode()
    [one] = folder(tmp_path, a__in__hl7=IN, a__out__json=verdict)
    assert not one.accepted


def test_json_lines(tmp_path: Path) -> None:
    rows = [
        {"name": "a", "in": IN.decode(), "out": OUT.decode()},
        {"in_base64": base64.b64encode(b"MSH|\xe2").decode(), "out": ["MSH|1", "MSH|2"]},
        {"in": '{"resourceType": "Patient"}', "out": None, "ack": "AE"},
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n\n".join(map(json.dumps, rows)))
    one, two, three = read(path)
    assert one == Pair("a", IN, "hl7", accepted=True, outputs=(OUT,))
    assert two == Pair("line 3", b"MSH|\xe2", "hl7", accepted=True, outputs=(b"MSH|1", b"MSH|2"))
    assert three == Pair("line 5", b'{"resourceType": "Patient"}', "json", accepted=False, outputs=())


@pytest.mark.parametrize("line", ["{", "[]", '{"out": "x"}', '{"in": 7}', '{"in_base64": "*"}', '{"in": "x", "ack": 1}'])
def test_a_broken_line_is_named_without_a_value(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(line)
    with pytest.raises(BrokenPairs, match=r"^line 1 is not"):
        read(path)


def test_what_is_no_set_of_pairs(tmp_path: Path) -> None:
    with pytest.raises(BrokenPairs, match="no folder or file"):
        read(tmp_path / "none")
    with pytest.raises(BrokenPairs, match="no pair in"):
        read(tmp_path)
    with pytest.raises(BrokenPairs, match=r"has no a\.in"):
        folder(tmp_path, a__out__hl7=OUT, b__in__hl7=IN)


GOOD = 'path = "PID-8"\ncause = "value"\nreason = "why"\ndecided_by = "who"\ndecided_on = 2026-05-01\n'


def test_agreements(tmp_path: Path) -> None:
    path = tmp_path / "agreed.toml"
    assert read_agreements(path) == []
    path.write_text(f"[[agreed]]\n{GOOD}")
    [one] = read_agreements(path)
    assert (one.path, one.decided_on, one.covers("PID-8", "value", "")) == ("PID-8", "2026-05-01", True)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[agreed]]\n", "reason is missing"),
        (f"[[agreed]]\n{GOOD}".replace("cause", "because"), "because is not known"),
        (f"[[agreed]]\n{GOOD}".replace('"value"', '"values"'), "cause is one of"),
        (f"[[agreed]]\n{GOOD}".replace("2026-05-01", '"May"'), "decided_on is a date"),
        (draft("PID-8", "value", "").replace("2000-01-01", "2026-01-01"), "reason is missing; decided_by is missing"),
        (GOOD, "holds"),
        ("[", "is not TOML"),
    ],
)
def test_a_broken_agreement_agrees_to_nothing(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "agreed.toml"
    path.write_text(text)
    with pytest.raises(BrokenAgreement, match=wrong.replace("[", r"\[")):
        read_agreements(path)
