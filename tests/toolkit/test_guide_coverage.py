"""The coverage report is true: every row is tried, and none is left out without a reason that still holds."""

import pytest
from typer.testing import CliRunner

from tests.toolkit.guide_results import rows_of
from toolkit.cli import app
from toolkit.guide.coverage import found
from toolkit.guide.rows import STRUCTURE, segment_rows

run = CliRunner().invoke
SOME = ["ADT^A01"]


@pytest.mark.parametrize("event", [pytest.param(each, marks=() if each in SOME else pytest.mark.slow) for each in STRUCTURE])
def test_every_row_is_implemented_or_has_a_reason(event: str) -> None:
    silent = [(each.row.map, each.row.row) for each in rows_of(event) if each.status != "implemented" and not each.reason]
    assert not silent


def test_a_row_whose_target_is_elsewhere_is_not_called_implemented() -> None:
    """The probe can fail: the birth date reaches no address."""
    row = next(row for row in segment_rows() if row.field == "PID-7" and row.target == "Patient.birthDate")
    assert found("ADT^A01", row).status == "implemented"
    assert found("ADT^A01", row._replace(target="Patient.address")).status == "not"
    assert found("ADT^A01", row._replace(assignment='"1900-01-01"')).status == "not"


@pytest.mark.slow
def test_the_report_is_printed() -> None:
    shown = run(app, ["guide-coverage", "MDM^T02"]).stdout  # the least of the message types that have a map
    assert shown.startswith("MDM^T02  MDM_T02")
    assert "an extension of R5" in shown
    assert "# Loss budget" in run(app, ["guide-coverage", "--losses"]).stdout
