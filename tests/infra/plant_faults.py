"""Faults, planted one by one in a copy of the Bicep and of the workflows: each must be caught by a gate or an invariant.

``python -m tests.infra.plant_faults`` prints what caught each; ``test_plant_faults.py`` runs it with the slow tests.
"""

import sys

from tests.infra.bicep_faults import FAULTS as BICEP
from tests.infra.planting import caught, report
from tests.workflows.faults import FAULTS as WORKFLOWS
from tests.workflows.faults import caught as caught_in_workflows


def main() -> int:
    missed = report(BICEP, caught) + report(WORKFLOWS, caught_in_workflows)
    print(f"{len(BICEP) + len(WORKFLOWS)} faults, {missed} missed")  # noqa: T201
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
