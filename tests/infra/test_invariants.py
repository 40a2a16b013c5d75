"""Every environment holds every invariant. They are functions over what the compiler makes of the template."""

import pytest

from tests.infra.invariants import INVARIANTS
from tests.infra.resources import Invariant, World
from tests.infra.world import world
from toolkit.release import bicep


@pytest.fixture(scope="module", params=(*bicep.ENVIRONMENTS, bicep.RECOVERY))
def environment(request: pytest.FixtureRequest) -> World:
    return world(request.param)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_invariant(invariant: Invariant, environment: World) -> None:
    assert list(invariant(environment)) == []


def test_the_catalogue_is_not_empty(environment: World) -> None:
    """Invariants over no integration would hold whatever Bicep says."""
    assert len(environment.integrations) >= 1
