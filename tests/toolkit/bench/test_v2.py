"""The benchmark of HL7 v2 to HL7 v2 times a flow once; its goals are the benchmark's own business, never a test's."""

import pytest

from integrations import load
from toolkit.bench import v2


@pytest.mark.slow
def test_each_flow_has_a_message_with_a_golden_file() -> None:
    assert len(v2.flows()) >= 9


def test_a_flow_is_timed_beside_hl7apy() -> None:
    timed = v2.speed(load("pims-to-mpi"), rounds=1, seconds=0)
    assert timed.ours > 0
    assert timed.hl7apy > 0


def test_a_message_grows_where_its_structure_has_observations() -> None:
    body = b"MSH|^~\\&|\rPID|\rPV1|1\rAL1|1\r"
    large = v2.grown(body, 1000)
    assert 900 < len(large) <= 1000
    assert large.index(b"PV1") < large.index(b"OBX") < large.index(b"AL1")
