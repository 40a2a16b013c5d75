"""The benchmark of HL7 v2 to HL7 v2 runs, and its goals hold with room for a busy machine."""

import pytest

from toolkit.bench import v2


@pytest.mark.slow
def test_every_flow_is_far_faster_than_hl7apy() -> None:
    assert [each for each in v2.speeds(rounds=2) if each.ratio < v2.GOAL / 2] == []


@pytest.mark.slow
def test_a_large_message_costs_no_more_per_byte_than_a_small_one() -> None:
    assert [each for each in v2.per_byte(rounds=2) if each.ratio > v2.LARGEST_RATIO] == []


def test_a_message_grows_where_its_structure_has_observations() -> None:
    body = b"MSH|^~\\&|\rPID|\rPV1|1\rAL1|1\r"
    large = v2.grown(body, 1000)
    assert 900 < len(large) <= 1000
    assert large.index(b"PV1") < large.index(b"OBX") < large.index(b"AL1")
