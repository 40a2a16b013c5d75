"""The workflows hold every invariant."""

import pytest

from tests.workflows.invariants import INVARIANTS, Invariant
from tests.workflows.parsed import read
from toolkit.say import ROOT

SEEN = read(ROOT / ".github")


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_invariant(invariant: Invariant) -> None:
    assert list(invariant(SEEN)) == []
