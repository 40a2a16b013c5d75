"""The facts that stand in code: every constant of a package that is plain data, a line for each entry."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.goldens import hold

ROOT = Path(__file__).resolve().parent.parent
PLAIN = (str, bytes, bool, int, float, type(None), re.Pattern)


def compare(package: str, folder: Path, *, accept: bool) -> None:
    """Hold the constants of ``shared/NAME`` against ``samples/constants.out.txt`` in the folder of its tests."""
    path = folder / "samples" / "constants.out.txt"
    path.parent.mkdir(exist_ok=True)
    made = "".join(f"{line}\n" for line in lines(package)).encode()
    hold(path.parent, {path.name: path.read_bytes()} if path.exists() else {}, {path.name: made}, accept=accept)


def lines(package: str) -> list[str]:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found += [f"{name.removeprefix('shared.')}.{line}" for line in _of_module(import_module(name), path)]
    return found


def _of_module(module: ModuleType, path: Path) -> Iterator[str]:
    for name in _defined(ast.parse(path.read_text("utf-8"))):
        value = getattr(module, name)
        if _is_plain(value):
            yield from _shown(name, value)


def _defined(tree: ast.Module) -> Iterator[str]:
    """The names in capitals that the module itself gives a value."""
    for node in tree.body:
        text = ast.unparse(node)
        if "json.loads" in text or text.endswith((" = {}", "()")):
            continue  # committed data already, or filled while the hub runs
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        yield from (name for name in names if re.fullmatch("_?[A-Z][A-Z0-9_]*", name))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for each in (*value.keys(), *value.values()))
    if isinstance(value, tuple | list | set | frozenset):
        return type(value) in (tuple, list, set, frozenset) and all(map(_is_plain, value))
    return isinstance(value, PLAIN)


def _shown(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield from _shown(f"{name}[{_text(key)}]", value[key])
    else:
        yield f"{name} = {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, re.Pattern):
        return f"/{value.pattern!r}/ {value.flags}"
    return f"{{{', '.join(sorted(map(_text, value)))}}}" if isinstance(value, set | frozenset) else repr(value)
