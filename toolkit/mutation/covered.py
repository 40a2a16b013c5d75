"""Which tests run which line, recorded once and kept in a file.

A change of the product moves lines: what is known of an unchanged line moves with it, and a changed line takes the tests of the
lines around it. A changed or new test file is run again, alone.
"""

import ast
import difflib
import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from toolkit.mutation.copied import QUIET, python

PRODUCT = ("shared", "integrations")
AT_IMPORT = 1  # the first bit of a mask: the line runs when modules are imported, or tests collected


class Covered:
    """For each line of the product, a number whose bits are the tests that run it."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.tests: list[str] = kept.get("tests", [""])
        self.seconds: dict[str, float] = kept.get("seconds", {})
        self.sources: dict[str, str] = kept.get("sources", {})
        self.digests: dict[str, str] = kept.get("digests", {})  # of the test files that were run
        self.masks: dict[str, dict[int, int]] = {
            path: {int(line): int(mask, 16) for line, mask in lines.items()} for path, lines in kept.get("masks", {}).items()
        }

    @classmethod
    def read(cls, file: Path) -> "Covered":
        return cls(json.loads(gzip.decompress(file.read_bytes())) if file.is_file() else {})

    def write(self, file: Path) -> None:
        masks = {path: {line: f"{mask:x}" for line, mask in lines.items()} for path, lines in self.masks.items()}
        kept = {key: getattr(self, key) for key in ("tests", "seconds", "sources", "digests")}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps({**kept, "masks": masks}).encode(), 1))

    def of(self, path: str, lines: Iterable[int]) -> int:
        """The tests that run one of these lines, as a mask."""
        known, found = self.masks.get(path, {}), 0
        for line in lines:
            found |= known.get(line, 0)
        return found

    def named(self, mask: int) -> list[str]:
        """The tests of a mask that passed when they were recorded."""
        names = (self.tests[bit] for bit in range(1, mask.bit_length()) if mask >> bit & 1)
        return [name for name in names if name in self.seconds]

    def record(self, folder: Path, files: list[str], *, workers: str = "0", seconds: float = 3600) -> bool:
        """Run these test files and keep what they cover; what was known of them is forgotten. False when time was too short."""
        record = folder / ".mutation-record"
        os.environ.update(MUTATION_RECORD=str(record), MUTATION_PRODUCT=" ".join(PRODUCT))
        more = () if workers == "0" else ("-n", workers)
        python(folder, "-m", "pytest", *QUIET, *files, "-p", "toolkit.mutation.recorded", *more, seconds=seconds)
        if not record.is_file():
            return False
        self._forget(files)
        for each in folder.glob(f"{record.name}*"):
            self._add(folder, json.loads(each.read_text("utf-8")))
            each.unlink()
        self.digests |= {name: digest for name, digest in digests(folder).items() if _is_in(name, files)}
        return True

    def follow(self, folder: Path) -> None:
        """Move what is known to where the lines are now. What is known of test files that are gone is forgotten."""
        there = set(digests(folder))
        self._forget(sorted({test.partition("::")[0] for test in self.seconds} - there))
        self.digests = {name: digest for name, digest in self.digests.items() if name in there}
        for path, source in sources(folder).items():
            if (known := self.sources.get(path)) is not None and known != source:
                self.masks[path] = moved(self.masks.get(path, {}), known, source)
            self.sources[path] = source

    def outdated(self, folder: Path) -> list[str]:
        """The test files that are new or changed since they were run."""
        return [name for name, digest in digests(folder).items() if self.digests.get(name) != digest]

    def _forget(self, files: list[str]) -> None:
        gone = sum(1 << bit for bit, name in enumerate(self.tests) if name and _is_in(name.partition("::")[0], files))
        self.masks = {path: {line: mask & ~gone for line, mask in lines.items()} for path, lines in self.masks.items()}
        self.seconds = {test: took for test, took in self.seconds.items() if not _is_in(test.partition("::")[0], files)}

    def _add(self, folder: Path, record: dict[str, Any]) -> None:
        self.seconds |= record["seconds"]
        bits = {name: bit for bit, name in enumerate(self.tests)}
        for name, lines in record["lines"].items():
            known = self.masks.setdefault(os.path.relpath(name, folder), {})
            for line, tests in lines.items():
                for test in tests:
                    if test not in bits:
                        bits[test] = len(self.tests)
                        self.tests.append(test)
                    known[int(line)] = known.get(int(line), 0) | 1 << bits[test]


def moved(masks: dict[int, int], before: str, after: str) -> dict[int, int]:
    """The masks of a source at the lines of its next version; a changed line has the tests of its whole function."""
    found: dict[int, int] = {}
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            found |= {start + at + 1: masks[first + at + 1] for at in range(last - first) if first + at + 1 in masks}
        elif tag in ("replace", "delete"):
            lost = 0
            for line in range(first + 1, last + 1):
                lost |= masks.get(line, 0)
            found |= {line: lost for line in range(start + 1, end + 1) if lost}
    for first, last in functions(after):
        whole = 0
        for line in range(first, last + 1):
            whole |= found.get(line, 0)
        found |= {line: whole & ~AT_IMPORT for line in range(first + 1, last + 1) if line not in found and whole & ~AT_IMPORT}
    return found


def functions(source: str) -> Iterator[tuple[int, int]]:
    """First and last line of each function, outer ones after what is in them."""
    nodes = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in sorted(nodes, key=lambda each: (each.end_lineno or 0) - each.lineno):
        yield node.lineno, node.end_lineno or node.lineno


def sources(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for name in PRODUCT for path in (folder / name).rglob("*.py")}


def digests(folder: Path) -> dict[str, str]:
    """Of each file that holds tests."""
    found = list((folder / "tests").rglob("test_*.py"))
    found += [path for name in PRODUCT for path in (folder / name).rglob("*.py") if ">>> " in path.read_text("utf-8")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(found)}


def _is_in(name: str, files: list[str]) -> bool:
    return any(name == file or name.startswith(f"{file}/") for file in files)
