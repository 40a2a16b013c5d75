"""``./hub shadow``: planted differences are found, each with its count and its control ids, and nothing else is."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations import CATALOGUE, load
from shared.compare.agreed import Agreed
from shared.hl7 import Raw
from tests.toolkit.migrate.recorded import field, pairs, planted, without
from toolkit.migrate.pairs import Pair, read
from toolkit.migrate.shadow import page
from toolkit.migrate.shadow.report import Report, shadow

ROOT = Path(__file__).resolve().parents[3]
Key = tuple[str, str, str]


def found(report: Report) -> dict[Key, list[str]]:
    return {(group.path, group.cause, group.rule): group.messages for group in report.groups}


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "lims-results-to-cdr"])
def test_samples_and_their_golden_files_agree(name: str) -> None:
    """The golden files of a sample are what another engine would have had to send."""
    every = read(ROOT / "integrations" / load(name).package / "samples")
    recorded = [each for each in every if not each.name.startswith("waits")]
    report = shadow(name, recorded)
    assert (report.pairs, report.groups) == (report.same, [])
    assert report.verdicts["both_accept"]
    assert report.verdicts["both_refuse"]


PLANTED: dict[Key, Callable[[bytes], bytes]] = {
    ("PID-8", "value", ""): field("PID", "8", "U"),
    ("PID-10", "missing", ""): field("PID", "10", "A"),
    ("PV1", "extra", ""): without("PV1"),
    ("PID-3", "extra", ""): lambda body: re.sub(rb"(\rPID\|\|\|)[^~|]+~", rb"\1", body),
    ("PID-12", "absent-for-null", ""): field("PID", "12", '""'),
    ("MSH-17", "extra", ""): field("MSH", "17", ""),
}


def test_planted_differences_are_found_and_nothing_else() -> None:
    recorded = pairs("pims-to-mpi", 300, containing=b"ADT^A08")
    expected: dict[Key, list[str]] = {}
    for number, (key, change) in enumerate(PLANTED.items()):
        for at in range(number * 10, number * 10 + 3 + number):
            recorded[at] = planted(recorded[at], change)
            expected.setdefault(key, []).append(f"M{at + 1:05}")
    recorded[200] = recorded[200]._replace(body=recorded[200].body.replace(b"\rPID|", b"\rNK1|"))
    recorded[201] = recorded[201]._replace(accepted=False, outputs=())
    expected[("PID", "refused", "segment-missing")] = ["M00201"]
    expected[("", "accepted", "")] = ["M00202"]
    report = shadow("pims-to-mpi", recorded)
    assert found(report) == expected
    assert report.same == 300 - sum(map(len, expected.values()))
    assert report.verdicts == {
        "both_accept": 298,
        "both_refuse": 0,
        "only_hub_refuses": 1,
        "only_hub_accepts": 1,
        "hub_fails": 0,
    }


def test_processes_give_the_same_report() -> None:
    recorded = [planted(each, field("PID", "8", "U")) if n % 7 == 0 else each for n, each in enumerate(pairs("phw-to-mpi", 600))]
    alone, shared = shadow("phw-to-mpi", recorded, workers=1), shadow("phw-to-mpi", recorded, workers=2)
    assert alone.face(examples=True) == shared.face(examples=True)
    assert alone.face(examples=False)["different"] == 86


def test_an_agreed_difference_is_silent_and_another_cause_is_not() -> None:
    recorded = pairs("phw-to-mpi", 12)
    recorded[0] = planted(recorded[0], field("PID", "8", "U"))
    recorded[1] = planted(recorded[1], field("PID", "8", ""))
    agreed = Agreed("PID-8", "value", "the index knows better", "A. Clinician", "2026-05-01")
    other = Agreed("PID-30", "value", "never seen", "A. Clinician", "2026-05-01")
    report = shadow("phw-to-mpi", recorded, [agreed, other])
    assert [(group.path, group.cause) for group in report.open] == [("PID-8", "extra")]
    assert (report.same, report.agreed, report.unused) == (10, 1, [other])


def test_what_a_raised_rule_would_refuse() -> None:
    """EVN-1 of Chemocare holds a word of its own in every second message."""
    recorded = pairs("chemocare-to-mpi", 40, containing=b"EVN|A31|")
    for at in range(0, 40, 2):
        body = recorded[at].body
        start = body.index(b"\rEVN|") + 5
        recorded[at] = recorded[at]._replace(body=body[:start] + b"Sub" + body[body.index(b"|", start) :])
    texts = [each.text for each in shadow("chemocare-to-mpi", recorded).decisions]
    assert "raising table-code at EVN-1 to error would refuse 20 of 40" in texts


def test_a_fault_of_a_mapping_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations.phw_to_mpi import mapping

    def broken(text: str) -> str:
        raise KeyError(text)

    monkeypatch.setattr(mapping, "date_of_death", broken)
    [group] = shadow("phw-to-mpi", pairs_of_bytes()).groups
    assert (group.cause, group.rule.startswith("KeyError in ")) == ("fault", True)


def pairs_of_bytes() -> list[Pair]:
    sample = ROOT / "integrations/phw_to_mpi/samples/a31_null.in.hl7"
    return [Pair("one", sample.read_bytes(), "hl7", accepted=True, outputs=(sample.read_bytes(),))]


SECRET = "Zzsurname"


def with_secrets() -> Report:
    recorded = [planted(each, field("PID", "5", Raw(f"{SECRET}^<script>alert(1)</script>"))) for each in pairs("phw-to-mpi", 5)]
    return shadow("phw-to-mpi", recorded)


def test_values_are_shown_only_when_asked_for_and_the_report_says_so() -> None:
    report = with_secrets()
    quiet, loud = (json.dumps(report.face(examples=examples)) for examples in (False, True))
    assert SECRET not in quiet
    assert "It holds no value from a message" in quiet
    assert SECRET in loud
    assert "holds values from messages" in loud
    quiet, loud = (page.page(report, examples=examples) for examples in (False, True))
    assert SECRET not in quiet
    assert "It holds no value from a message" in quiet
    assert SECRET in loud
    assert "holds values from messages" in loud


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page.page(with_secrets(), examples=True)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in text


def test_a_name_in_a_path_that_could_be_a_value_is_withheld() -> None:
    from shared.compare.differences import Difference
    from shared.compare.tally import Tally

    tally = Tally()
    tally.add("m", [Difference("people.Mrs Jones.age", "value"), Difference("people.9990000018", "missing")])
    assert {group.path for group in tally.sorted()} == {"(withheld)"}


def hub(*arguments: str, ci: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": ci}
    command = [sys.executable, "-m", "toolkit", "shadow", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_the_command(tmp_path: Path) -> None:
    """0: the same; 1: a difference that no one agreed to; 2: the command cannot be carried out."""
    samples = str(ROOT / "integrations/phw_to_mpi/samples")
    same = hub("phw-to-mpi", samples, "--json")
    assert (same.returncode, json.loads(same.stdout)["different"]) == (0, 0), same.stderr
    lines = tmp_path / "pairs.jsonl"
    recorded = [planted(each, field("PID", "8", "U")) for each in pairs("phw-to-mpi", 3)]
    rows = [{"name": each.name, "in": each.body.decode(), "out": each.outputs[0].decode()} for each in recorded if each.outputs]
    lines.write_text("\n".join(map(json.dumps, rows)))
    html = tmp_path / "report.html"
    different = hub("phw-to-mpi", str(lines), "--html", str(html))
    assert different.returncode == 1
    assert "PID-8" in different.stdout
    assert "agreed.toml" in different.stdout
    assert html.read_text().startswith("<!doctype html>")
    assert html.stat().st_mode & 0o77 == 0
    assert hub("phw-to-mpi", samples, "--examples", ci="true").returncode == 2
    missing = hub("phw-to-mpi", str(tmp_path / "none"))
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
