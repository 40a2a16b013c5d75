"""The benchmark of HL7 v2 to HL7 v2 times every flow, one round; its goals are the benchmark's own business, never a test's."""

import pytest

from integrations import load_all
from toolkit.bench import v2


@pytest.mark.slow
def test_every_flow_is_timed_beside_hl7apy() -> None:
    timed = v2.speeds(rounds=1)
    assert {each.name for each in timed} <= {each.name for each in load_all()}
    assert all(each.ours > 0 and each.hl7apy > 0 for each in timed)
    assert len(timed) >= 9


def test_a_message_grows_where_its_structure_has_observations() -> None:
    body = b"MSH|^~\\&|\rPID|\rPV1|1\rAL1|1\r"
    large = v2.grown(body, 1000)
    assert 900 < len(large) <= 1000
    assert large.index(b"PV1") < large.index(b"OBX") < large.index(b"AL1")
