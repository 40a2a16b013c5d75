"""The hazard log: every control has a test that is there, every safety test has a hazard, and the page is fresh."""

from pathlib import Path

import pytest

from toolkit.generate import hazards


def test_every_control_has_its_test_and_every_safety_test_its_hazard() -> None:
    assert list(hazards.problems()) == []


def test_the_page_is_fresh() -> None:
    assert hazards.PAGE.read_text("utf-8") == hazards.page() + "\n", "run ./hub docs --write"


def test_every_hazard_is_complete_and_no_control_makes_it_worse() -> None:
    found = hazards.hazards()
    assert len({each["id"] for each in found}) == len(found)
    for each in found:
        assert {"id", "name", "cause", "effect", "severity", "before", "after", "control"} <= each.keys()
        assert hazards.risk(each["severity"], each["after"]) <= hazards.risk(each["severity"], each["before"])


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ('tests = ["tests/integrations/test_self_merge.py"]', "tests/integrations/test_self_merge.py holds no hazard"),
        ('tests = ["tests/shared/intake/test_batches.py"]', "has a control without a test"),
    ],
)
def test_a_control_that_loses_its_test_is_found(planted: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = hazards.SOURCE.read_text("utf-8")
    assert planted in text
    changed = tmp_path / "hazards.toml"
    changed.write_text(text.replace(planted, "tests = []"), "utf-8")
    monkeypatch.setattr(hazards, "SOURCE", changed)
    assert any(says in each for each in hazards.problems())


def test_a_test_that_is_not_there_is_found() -> None:
    assert not hazards.is_there("tests/toolkit/generate/test_hazards.py::test_nosuch")
    assert not hazards.is_there("tests/nosuch.py")
    assert hazards.is_there("tests/toolkit/generate/test_hazards.py::test_the_page_is_fresh")
