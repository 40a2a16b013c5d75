"""Each planted fault is caught by the gate or the invariant that is there for it."""

import pytest

from tests.infra import open_compiler
from tests.infra.bicep_faults import FAULTS as BICEP
from tests.infra.planting import Fault, caught, sound
from tests.workflows.faults import FAULTS as WORKFLOWS
from tests.workflows.faults import caught as caught_in_workflows
from toolkit.release import bicep

needs_the_compiler = pytest.mark.skipif(not bicep.compiler(), reason=bicep.ABSENT)


@pytest.mark.slow
@needs_the_compiler
@pytest.mark.parametrize("environment", ["test", "prod"])
def test_nothing_objects_to_a_copy_without_a_fault(environment: str) -> None:
    assert sound(environment) == set()


@pytest.mark.slow
@needs_the_compiler
def test_the_open_compiler_makes_what_its_command_makes() -> None:
    assert open_compiler.snapshot("prod", bicep.INFRA) == bicep.evaluated("prod", bicep.INFRA)
    assert open_compiler.template("prod", bicep.INFRA) == bicep.compiled(bicep.INFRA)


@pytest.mark.slow
@needs_the_compiler
@pytest.mark.parametrize("fault", BICEP, ids=lambda fault: fault.what)
def test_fault_of_the_template_is_caught(fault: Fault) -> None:
    assert fault.caught_by in caught(fault)


@pytest.mark.parametrize("fault", WORKFLOWS, ids=lambda fault: fault.what)
def test_fault_of_a_workflow_is_caught(fault: Fault) -> None:
    assert fault.caught_by in caught_in_workflows(fault)


def test_every_fault_is_another() -> None:
    named = [fault.what for fault in (*BICEP, *WORKFLOWS)]
    assert len(named) == len(set(named)) >= 40
