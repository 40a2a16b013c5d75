"""Every regular expression of the tree: where each is written, how it is asked, and what it is while the hub runs.

Run as a module it prints one JSON line for each pattern that was compiled: ``[file, line, pattern, flags, is bytes]``.
"""

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shared", "integrations", "toolkit", "function_app.py")
ASKED = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
WHOLE = frozenset(("match", "fullmatch"))  # those that begin at one place; every other one begins at each


class Site(NamedTuple):
    """A call that makes or uses a regular expression: where, by which methods it is asked, and the pattern if it is constant."""

    file: str
    first: int
    last: int
    methods: frozenset[str]
    constant: str | bytes | None


class Expression(NamedTuple):
    """A pattern, and whether it is asked from one place of a text or from each."""

    where: str
    pattern: str | bytes
    flags: int
    everywhere: bool


def sources() -> Iterator[Path]:
    for name in FOLDERS:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def sites() -> list[Site]:
    """Each call of ``re`` in the tree. A pattern whose use is not seen counts as asked in every way."""
    trees = {path: ast.parse(path.read_bytes()) for path in sources()}
    used = uses(trees.values())
    return [site for path, tree in trees.items() for site in _sites(path, tree, used)]


def uses(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """Name of a pattern -> methods by which it is asked, anywhere in the tree."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and node.attr in ASKED and isinstance(node.value, ast.Name | ast.Attribute):
            found[node.value.id if isinstance(node.value, ast.Name) else node.value.attr].add(node.attr)
    return found


def _sites(path: Path, tree: ast.Module, used: dict[str, set[str]]) -> Iterator[Site]:
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "re"):
            continue
        if node.func.attr in ASKED:
            methods = {node.func.attr}
        elif node.func.attr == "compile":
            methods = _methods(node, parents, used)
        else:
            continue
        first = node.args[0]
        constant = first.value if isinstance(first, ast.Constant) else None
        lines = (node.lineno, node.end_lineno or node.lineno)
        yield Site(str(path.relative_to(ROOT)), *lines, frozenset(methods or ASKED), constant)


def _methods(node: ast.Call, parents: dict[ast.AST, ast.AST], used: dict[str, set[str]]) -> set[str]:
    parent = parents[node]
    if isinstance(parent, ast.Attribute):
        return {parent.attr}
    if isinstance(parent, ast.Assign | ast.AnnAssign):
        target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
        name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
        return used[name]
    return set()


def recorded() -> list[list[Any]]:
    """What a process of its own compiles: here the modules are imported already."""
    from tests.waiting import LONGEST  # not above: the process that is started finds no tests

    ran = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, timeout=LONGEST, cwd=ROOT)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def expressions() -> tuple[list[Expression], list[Site]]:
    """Every regular expression of the tree, and the sites whose pattern is not known."""
    compiled, unknown = recorded(), []
    found = {Expression(f"{path.relative_to(ROOT)}", pattern, 0, True) for path, pattern in schema_patterns()}
    for site in sites():
        everywhere = not site.methods <= WHOLE
        here = [each for each in compiled if each[0] == site.file and site.first <= each[1] <= site.last]
        for file, line, text, flags, is_bytes in here:
            found.add(Expression(f"{file}:{line}", text.encode("latin-1") if is_bytes else text, flags, everywhere))
        if not here and site.constant is not None:
            found.add(Expression(f"{site.file}:{site.first}", site.constant, 0, everywhere))
        elif not here:
            unknown.append(site)
    return sorted(found, key=str), unknown


def schema_patterns() -> Iterator[tuple[Path, str]]:
    """The patterns of the JSON schemas."""
    for path in sorted((ROOT / "integrations").rglob("schema.json")):
        for value in _inside(json.loads(path.read_bytes())):
            if isinstance(value, dict) and isinstance(value.get("pattern"), str):
                yield path, value["pattern"]


def _inside(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _inside(inner)


def record() -> None:
    """Print every pattern that the tree compiles when all of it is imported and every sample and table is used."""
    compile_ = re._compile  # type: ignore[attr-defined]
    seen = set()

    def recording(pattern: Any, flags: int) -> Any:
        frame: Any = sys._getframe(1)
        while frame.f_code.co_filename.startswith(re.__path__[0]):
            frame = frame.f_back
        file = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        if isinstance(pattern, str | bytes) and file.startswith(FOLDERS):
            text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
            seen.add((file, frame.f_lineno, text, int(flags), isinstance(pattern, bytes)))
        return compile_(pattern, flags)

    re._compile = recording  # type: ignore[attr-defined]
    use_everything()
    for each in sorted(seen):
        sys.stdout.write(json.dumps(each) + "\n")


def use_everything() -> None:
    """Import every module; check and transform every sample; compile the pattern of every field, structure and FHIR type."""
    import importlib

    for path in sources():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name != "function_app" and not name.endswith("__main__"):
            importlib.import_module(name)
    _samples()
    _tables()


def _samples() -> None:
    from integrations import CATALOGUE, load
    from shared import check
    from toolkit.samples import samples

    for name in CATALOGUE:
        for sample in samples(load(name)):
            check.run(load(name), sample.envelope)


def _tables() -> None:
    from shared.hl7.syntax.encoding import Encoding, escape, unescape
    from shared.validation.fields import Plan
    from shared.validation.standard import VERSIONS, standard

    for encoding in (Encoding(), Encoding("#", "*", "+", "$", "!", "%")):
        unescape(f"a{encoding.escape}b", encoding)
        escape("a|b", encoding)
    for version in VERSIONS:
        known = standard(version)
        assert known is not None
        for segment in {name for kind, name in known._lines if kind == "S"}:
            for check in Plan(known)[segment]:
                check.fits("\x00")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    record()
