"""The survivors that are accepted: each with its reason."""

import ast
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from toolkit.mutation.operators import Mutant

BASELINE = Path(__file__).with_name("survivors.toml")


class Survivor(NamedTuple):
    file: str
    function: str  # dotted, empty for a statement of the module itself
    before: str
    after: str


def accepted() -> dict[Survivor, str]:
    """The reason of each."""
    rows = tomllib.loads(BASELINE.read_text("utf-8")).get("survivor", [])
    return {Survivor(row["file"], row["function"], row["before"], row["after"]): row["reason"] for row in rows}


def survivor(path: str, source: str, mutant: Mutant) -> Survivor:
    return Survivor(path, function_at(source, mutant.first), mutant.before, mutant.after)


def function_at(source: str, line: int) -> str:
    """The dotted name of the innermost function or class around a line."""
    found: list[str] = []
    nodes: list[ast.AST] = [_tree(source)]
    while nodes:
        inner = [each for each in ast.iter_child_nodes(nodes.pop(0)) if getattr(each, "lineno", 0) <= line]
        inner = [each for each in inner if line <= (getattr(each, "end_lineno", 0) or 0)]
        found += [each.name for each in inner if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        nodes += inner
    return ".".join(found)


@lru_cache(maxsize=8)
def _tree(source: str) -> ast.Module:
    """A file has thousands of mutants, and is asked about once for each."""
    return ast.parse(source)


def toml(where: Survivor, reason: str) -> str:
    """A row to put into the file."""
    fields = {**where._asdict(), "reason": reason}
    return "[[survivor]]\n" + "".join(f"{key} = {_text(value)}\n" for key, value in fields.items())


def _text(value: str) -> str:
    import json

    return f"'{value}'" if "'" not in value and "\n" not in value and value else json.dumps(value, ensure_ascii=False)
