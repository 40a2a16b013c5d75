"""A stranger who does the steps of the tutorials reaches their end; the page on cost has the figures that this counted."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.building.pages import FIRST, FOLDER
from tests.building.tutorials import PAGES, Follower, hub_of_all
from tests.copies import without
from toolkit.commands.develop.setup import _fingerprint as installed
from toolkit.say import ROOT

COST = FOLDER / "cost.md"
TITLES = {"v2-to-v2": "HL7 v2 to HL7 v2", "v2-to-fhir": "HL7 v2 to FHIR", "csv-to-fhir": "a table to FHIR"}
NOT_COPIED = without(".git", ".hub", ".venv", "node_modules", "dist", ".*_cache")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, with a note that the packages of the tests are installed."""
    folder = tmp_path_factory.mktemp("stranger") / "hub"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    (folder / ".hub").mkdir()
    (folder / ".hub" / ".for-tests").write_text(f"{installed().split()[0]} 0", "utf-8")
    if (ROOT / ".hub" / "azurite").exists():
        (folder / ".hub" / "azurite").symlink_to((ROOT / ".hub" / "azurite").resolve())
    return folder


@pytest.fixture(scope="module")
def follow(copy: Path) -> Callable[[str], Follower]:
    """The follower of a tutorial, who has done its steps up to ``./hub up``."""

    @cache
    def followed(name: str) -> Follower:
        follower = Follower(copy)
        follower.follow(PAGES[name])
        return follower

    return followed


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_steps_of_a_tutorial_work(
    name: str, follow: Callable[[str], Follower], record_property: Callable[[str, object], None]
) -> None:
    tally = follow(name).tally
    record_property("tutorial", f"{tally.row(TITLES[name])} {tally.seconds:.1f} s of processor: {sorted(tally.files)}")
    assert tally.row(TITLES[name]) in COST.read_text("utf-8")
    assert all(file.startswith("integrations/") for file in tally.files)  # no other file is edited by hand


@pytest.mark.slow
def test_the_last_step_sends_a_message_that_is_delivered(copy: Path, follow: Callable[[str], Follower]) -> None:
    """One ``./hub up`` for all tutorials."""
    followers = [follow(name) for name in PAGES]
    with hub_of_all(copy) as settings:
        for follower in followers:
            follower.with_a_hub(settings)


def test_every_tutorial_is_linked_and_on_the_page_of_costs() -> None:
    assert set(TITLES) == set(PAGES)
    assert [name for name in PAGES if f"(tutorials/{name}.md)" not in FIRST.read_text("utf-8")] == []


def test_an_edit_that_does_not_fit_is_red(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "a.py").write_text("one\ntwo\n")
    page.write_text('```diff title="a.py"\n one\n-two\n+three\n```\n')
    assert Follower(tmp_path).follow(page).row("x") == "| x | 0 | 1 | 1 |"
    assert (tmp_path / "a.py").read_text() == "one\nthree\n"
    with pytest.raises(AssertionError, match="these lines 0 times"):
        Follower(tmp_path).follow(page)
