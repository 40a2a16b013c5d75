"""What a change leaves behind in Azure is named, and needs the label."""

import copy
import json

import pytest

from toolkit.release import removed as module
from toolkit.release.removed import MANIFEST, removed

WHOLE = json.loads(MANIFEST.read_bytes())


def without_the_first() -> dict[str, object]:
    less = copy.deepcopy(WHOLE)
    del less["integrations"][0]
    return dict(less)


def test_an_integration_that_goes_leaves_queues_and_tables() -> None:
    name = WHOLE["integrations"][0]["name"]
    found = removed(WHOLE, without_the_first())
    assert f"queues {name}-in-poison" in found
    assert f"tables {name.replace('-', '')}audit" in found
    assert len(found) == 13


def test_one_that_comes_leaves_nothing() -> None:
    assert removed(without_the_first(), WHOLE) == []


@pytest.mark.parametrize(("allowed", "status"), [("false", 1), ("true", 0)])
def test_the_label_allows_it(
    allowed: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = copy.deepcopy(WHOLE)
    more["sharedTables"].append("hubgone")
    monkeypatch.setattr(module, "at", lambda _: more)
    assert module.main(["BASE", "--allowed", allowed]) == status
    assert "stays in Azure: tables hubgone" in capsys.readouterr().out


def test_a_commit_without_a_manifest_has_lost_nothing() -> None:
    assert module.at("0" * 40) == {}
