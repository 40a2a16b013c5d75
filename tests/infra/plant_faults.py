# ruff: noqa: E501, T201 - a fault is a row of a table
"""Faults, planted one by one in a copy of the Bicep and of the workflows: each must be caught by a gate or a policy.

``python -m tests.infra.plant_faults`` prints what caught each; ``test_plant_faults.py`` runs it with the slow tests.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.infra.invariants import INVARIANTS
from tests.infra.world import world
from toolkit.release import bicep


class Fault(NamedTuple):
    """One edit of one file, and the gate or policy that has to see it."""

    what: str
    path: str
    old: str
    new: str
    caught_by: str


FAULTS = (
    Fault("an alert is gone", "infra/modules/alerts.bicep", r"  \{\n    name: 'poison'.*?\n  \}\n", "", "every_queue_is_watched_and_expires"),
    Fault("a poison queue is not made", "infra/main.bicep", r"integration\.poison, ", "", "everything_of_the_catalogue_is_there"),
    Fault("a role is missing", "infra/modules/grants.bicep", r"roles\.queueProcessor, ", "", "roles_are_the_least"),
    Fault("a role is too wide", "infra/modules/grants.bicep", r"roles\.tableContributor\)\n    scope: table\[i\]", "roles.tableContributor)\n    scope: component", "roles_are_the_least"),
    Fault("a shared key opens storage", "infra/modules/account.bicep", r"allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "no_key_opens_anything"),
    Fault("old TLS", "infra/modules/account.bicep", r"'TLS1_2'", "'TLS1_0'", "tls_has_a_floor"),
    Fault("a property that does not exist", "infra/modules/vault.bicep", r"enablePurgeProtection", "enablePurgeProtektion", "compiler"),
    Fault("an alert notifies no one", "infra/modules/alerts.bicep", r"actionGroups: \[monitor\.actionGroupId\]", "actionGroups: []", "every_alert_reaches_people_and_names_its_runbook"),
    Fault("a secret in a setting", "infra/main.bicep", r"HUB_HASH_KEY: '[^\n]*'", "HUB_HASH_KEY: 'a-key-in-the-open'", "settings_are_those_of_flex"),
    Fault("sign-in off, and its header believed", "infra/modules/app.bicep", r"platform: \{ enabled: true", "platform: { enabled: false", "platform_headers_count_where_the_platform_sets_them"),
    Fault("a certificate believed on the ops app", "infra/modules/app.bicep", r"people \? 'principal' :", "people ? 'principal,certificate' :", "platform_headers_count_where_the_platform_sets_them"),
    Fault("an action is not pinned", ".github/workflows/build.yml", r"actions/checkout@\w+ # v7\.0\.1", "actions/checkout@v7", "workflow gates"),
    Fault("a script runs what a stranger wrote", ".github/workflows/pull-request.yml", r"run: \.ci/run", "run: echo ${{ github.event.pull_request.title }}", "workflow gates"),
    Fault("a job that needs nothing that is there", ".github/workflows/deploy.yml", r"needs: \[plan, dev\]", "needs: [plan, devel]", "workflow gates"),
)  # fmt: skip


def plant(fault: Fault, root: Path) -> None:
    """The copy, with the fault in it; a fault that changes nothing would prove nothing."""
    for name in ("infra", ".github"):
        shutil.copytree(bicep.ROOT / name, root / name)
    path = root / fault.path
    text, count = re.subn(fault.old, fault.new.replace("\\", r"\\"), path.read_text("utf-8"), count=1, flags=re.S)
    assert count == 1, f"{fault.what}: nothing to change in {fault.path}"
    path.write_text(text, "utf-8")


def caught(root: Path, workflow_gates: Callable[[Path], str], is_workflow: bool) -> set[str]:
    """The gates and policies that see something wrong in a copy."""
    if is_workflow:
        return {"workflow gates"} if workflow_gates(root / ".github") else set()
    try:
        planted = world("test", root / "infra")
    except bicep.Refused:
        return {"compiler"}
    return {invariant.__name__ for invariant in INVARIANTS if list(invariant(planted))}


def try_one(fault: Fault, workflow_gates: Callable[[Path], str]) -> set[str]:
    with tempfile.TemporaryDirectory() as folder:
        plant(fault, Path(folder))
        return caught(Path(folder), workflow_gates, fault.path.startswith(".github"))


def main() -> int:
    from tests.workflows.test_workflows import gates

    missed = 0
    for fault in FAULTS:
        found = try_one(fault, gates)
        missed += fault.caught_by not in found
        print(f"{'caught' if fault.caught_by in found else 'MISSED'}  {fault.what}: {', '.join(sorted(found)) or 'nothing'}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
