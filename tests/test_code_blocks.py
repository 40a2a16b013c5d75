"""Every code block of the documents is run by a test, or its mark says why not. A block with neither is red.

A mark is a comment on the line before the block: ``<!-- run by: tests/x.py -->``, ``<!-- not run: the reason -->``, or
``<!-- shown: what it is -->`` for what is no command.
"""

from fnmatch import fnmatch
from pathlib import Path

import pytest

from shared.compare import agreed
from tests.documents import ROOT, Block, blocks
from tests.infra.world import PAGES as FOR_OPERATORS

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "relay" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
# Pages whose blocks are all run, in order, by a test of their own.
RUN_WHOLE = {
    "docs/building/*.md": "tests/building/pages.py",
    "docs/credentials.md": "tests/end_to_end/test_credentials.py",
    "docs/source-format.md": "tests/plug_in/test_plug_in.py",
}
COMMANDS = ROOT / "tests" / "end_to_end" / "test_documented_commands.py"
ENOUGH = 10  # characters of a reason


def commands(block: Block) -> list[str]:
    """The lines of a block that are commands."""
    return [line.strip() for line in block.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def is_run(page: Path, block: Block) -> bool:
    """Whether a test runs the block without a mark."""
    name = page.relative_to(ROOT).as_posix()
    if block.language == "mermaid":
        return True  # drawn in the site
    if any(fnmatch(name, pattern) for pattern in RUN_WHOLE):
        return True
    if page in FOR_OPERATORS and block.language == "sh":
        return any(
            line.startswith("az ") for line in commands(block)
        )  # tests/infra/test_az.py compares them with the command line
    return page in documented() and all(line.startswith("./hub ") for line in commands(block))


def documented() -> tuple[Path, ...]:
    from tests.end_to_end.test_documented_commands import DOCUMENTS

    return DOCUMENTS


def unclear(page: Path, block: Block) -> str:
    """Why a block is neither run nor marked as it should be; ``""`` if it is."""
    if block.mark == "run by":
        test = ROOT / block.why.split(",")[0].strip()
        return "" if test.is_file() and page.name in test.read_text("utf-8") else f"{block.why} does not read this page"
    if block.mark:
        return "" if len(block.why) >= ENOUGH else "the mark gives no reason"
    return "" if is_run(page, block) else "no test runs it, and it has no mark"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix().replace("-", "_"))
def test_every_block_is_run_or_marked(page: Path) -> None:
    wrong = [f"{page.name}:{each.line}: {why}" for each in blocks(page) if (why := unclear(page, each))]
    assert wrong == []


def test_a_page_that_is_run_whole_is_read_by_its_test() -> None:
    for pattern, test in RUN_WHOLE.items():
        named = "building" if "*" in pattern else Path(pattern).name
        assert named in (ROOT / test).read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("```sh\nrm -r x\n```", 1),
        ("text\n\n    rm -r x\n\nmore", 1),
        ("- item\n\n    more of the item\n", 0),
        ("<!-- not run: needs a subscription -->\n```sh\nrm -r x\n```", 0),
        ("<!-- not run: x -->\n```sh\nrm -r x\n```", 1),
        ("<!-- run by: tests/absent.py -->\n```sh\nrm -r x\n```", 1),
        ("<!-- run by: tests/test_docs.py -->\n```sh\nrm -r x\n```", 1),
        ("1. step\n\n   ```sh\n   rm -r x\n   ```", 1),
        ("~~~\nrm -r x\n~~~", 1),
        ("```mermaid\nflowchart LR\n```", 0),
    ],
)
def test_a_block_that_nothing_runs_is_red(text: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    monkeypatch.setattr("tests.test_code_blocks.ROOT", tmp_path)
    assert sum(bool(unclear(page, each)) for each in blocks(page)) == count


def test_the_example_of_an_agreement_is_one(tmp_path: Path) -> None:
    """The page migration.md shows an ``agreed.toml``."""
    [block] = [each for each in blocks(ROOT / "docs" / "migration.md") if each.text.startswith("[[agreed]]")]
    (tmp_path / agreed.FILE).write_text(block.text, "utf-8")
    assert [each.path for each in agreed.read(tmp_path / agreed.FILE)] == ["PID-13"]
