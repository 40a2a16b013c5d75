"""Checkov is clean but for what is waived with a reason, has really seen the resources, and finds a seeded fault."""

import copy
from pathlib import Path

import pytest

from tests.infra import checkov
from tests.infra.world import resources
from toolkit.release import bicep

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # its installation waits for a registry


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    if not bicep.compiler():
        pytest.skip(bicep.ABSENT)
    if not checkov.program():
        pytest.skip(checkov.ABSENT)


def test_every_resource_is_seen_and_nothing_is_found_that_is_not_waived(tmp_path: Path) -> None:
    there = resources("prod")
    looked = checkov.look(there, tmp_path)
    assert looked.resources == len(there)
    assert looked.passed > 50
    assert looked.failed == checkov.WAIVED.keys()  # a waiver that nothing needs any more goes, too


def test_a_seeded_fault_is_found(tmp_path: Path) -> None:
    there = copy.deepcopy(resources("prod"))
    account = next(each for each in there if each["type"] == "Microsoft.Storage/storageAccounts")
    account["properties"] |= {"supportsHttpsTrafficOnly": False}
    assert "CKV_AZURE_3" in checkov.look(there, tmp_path).failed
