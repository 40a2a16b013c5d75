"""Every environment holds every policy. They are functions over what the compiler makes of the template."""

import pytest

from tests.infra.policy import POLICIES, Policy, World
from tests.infra.world import world
from toolkit.release import bicep


@pytest.fixture(scope="module", params=bicep.ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> World:
    return world(request.param)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_policy(policy: Policy, environment: World) -> None:
    assert list(policy(environment)) == []


def test_the_catalogue_is_not_empty(environment: World) -> None:
    """Policies over no integration would hold whatever Bicep says."""
    assert len(environment.integrations) >= 1
