"""The direction of imports: function_app -> integrations -> shared; the toolkit is never deployed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AZURE_SDK = ("azure.storage", "azure.data", "azure.identity", "azure.eventgrid", "azure.monitor", "azure.core")
MAY_USE_AZURE = ("shared/ledger/", "shared/destinations/", "shared/telemetry")
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
    assert broad in ([], ["shared/pipeline.py"])
