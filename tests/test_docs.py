"""Documents: links work, decisions are numbered without gaps and indexed, the version is in one place."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
EXPECTED = (
    "LICENCE",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "CHANGELOG.md",
    ".editorconfig",
    ".github/pull_request_template.md",
    ".github/ISSUE_TEMPLATE/bug.md",
)


def anchors(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them from its headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)).replace("-", "_"))
def test_links_work(page: Path) -> None:
    """Every relative link leads to a file, and its anchor to a heading."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", EXPECTED)
def test_the_repository_has_what_a_public_one_needs(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").strip()


def test_decisions_are_numbered_without_gaps_and_indexed() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    assert re.findall(r"\((\d{4}-[^)]*\.md)\)", (DECISIONS / "README.md").read_text("utf-8")) == files


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.name[:4])
def test_title_of_a_decision_is_in_the_index(path: Path) -> None:
    number, title = path.read_text("utf-8").splitlines()[0].removeprefix("# ").split(" ", 1)
    assert number == path.name[:4]
    assert f"| [{number}]({path.name}) | {title} |" in (DECISIONS / "README.md").read_text("utf-8")


def test_decisions_named_in_code_and_documents_exist() -> None:
    numbers = {path.name[:4] for path in DECISIONS.glob("[0-9]*.md")}
    sources = [
        path
        for top in ("shared", "integrations", "toolkit", "relay", "tests", "docs")
        for path in (ROOT / top).rglob("*.[pm][yd]")
    ]
    named = {number for path in sources for number in re.findall(r"decisions/(\d{4})", path.read_text("utf-8"))}
    assert named <= numbers


def test_the_version_is_in_one_place_and_released_in_the_changelog() -> None:
    """pyproject.toml has the version; the newest release in the changelog is that version."""
    assert re.search(r"^## (\d+\.\d+\.\d+), \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[1] == VERSION  # type: ignore[index]
    code = [path for top in ("shared", "toolkit", "relay") for path in (ROOT / top).rglob("*.py")]
    assert [path for path in (*code, ROOT / "function_app.py") if f'"{VERSION}"' in path.read_text("utf-8")] == []


def test_paths_in_the_everyday_changes_exist() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text("utf-8")
    paths = re.findall(r"`((?:shared|toolkit|relay|tests|infra|integrations|docs)/[\w./-]*)`", text)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []
