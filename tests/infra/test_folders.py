"""The condition of an app's role on blobs refuses a listing without its folder: no call of the hub may ask for one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from toolkit.say import ROOT

STORES = ("azure.py", "memory.py", "store.py")


def listings(path: Path) -> Iterator[ast.Call]:
    """The calls of ``store.blobs(container, prefix)`` in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "blobs":
            yield node


def test_every_listing_names_a_folder() -> None:
    files = [path for path in (ROOT / "shared").rglob("*.py") if path.name not in STORES]
    found = [(path.name, call) for path in files for call in listings(path)]
    assert len(found) >= 4
    assert [(name, call.lineno) for name, call in found if len(call.args) < 2] == []
