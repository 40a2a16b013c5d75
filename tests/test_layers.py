"""The direction of imports: function_app -> integrations -> shared; the toolkit is never deployed."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AZURE_SDK = ("azure.storage", "azure.data", "azure.identity", "azure.eventgrid", "azure.monitor", "azure.core")
MAY_USE_AZURE = ("shared/storage/", "shared/destinations/", "shared/telemetry")
NOT_FOR_A_MAPPING = {"time", "datetime", "random", "secrets", "os", "socket", "logging", "asyncio", "aiohttp", "shared.settings"}
BROAD = ("Exception", "BaseException")
MAPPINGS = ("mapping.py", "codes.py", "rules.py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each module that a file imports, and whether at import time (not inside a function)."""
    tree = ast.parse(path.read_bytes())
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", id(node) in top


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sources("shared"), ids=name)
def test_shared_imports_neither_integrations_nor_toolkit(path: Path) -> None:
    assert not [m for m, _ in imports(path) if m.split(".")[0] in ("integrations", "toolkit", "tests", "function_app")]


@pytest.mark.parametrize("path", sources("integrations"), ids=name)
def test_no_integration_imports_another_nor_the_toolkit(path: Path) -> None:
    own = path.relative_to(ROOT / "integrations").parts[0]
    for module, _ in imports(path):
        parts = module.split(".")
        assert parts[0] not in ("toolkit", "tests", "function_app")
        assert parts[0] != "integrations" or parts[1:2] == [own]


@pytest.mark.parametrize("path", [*sources("shared"), *sources("integrations")], ids=name)
def test_azure_functions_stays_at_the_edge(path: Path) -> None:
    assert not [m for m, _ in imports(path) if m == "azure.functions"]


@pytest.mark.parametrize("path", [*sources("shared"), *sources("integrations")], ids=name)
def test_azure_sdks_only_where_they_belong_and_only_when_needed(path: Path) -> None:
    for module, at_import in imports(path):
        if module.startswith(AZURE_SDK):
            assert name(path).startswith(MAY_USE_AZURE), module
            assert not at_import, f"{module} costs cold start: import it inside the function that needs it"
        if module.startswith("fhir.resources"):
            assert not at_import


@pytest.mark.parametrize(
    "path",
    [p for p in [*sources("integrations"), *sources("shared/mapping")] if p.name in MAPPINGS or "shared/mapping" in name(p)],
    ids=name,
)
def test_a_mapping_is_pure(path: Path) -> None:
    assert not [m for m, _ in imports(path) if m in NOT_FOR_A_MAPPING or m.startswith("azure")]


def test_broad_except_stands_once() -> None:
    """One place turns a bug into a Fault; anywhere else it would hide one."""
    broad = [
        name(path)
        for path in [*sources("shared"), *sources("integrations"), ROOT / "function_app.py"]
        if path.exists()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
    ]
    assert broad in ([], ["shared/check.py"])


def package(module: str) -> str:
    """The package of a module of shared/: its folder. A module directly in shared/ stands for itself.

    The folders of shared/mapping are one package: they are steps of one mapping, and share its tables.
    """
    parts = module.split(".")
    if parts[:2] == ["shared", "mapping"]:
        return "shared.mapping"
    is_package = (ROOT / Path(*parts) / "__init__.py").exists()
    return module if is_package or len(parts) == 2 else ".".join(parts[:-1])


def modules() -> dict[str, Path]:
    """Every module of shared/, by its dotted name."""
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sources("shared")}


def imported(path: Path, known: Iterable[str]) -> Iterator[str]:
    """The modules of shared/ that a file imports, inside functions too."""
    names = set(known)
    for node in ast.walk(ast.parse(path.read_bytes())):
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
    packages[importer].add(imported_one)
    assert circle(packages)


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
