"""The comment of a pull request, and the stop when data would go."""

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.release.what_if import changes, comment, losses, main

GROUP = "/subscriptions/0/resourceGroups/inthub-dev/providers"
QUEUE = f"{GROUP}/Microsoft.Storage/storageAccounts/a/queueServices/default/queues/phw-to-mpi-in"
SITE = f"{GROUP}/Microsoft.Web/sites/inthub-dev-phw-to-mpi/config/appsettings"
ALERT = f"{GROUP}/Microsoft.Insights/scheduledQueryRules/inthub-dev-poison"


def what_if(**kinds: str) -> dict[str, Any]:
    of = {"queue": QUEUE, "site": SITE, "alert": ALERT}
    return {"changes": [{"resourceId": of[name], "changeType": kind} for name, kind in kinds.items()]}


def test_comment_counts_and_names_properties_without_their_values() -> None:
    one = what_if(alert="Create", site="Modify", queue="NoChange")
    one["changes"][1]["delta"] = [{"path": "properties", "children": [{"path": "MPI__HOST", "after": "mpi.example"}]}]
    text = comment(changes(one), "dev")
    assert text.startswith("<!-- what-if dev -->\n### dev: 1 create, 1 modify\n")
    assert "+ Microsoft.Insights/scheduledQueryRules inthub-dev-poison" in text
    assert "~ Microsoft.Web/sites/config inthub-dev-phw-to-mpi/appsettings  (properties.MPI__HOST)" in text
    assert "mpi.example" not in text
    assert "phw-to-mpi-in" not in text


def test_nothing_changes() -> None:
    assert "nothing changes" in comment(changes(what_if(queue="NoChange")), "prod")


def test_the_deployment_of_a_module_is_no_change() -> None:
    module = {"resourceId": f"{GROUP}/Microsoft.Resources/deployments/vault", "changeType": "Create"}
    assert changes({"changes": [module]}) == []


@pytest.mark.parametrize(
    ("kinds", "allowed", "code"),
    [
        ({"queue": "Delete"}, "false", 1),
        ({"queue": "Delete"}, "true", 0),
        ({"alert": "Delete"}, "false", 0),
        ({"queue": "Modify"}, "false", 0),
    ],
)
def test_data_goes_only_when_that_is_allowed(kinds: dict[str, str], allowed: str, code: int, tmp_path: Path) -> None:
    path = tmp_path / "what-if.json"
    path.write_text(json.dumps(what_if(**kinds)))
    assert main([str(path), "dev", "--refuse-loss", "--allowed", allowed]) == code


def test_losses_are_said() -> None:
    found = changes(what_if(queue="Delete"))
    assert [each.name for each in losses(found)] == ["a/default/phw-to-mpi-in"]
    assert "**1 of these hold data that would be deleted.**" in comment(found, "dev")


@pytest.mark.parametrize(("before", "after", "is_lost"), [(90, 30, True), (30, 90, False), (30, 30, False), ("90", "30", False)])
def test_a_shorter_retention_is_a_loss(before: object, after: object, is_lost: bool) -> None:
    """Nothing is deleted by a change of the template, but the service then deletes what is older."""
    one = what_if(alert="Modify")
    inner = [{"path": "retentionInDays", "before": before, "after": after}]
    one["changes"][0]["delta"] = [{"path": "properties", "children": inner}]
    assert bool(losses(changes(one))) is is_lost
