"""The documentation site has every page, finds them, and loads nothing from another site. A broken link fails its build."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from toolkit.commands.generate.site import site
from toolkit.say import ROOT
from toolkit.site import library
from toolkit.site.hooks import added
from toolkit.site.links import target
from toolkit.site.markup import converted
from toolkit.site.nav import nav

pytest.importorskip("mkdocs", reason="mkdocs is not installed: ./hub setup --all")
COMMAND = "site"
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


class Loaded(HTMLParser):
    """The addresses that a page loads without a click."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_loaded = named.get("rel") in ("stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload")
        address = named.get(LOADS.get(tag, "href" if tag == "link" and is_loaded else ""), "")
        self.found += [address] if address else []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "toolkit", COMMAND, "--output", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def pages(folder: Path) -> Iterator[Path]:
    yield from folder.rglob("*.html")


@pytest.mark.slow
def test_it_has_every_page_and_finds_each(built: Path) -> None:
    index = json.loads((built / "search" / "search_index.json").read_text("utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    documents = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    for page in (*documents, *added()):
        place = re.sub(r"(^|/)(index|README)\.md$", r"\1", page).removesuffix(".md")
        assert (f"{place}/" if place and not place.endswith("/") else place) in found, page


@pytest.mark.slow
def test_it_loads_nothing_from_another_site(built: Path) -> None:
    for page in pages(built):
        loaded = Loaded()
        loaded.feed(page.read_text("utf-8"))
        assert loaded.found
        assert [each for each in loaded.found if "//" in each] == [], page
    styles = "".join(path.read_text("utf-8") for path in built.rglob("*.css"))
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", styles)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "is_built"),
    [
        ("# A\n\n[b](index.md)", True),
        ("# A\n\n[b](absent.md)", False),
        ("# A\n\n[b](#absent)", False),
        ("# A\n\n[b](/absent)", False),
    ],
    ids=["good", "page", "anchor", "absolute"],
)
def test_a_broken_link_fails_the_build(text: str, is_built: bool, tmp_path: Path) -> None:
    """With the settings of the site, on one page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(text, "utf-8")
    inherited = {"INHERIT": str(ROOT / "mkdocs.yml"), "hooks": [], "docs_dir": "docs", "site_dir": "out", "nav": ["index.md"]}
    (tmp_path / "mkdocs.yml").write_text(json.dumps({**inherited, "plugins": [], "theme": "mkdocs"}), "utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(tmp_path / "mkdocs.yml")]
    assert (subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0) is is_built


def test_a_folder_that_is_no_site_is_not_emptied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    for place in (tmp_path, tmp_path / "thesis.txt", Path()):
        with pytest.raises(SystemExit) as ended:
            site(place)
        assert ended.value.code == 2
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine"
    assert "would be emptied" in capsys.readouterr().err


def test_every_page_is_in_a_section() -> None:
    documents = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    listed = [section for section in nav({*documents, *added()}) if isinstance(section, dict)]
    shown = {page for section in listed for pages in section.values() for page in (pages if isinstance(pages, list) else [pages])}
    assert documents - shown == set()


def test_a_page_in_no_section_is_left_out_so_that_the_build_reports_it() -> None:
    assert nav(["index.md", "unknown/page.md", "about/a.md"]) == [{"Home": "index.md"}, {"About": ["about/a.md"]}]


@pytest.mark.parametrize(
    ("link", "file", "page", "expected"),
    [
        ("runbooks.md#a", "docs/deployment.md", "deployment.md", "runbooks.md#a"),
        ("../relay/README.md", "docs/onboarding.md", "onboarding.md", "relay.md"),
        ("../../../integrations/a/schema.json", "docs/generated/interfaces/a.md", "generated/interfaces/a.md", ""),
        ("generated/interfaces", "docs/onboarding.md", "onboarding.md", "generated/interfaces/index.md"),
        ("docs/demo.svg", "README.md", "index.md", "demo.svg"),
        ("../pyproject.toml", "docs/a.md", "a.md", "R/blob/main/pyproject.toml"),
        ("absent.md", "docs/a.md", "a.md", "absent.md"),
        ("https://example.org/a#b", "docs/a.md", "a.md", "https://example.org/a#b"),
        ("#here", "docs/a.md", "a.md", "#here"),
    ],
)
def test_where_a_link_leads(link: str, file: str, page: str, expected: str) -> None:
    known = {"runbooks.md", "relay.md", "generated/interfaces/index.md", "demo.svg"}
    assert target(link, file, page, known, "R") == (expected or link)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n- b\n- c", "a\n\n- b\n- c"),
        ("1. a\n\n   ```sh\n   x\n     y\n   ```\n2. b", "1. a\n\n    ```sh\n    x\n      y\n    ```\n2. b"),
        ("- a\n  b\n\n  c\n\nd", "- a\n    b\n\n    c\n\nd"),
        ("- a\n  1. b\n     c\n- d", "- a\n    1. b\n        c\n- d"),
        ("text\n\n    code\n      more", "text\n\n    code\n      more"),
        ("```md\n- a\n  - b\n```", "```md\n- a\n  - b\n```"),
        ("- a\n\ntext\n\n    code", "- a\n\ntext\n\n    code"),
    ],
)
def test_lists_are_read_as_on_github(text: str, expected: str) -> None:
    assert converted(text) == expected


def test_the_library_has_every_package_and_no_private_name() -> None:
    made = library.pages()
    assert {path.parent.name for path in (ROOT / "shared").glob("*/__init__.py")} <= {Path(name).stem for name in made}
    assert "### `Integration`" in made["library/shared.md"]
    assert not re.search(r"^### `(\w+\.)?_", "".join(made.values()), re.M)
