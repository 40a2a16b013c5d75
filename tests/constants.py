"""The facts that stand in code: every constant of a package that is plain data, a line for each entry.

A table of functions is shown with their names. A finding (``Issue``) and any other named tuple is shown by field, without the
fields that have their default. Of a class, the values that its body gives to its fields and attributes are shown.
"""

import ast
import dataclasses
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
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
    """Of a package with all that is below it; of ``shared`` itself, the modules that are in no package."""
    found = []
    paths = (ROOT / package).glob("*.py") if package == "shared" else (ROOT / package).rglob("*.py")
    for path in sorted(paths):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found += [f"{name.removeprefix('shared.')}.{line}" for line in _of_module(import_module(name), path)]
    return found


def _of_module(module: ModuleType, path: Path) -> Iterator[str]:
    for name in _defined(ast.parse(path.read_text("utf-8"))):
        value = getattr(module, name)
        if _is_plain(value) or _is_of_functions(value):
            yield from _shown(name, value)
    for cls in _classes(module, path):
        yield from (f"{cls.__name__}.{name} = {_text(value)}" for name, value in _attributes(cls) if _is_plain(value))


def _classes(module: ModuleType, path: Path) -> list[type]:
    names = [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    return [getattr(module, name) for name in names]


def _attributes(cls: type) -> Iterator[tuple[str, Any]]:
    """The fields that have a default, and what else the body sets; not what Python or a decorator adds."""
    if dataclasses.is_dataclass(cls):
        yield from ((each.name, each.default) for each in dataclasses.fields(cls) if each.default is not dataclasses.MISSING)
    elif hasattr(cls, "_field_defaults"):
        yield from cls._field_defaults.items()
    elif not getattr(cls, "_is_protocol", False):
        yield from ((name, value) for name, value in vars(cls).items() if not name.startswith("__"))


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
    if _is_named(value):
        return all(map(_is_plain, value))
    if isinstance(value, tuple | list | set | frozenset):
        return type(value) in (tuple, list, set, frozenset) and all(map(_is_plain, value))
    return isinstance(value, PLAIN)


def _is_of_functions(value: Any) -> bool:
    """Whether it is a table that gives a function for each of its keys."""
    return isinstance(value, dict) and all(isinstance(each, FunctionType) for each in value.values())


def _shown(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield from _shown(f"{name}[{_text(key)}]", value[key])
    elif _is_named(value):
        usual = value._field_defaults
        yield from (
            f"{name}.{key} = {_text(each)}" for key, each in value._asdict().items() if key not in usual or each != usual[key]
        )
    else:
        yield f"{name} = {_text(value)}"


def _is_named(value: Any) -> bool:
    """Whether it is a named tuple."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _text(value: Any) -> str:
    if isinstance(value, re.Pattern):
        return f"/{value.pattern!r}/ {value.flags}"
    if isinstance(value, FunctionType):
        return f"{value.__module__.removeprefix('shared.')}.{value.__qualname__}"
    return f"{{{', '.join(sorted(map(_text, value)))}}}" if isinstance(value, set | frozenset) else repr(value)
