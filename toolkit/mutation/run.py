"""Planting: in a copy of the repository, never in the working tree; the tests that cover the line run."""

import csv
import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from toolkit.mutation.operators import Mutant, mutants

BASELINE = Path(__file__).with_name("survivors.csv")
HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
QUIET = ("-q", "-p", "no:cacheprovider", "-m", "not slow")


class Tried(NamedTuple):
    """A mutant of a file and what became of it: caught, survived, accepted (a reasoned survivor) or not covered."""

    path: str
    mutant: Mutant
    fate: str
    diff: str


class Copy:
    """The tracked files in a folder of their own, and which tests cover which line of them."""

    def __init__(self, root: Path, folder: Path, tests: Iterable[str]) -> None:
        self.folder, self.tests = folder, list(tests)
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
        for name in filter(None, tracked.split("\0")):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        self.seconds = 600.0

    def covering(self, paths: Iterable[str]) -> dict[str, dict[int, list[str]]]:
        """For each file, the tests that run each line; ``""`` stands for what runs when the file is read.

        Raises ``RuntimeError`` when the tests are not green without a mutant: then nothing would be learnt.
        """
        data = self.folder / ".coverage"
        cover = [flag for path in paths for flag in ("--cov", str(Path(path).parent).replace(os.sep, "."))]
        ran = self._pytest(*self.tests, *cover, "--cov-context=test", "--cov-report=", "--cov-fail-under=0", seconds=self.seconds)
        if ran:
            raise RuntimeError("the tests are not green without a mutant")
        from coverage import CoverageData

        read = CoverageData(basename=str(data))
        read.read()
        found = {str(Path(name).relative_to(self.folder)): read.contexts_by_lineno(name) for name in read.measured_files()}
        return {name: {line: [_test(each) for each in tests] for line, tests in lines.items()} for name, lines in found.items()}

    def is_caught(self, path: str, source: str, mutant: Mutant, tests: Iterable[str]) -> bool:
        """Whether a test fails, or none ends in time. The file is as it was afterwards."""
        place = self.folder / path
        try:
            place.write_text(mutant.planted(source), encoding="utf-8")
            return self._pytest(*tests, "-x", seconds=60) != 0
        finally:
            place.write_text(source, encoding="utf-8")

    def _pytest(self, *arguments: str, seconds: float) -> int:
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", *QUIET, *arguments]
        try:
            ran = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return -1
        return ran.returncode


def _test(context: str) -> str:
    """A test id from a coverage context: ``tests/a.py::test_b[c]|run``; ``""`` for what runs at import."""
    return context.rpartition("|")[0] or context


def tried(copy: Copy, paths: list[str], lines: dict[str, set[int]] | None = None) -> Iterator[Tried]:
    """Every mutant of these files; with ``lines``, those that touch one of them."""
    covered, known = copy.covering(paths), accepted()
    for path in paths:
        source = (copy.folder / path).read_text(encoding="utf-8")
        for each in mutants(source):
            if lines is None or lines.get(path, set()) & set(range(each.first, each.last + 1)):
                yield Tried(path, each, _fate(copy, path, source, each, covered.get(path, {}), known), diff(path, source, each))


def _fate(
    copy: Copy, path: str, source: str, mutant: Mutant, covered: dict[int, list[str]], known: set[tuple[str, str, str]]
) -> str:
    if (path, mutant.before, mutant.after) in known:
        return "accepted"
    tests = {test for line in range(mutant.first, mutant.last + 1) for test in covered.get(line, ())}
    if not tests:
        return "not covered"
    chosen = copy.tests if "" in tests or len(tests) > 200 else sorted(tests)
    return "caught" if copy.is_caught(path, source, mutant, chosen) else "survived"


def diff(path: str, source: str, mutant: Mutant) -> str:
    lines = (text.splitlines(keepends=True) for text in (source, mutant.planted(source)))
    return "".join(difflib.unified_diff(*lines, path, path, n=1))


def accepted() -> set[tuple[str, str, str]]:
    """The survivors that are known: file, text before and after. Each row has its reason."""
    with BASELINE.open(encoding="utf-8", newline="") as file:
        return {(row["path"], row["before"], row["after"]) for row in csv.DictReader(file)}


def changed(base: str, root: Path) -> dict[str, set[int]]:
    """The lines of each Python file of the product that differ from a commit."""
    command = ["git", "diff", "-U0", "--diff-filter=AM", base, "--", "shared/*.py", "integrations/*.py", "function_app.py"]
    text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return dict(_file(part) for part in text.split("\n+++ b/")[1:])


def _file(part: str) -> tuple[str, set[int]]:
    path, _, rest = part.partition("\n")
    hunks = ((int(first), int(count or 1)) for first, count in HUNK.findall(rest))
    return path, {line for first, count in hunks for line in range(first, first + count)}
