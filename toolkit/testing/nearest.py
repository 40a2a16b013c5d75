"""Which tests matter for a change: those of the changed files, then those that import them, directly first.

The distance of a test file is the least number of imports between it and a changed module. It is read from the source text,
so nothing has to be recorded before.
"""

import ast
import subprocess
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from toolkit.say import ROOT

FOLDERS = ("shared", "integrations", "toolkit", "relay", "tests")
# They read the whole repository and are quick: no import shows what they depend on.
ALWAYS = ("tests/test_layers.py", "tests/test_style.py", "tests/test_tests.py", "tests/test_samples.py")
FARTHEST = 2  # imports; with more, nearly every test depends on nearly every module


def changed(root: Path = ROOT) -> list[str]:
    """The files that differ from the main branch: committed, staged, edited or new."""
    base = _git(root, "merge-base", "HEAD", "main")[:1] or _git(root, "merge-base", "HEAD", "origin/main")[:1] or ["HEAD"]
    return sorted({*_git(root, "diff", "--name-only", *base), *_git(root, "ls-files", "--others", "--exclude-standard")})


def _git(root: Path, *arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()


def nearest(paths: Iterable[str], root: Path = ROOT) -> list[str]:
    """Test files in the order in which they should run; doctests are tests of their own module."""
    files = {path.relative_to(root).as_posix() for folder in FOLDERS for path in (root / folder).rglob("*.py")}
    changed_files = set(paths)
    distances = _distances(changed_files & files, _importers(files, root))
    names = {Path(path).stem for path in changed_files}
    touched = {path.split("/")[1] for path in changed_files if path.startswith("integrations/") and path.count("/") > 1}

    def place(path: str) -> tuple[int, int, str]:
        mirrors = Path(path).stem.removeprefix("test_") in names or bool(touched & set(Path(path).parts))
        return distances.get(path, FARTHEST + 1), not mirrors, path

    selected = [path for path in files if _has_tests(path, root) and (path in distances or place(path)[1] == 0)]
    always = [path for path in ALWAYS if (root / path).is_file()]
    return list(dict.fromkeys([*always, *sorted(selected, key=place)]))


def _has_tests(path: str, root: Path) -> bool:
    if path.startswith("tests/"):
        return Path(path).name.startswith("test_")
    return path.startswith(("shared/", "integrations/")) and ">>> " in (root / path).read_text(encoding="utf-8")


def _distances(starts: set[str], importers: dict[str, set[str]]) -> dict[str, int]:
    """How many imports each file is from the nearest changed one, up to ``FARTHEST``."""
    found = dict.fromkeys(starts, 0)
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        for importer in importers.get(path, set()) - found.keys():
            if found[path] < FARTHEST:
                found[importer] = found[path] + 1
                waiting.append(importer)
    return found


def _importers(files: set[str], root: Path) -> dict[str, set[str]]:
    """Module -> the files that import it."""
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in files}
    found: dict[str, set[str]] = {}
    for path in files:
        for name in _imported(ast.parse((root / path).read_bytes())):
            if name in modules and modules[name] != path:
                found.setdefault(modules[name], set()).add(path)
    return found


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
