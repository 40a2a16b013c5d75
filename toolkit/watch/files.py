"""Which files a run depends on, and which of them changed since the last look.

Files are looked at ten times a second: an integration and the modules that it imports are a few hundred, which takes a few
milliseconds. That works on every file system, network drives and containers among them, and needs no package.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from toolkit.say import ROOT

Stamps = dict[Path, tuple[int, int]]
IGNORED = ("__pycache__", ".pytest_cache")


def stamps(paths: Iterable[Path]) -> Stamps:
    """Time and size of each file; a file that is gone has none."""
    found = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # an editor replaces a file by removing it first
            continue
        found[path] = (status.st_mtime_ns, status.st_size)
    return found


def changed(before: Stamps, after: Stamps) -> set[Path]:
    """The files that are new, gone or different."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def of_package(folder: Path) -> set[Path]:
    """Every file of an integration, without what Python and editors keep next to them."""
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith("~") and not set(IGNORED) & set(path.parts)
    }


def of_code(root: Path = ROOT) -> set[Path]:
    """The files of the modules that are loaded and belong to the repository."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {path for file in files if file and (path := Path(file)).is_relative_to(root) and ".venv" not in path.parts}
