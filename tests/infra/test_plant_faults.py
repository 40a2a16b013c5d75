"""Each planted fault is caught by the gate that is there for it."""

import pytest

from tests.infra.plant_faults import FAULTS, Fault, try_one
from tests.workflows.test_workflows import gates
from toolkit.release import bicep

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not bicep.compiler(), reason=bicep.ABSENT)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_fault_is_caught(fault: Fault) -> None:
    assert fault.caught_by in try_one(fault, gates)


def test_there_are_ten_at_least() -> None:
    assert len(FAULTS) >= 10
