"""Every block of the guide runs, every command in it exists, and every page is in the list of pages."""

import re
from pathlib import Path

import pytest

from tests.building.pages import FIRST, FOLDER, ROOT, blocks, run
from toolkit.cli import COMMANDS

PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    namespace: dict[str, object] = {}
    before = [] if page == FIRST else run(FIRST, tmp_path, namespace)
    assert [*before, *run(page, tmp_path, namespace)] == []


def test_a_block_that_is_wrong_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('```hl7 title="one.hl7"\nMSH|\nPID|\n```\n\n```python\n>>> ONE\nb"two"\n```\n\n```toml\na = 1\n```\n')
    first, second = run(page, tmp_path, {})
    assert "b'MSH|\\rPID|\\r'" in first
    assert second == "page.md:12: a block that nothing runs: give it a title, or make it python or sh"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    named = re.findall(r"\./hub ([a-z-]+)", page.read_text("utf-8"))
    assert [name for name in named if name not in COMMANDS] == []


def test_every_page_is_linked_from_the_first() -> None:
    text = FIRST.read_text("utf-8")
    assert [page.name for page in PAGES if page != FIRST and f"({page.name})" not in text] == []


def test_the_guide_is_linked_from_the_pages_that_a_developer_reads() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "contributing.md"):
        assert "building/README.md" in page.read_text("utf-8")


def test_the_pages_have_examples() -> None:
    assert sum(block.language == "python" for page in PAGES for block in blocks(page)) > 20
