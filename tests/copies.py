"""Copies of the repository in which tests change files or run commands."""

import shutil
from collections.abc import Callable, Iterable

# Python finds its bytecode in the copy, which keeps the times of the files, and compiles nothing again. Not that of tests, which
# names their first place, nor what another process writes just now, which has its name for a moment only.
_NOT_BYTECODE = ("*-pytest-*.pyc", "*.pyc.*")


def without(*names: str) -> Callable[[str, list[str]], Iterable[str]]:
    """What ``shutil.copytree`` leaves out: these names, and bytecode that is of no use in a copy."""
    return shutil.ignore_patterns(*_NOT_BYTECODE, *names)
