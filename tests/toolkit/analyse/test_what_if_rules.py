"""``./hub check --what-if``: what raising a rule would refuse, and ``./hub warnings``."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from integrations import load
from toolkit.cli import app
from toolkit.commands.operate.warnings import lines, rows

RUN = CliRunner()
SAMPLES = Path(__file__).resolve().parents[3] / "integrations/chemocare_to_mpi/samples"


def what_if(*decisions: str, name: str = "chemocare-to-mpi", folder: Path = SAMPLES):
    options = [part for each in decisions for part in ("--what-if", each)]
    return RUN.invoke(app, ["check", name, *options, str(folder), "--json"])


def test_raising_a_rule_names_each_message_that_it_would_refuse() -> None:
    result = json.loads(what_if("table-code@EVN-1=error").stdout)
    assert result["checked"] == len(list(SAMPLES.glob("*.in.hl7")))
    (one,) = result["changed"]
    assert (one["file"], one["before"], one["after"]) == ("a31_as_chemocare_writes_it.in.hl7", "AA", "AE")
    assert {"rule": "table-code", "where": "EVN-1", "text": "not in HL7 table 0003"} in one["findings"]


def test_raising_a_rule_at_another_field_refuses_nothing() -> None:
    assert json.loads(what_if("table-code@PID-24=error").stdout)["changed"] == []


def test_lowering_what_the_owner_raised() -> None:
    folder = SAMPLES.parents[1] / "pas_adt_to_cdr/samples"
    result = json.loads(what_if("discharge-has-its-time=warning", name="pas-adt-to-cdr", folder=folder).stdout)
    assert [(each["file"], each["before"], each["after"]) for each in result["changed"]] == [
        ("rejected_discharge_without_time.in.hl7", "AE", "AA")
    ]


def test_the_declaration_is_not_changed() -> None:
    what_if("table-code=error")
    assert load("chemocare-to-mpi").profile.refuses == ()


@pytest.mark.parametrize(
    ("decision", "folder", "says"),
    [
        ("nosuch=error", SAMPLES, "has no rule nosuch"),
        ("patient-name=warning", SAMPLES, "always refuses"),
        ("table-code=fatal", SAMPLES, "takes RULE=error"),
        ("table-code", SAMPLES, "takes RULE=error"),
        ("table-code=error", SAMPLES / "nosuch", "needs a folder"),
    ],
)
def test_a_call_that_makes_no_sense_is_one_clear_line(decision: str, folder: Path, says: str, capfd) -> None:
    result = what_if(decision, folder=folder)
    assert result.exit_code == 2
    assert says in result.output + capfd.readouterr().err
    assert "Traceback" not in result.output


def test_warnings_are_listed_by_rule_field_and_sender() -> None:
    counted = Counter({"accepted": 9, "warned table-code EVN-1 224": 3, "warned padding EVN-2 100": 5, "dropped PID-9": 1})
    listed = rows(counted)
    assert listed == [
        {"rule": "padding", "field": "EVN-2", "sender": "100", "count": 5},
        {"rule": "table-code", "field": "EVN-1", "sender": "224", "count": 3},
    ]
    assert lines({"a-to-b": listed})[0].split() == ["5", "a-to-b", "padding", "EVN-2", "100"]
