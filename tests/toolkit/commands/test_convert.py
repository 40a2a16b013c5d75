"""``./hub convert``: both ways, one and many, and what it says when it cannot."""

import base64
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.fhir import check
from toolkit.cli import app
from toolkit.commands.develop.convert import converter

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "mapping" / "samples"
run = CliRunner().invoke


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.in.hl7")), ids=lambda path: path.name.removesuffix(".in.hl7"))
def test_every_sample_converts_to_a_valid_bundle(sample: Path) -> None:
    found = converter(quick=True)(sample.read_bytes())
    assert found["accepted"], [each for each in found["issues"] if each["severity"] == "error"]
    assert not [each for each in check(found["bundle"]) if each.is_error]


def test_there_and_back() -> None:
    there = run(app, ["convert", str(SAMPLES / "adt_a40_merge.in.hl7"), "--json", "--quick"])
    bundle = json.loads(there.stdout)["bundle"]
    back = run(app, ["convert", "-", "--json"], input=json.dumps(bundle))
    assert json.loads(back.stdout)["message"].split("\r")[3].startswith("MRG|Z654321^^^140^PI")


def test_many_lines_keep_their_order_and_name() -> None:
    bodies = [(SAMPLES / "adt_a40_merge.in.hl7").read_bytes(), b"nonsense", b'{"resourceType":"Basic"}']
    lines = [{"name": str(n), "body_base64": base64.b64encode(body).decode()} for n, body in enumerate(bodies)]
    done = run(app, ["convert", "--jsonl", "--quick"], input="\n".join(map(json.dumps, lines)))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["name"], each["accepted"]) for each in answers] == [("0", True), ("1", False), ("2", False)]
    assert done.exit_code == 0


def test_an_element_that_reaches_nothing_is_named() -> None:
    found = converter()(b"MSH|^~\\&|A|B|||20240101||ADT^A31|1|P|2.5\rPID|1||1^^^140^PI||X^Y||||X|W\r")
    assert "PID-10" in [each["where"] for each in found["issues"] if each["rule"] == "element-not-mapped"]
    assert "PID-9" not in [each["where"] for each in found["issues"]]
