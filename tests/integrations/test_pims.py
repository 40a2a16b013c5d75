"""PIMS: its own rule for NHS Numbers asks no less than the shared one whose place it takes."""

import pytest

from integrations import load
from shared.hl7 import parse

MESSAGE = (
    "MSH|^~\\&|PIMS|BROMOR|200|200|20260501101112||ADT^A08^ADT_A01|PIMS1|P|2.3.1\rEVN|A08|20260501101000\rPID|1||{}\rPV1|1|O\r"
)


@pytest.mark.parametrize("kind", ["NI", "ni", "NH", "NH "])
def test_a_wrong_check_digit_is_found_under_either_type(kind: str) -> None:
    profile = load("pims-to-mpi").profile
    right, wrong = (MESSAGE.format(f"{number}^^^^{kind}~P300120^^^^PI") for number in ("9990001324", "9990000019"))
    rule = "nhs-number-check-digit"
    assert rule not in [issue.rule for issue in profile.check(parse(right))]
    assert [issue.where for issue in profile.check(parse(wrong)) if issue.rule == rule] == ["PID-3.1"]
