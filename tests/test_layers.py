"""The direction of imports: function_app -> integrations -> shared; the toolkit is never deployed."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AZURE_SDK = ("azure.storage", "azure.data", "azure.identity", "azure.eventgrid", "azure.monitor", "azure.core")
MAY_USE_AZURE = ("shared/storage/", "shared/destinations/", "shared/telemetry")
NOT_FOR_A_MAPPING = {"time", "datetime", "random", "secrets", "os", "socket", "logging", "asyncio", "aiohttp", "shared.settings"}
OF_THE_RELAY = ("shared.destinations.wire", "shared.hl7", "shared.issue")
BROAD = ("Exception", "BaseException")
MAPPINGS = ("mapping.py", "codes.py", "rules.py")


@cache
def statements(path: Path) -> tuple[tuple[ast.Import | ast.ImportFrom | ast.ExceptHandler, bool], ...]:
    """The imports and the ``except`` of a file, and whether each runs at import time (not inside a function)."""
    tree = ast.parse(path.read_bytes())
    top = set(map(id, tree.body))
    kinds = (ast.Import, ast.ImportFrom, ast.ExceptHandler)
    return tuple((node, id(node) in top) for node in ast.walk(tree) if isinstance(node, kinds))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each module that a file imports, and whether at import time."""
    for node, at_import in statements(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", at_import


def importing(folder: str, *prefixes: str) -> list[tuple[str, str]]:
    """The files of a folder that import a module of these names, each with the module."""
    return [(name(path), m) for path in sources(folder) for m, _ in imports(path) if m.startswith(prefixes)]


@cache
def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_shared_imports_neither_integrations_nor_toolkit() -> None:
    assert importing("shared", "integrations", "toolkit", "tests", "function_app") == []


def test_the_relay_needs_only_what_its_package_holds() -> None:
    """It is installed without the hub: see relay/pyproject.toml, which names these parts of ``shared``."""
    found = importing("relay", "shared", "integrations", "toolkit", "function_app")
    assert [(path, m) for path, m in found if not m.startswith(OF_THE_RELAY)] == []


def test_no_integration_imports_another_nor_the_toolkit() -> None:
    assert importing("integrations", "toolkit", "tests", "function_app") == []
    other = [(path, m) for path, m in importing("integrations", "integrations") if m.split(".")[1:2] != path.split("/")[1:2]]
    assert other == []


@pytest.mark.parametrize("folder", ["shared", "integrations"])
def test_azure_functions_stays_at_the_edge(folder: str) -> None:
    assert importing(folder, "azure.functions") == []


@pytest.mark.parametrize("folder", ["shared", "integrations"])
def test_azure_sdks_only_where_they_belong_and_only_when_needed(folder: str) -> None:
    """Imported inside the function that needs it: at the head of a file it would cost each cold start."""
    assert [(path, m) for path, m in importing(folder, *AZURE_SDK) if not path.startswith(MAY_USE_AZURE)] == []
    late = (*AZURE_SDK, "fhir.resources")
    assert [(name(path), m) for path in sources(folder) for m, early in imports(path) if early and m.startswith(late)] == []


def test_a_mapping_is_pure() -> None:
    mappings = [*sources("shared/mapping"), *(path for path in sources("integrations") if path.name in MAPPINGS)]
    found = [(name(path), m) for path in mappings for m, _ in imports(path)]
    assert [(path, m) for path, m in found if m in NOT_FOR_A_MAPPING or m.startswith("azure")] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import azure.storage.blob", [("azure.storage.blob", True)]),
        ("def f():\n    from azure.data import tables", [("azure.data", False)]),
        ("try:\n    import os\nexcept ImportError:\n    import time", [("os", False), ("time", False)]),
    ],
)
def test_an_import_is_seen_wherever_it_is(text: str, found: list[tuple[str, bool]], tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(text)
    assert list(imports(tmp_path / "planted.py")) == found


def test_broad_except_stands_once() -> None:
    """One place turns a bug into a Fault; anywhere else it would hide one."""
    broad = [
        name(path)
        for path in [*sources("shared"), *sources("integrations"), ROOT / "function_app.py"]
        for node, _ in statements(path)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or getattr(node.type, "id", "") in BROAD)
    ]
    assert broad == ["shared/check.py"]


@cache
def package(module: str) -> str:
    """The package of a module of shared/: its folder. A module directly in shared/ stands for itself.

    The folders of shared/mapping are one package: they are steps of one mapping, and share its tables.
    """
    parts = module.split(".")
    if parts[:2] == ["shared", "mapping"]:
        return "shared.mapping"
    is_package = (ROOT / Path(*parts) / "__init__.py").exists()
    return module if is_package or len(parts) == 2 else ".".join(parts[:-1])


@cache
def modules() -> dict[str, Path]:
    """Every module of shared/, by its dotted name."""
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sources("shared")}


def imported(path: Path, known: Iterable[str]) -> Iterator[str]:
    """The modules of shared/ that a file imports, inside functions too."""
    names = set(known)
    for node, _ in statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from (module for module in (inner if inner in names else node.module,) if module in names)


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """A circle of a graph, as the names along it; empty when there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        found = next((found for each in sorted(graph.get(name, ())) if (found := walk(each, [*way, name]))), [])
        done.add(name)
        return found

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


@cache
def graphs() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Who imports whom in shared/: by package, and by file."""
    known, packages, files = modules(), defaultdict(set), defaultdict(set)
    for module, path in known.items():
        for other in imported(path, known):
            if other != module:
                files[module].add(other)
            if package(other) != package(module):
                packages[package(module)].add(package(other))
    return packages, files


def test_no_packages_import_each_other_in_a_circle() -> None:
    assert circle(graphs()[0]) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """A package's own ``__init__`` may name its modules, and they may import from the package."""
    files = {name: {other for other in others if not name.startswith(f"{other}.")} for name, others in graphs()[1].items()}
    assert circle(files) == []


@pytest.mark.parametrize(
    ("importer", "imported_one"),
    [
        ("shared.storage", "shared.ledger"),
        ("shared.ledger", "shared.delivery"),
        ("shared.delivery", "shared.intake"),
        ("shared.intake", "shared.ops"),
        ("shared.check", "shared.delivery"),
        ("shared.hub", "shared.delivery"),
    ],
)
def test_a_planted_circle_is_found(importer: str, imported_one: str) -> None:
    packages = graphs()[0]
    assert circle(packages | {importer: packages[importer] | {imported_one}})


def drawn() -> set[tuple[str, str]]:
    """The arrows between folders of shared/ in the picture of docs/architecture.md."""
    picture = (ROOT / "docs/architecture.md").read_text("utf-8").split("```mermaid")[1].split("```")[0]
    lines = re.sub(r'\["[^"]*"\]', "", picture).splitlines()
    ends = [[set(re.findall(r"\w+", side)) for side in line.split("-->")] for line in lines if "-->" in line]
    arrows = {(one, other) for before, after in ends for one in before for other in after}
    return {(one, other) for one, other in arrows if (ROOT / "shared" / one).exists() or (ROOT / "shared" / f"{one}.py").exists()}


def test_each_arrow_of_the_picture_is_an_import() -> None:
    pairs = [(one, other) for one, others in graphs()[0].items() for other in others if "." in one and "." in other]
    real = {(one.split(".")[1], other.split(".")[1]) for one, other in pairs}
    assert len(drawn()) > 20
    assert drawn() - real == set()


def test_the_picture_has_every_folder_of_the_library() -> None:
    folders = {path.name for path in (ROOT / "shared").iterdir() if (path / "__init__.py").exists()}
    assert folders - {name for arrow in drawn() for name in arrow} == {"telemetry"}  # imported by all, and left out


PURE = {"check", "compare", "hl7", "fhir", "formats", "mapping", "validation", "wpas", "xml"}
NOT_FOR_PURE = {"hub", "intake", "delivery", "ledger", "storage", "ops"}


def test_the_pure_part_imports_neither_the_ledger_nor_the_hub() -> None:
    wrong = [
        (module, other)
        for module, others in graphs()[1].items()
        for other in others
        if set(module.split(".")[1:2]) & PURE and set(other.split(".")[1:2]) & NOT_FOR_PURE
    ]
    assert wrong == []
