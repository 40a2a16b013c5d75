"""A process that has imported everything and forks for each mutant: ``python -m toolkit.mutation.warm JOB RESULTS``.

A mutant inside a function is planted in a fork of a process that has collected the tests. A mutant of a module's own statements
acts only when modules are imported, so it is planted in a fork that has imported nothing of the product yet.

Limits are in seconds of the processor, and time in which a fork waits for one does not count: a result does not depend on what
else the machine does.
"""

import gc
import importlib
import json
import mmap
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from toolkit.mutation.chosen import is_golden
from toolkit.mutation.copied import QUIET
from toolkit.mutation.limits import allow, end_of
from toolkit.mutation.live import functions, read_as, run_again, swap

PASSED, FAILED, ELSEWHERE, BROKEN = 0, 1, 7, 8
FATES = {PASSED: "survived", ELSEWHERE: "elsewhere", BROKEN: "broken"}
Seconds = dict[str, float]  # of the processor that each test took without a mutant, in the order in which they are to run
IMPORTS = 6.0  # seconds of the processor to import the product and collect tests
NOTICED: dict[str, Counter[str]] = {}  # by file of the product: how many of its mutants each test noticed
FLAWED = 9  # tests that may fail without a mutant before the mutant gets no result
NONE = b"\xff" * 4
SEEN = mmap.mmap(-1, 4)  # written by a fork: the place of the test that runs
LISTED = "import sys, function_app, pytest, hypothesis; print(' '.join(sys.modules))"
OURS = ("shared", "integrations", "tests", "toolkit", "function_app", "__main__", "_pytest")


def main() -> None:
    job, results = json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])
    _import_what_is_not_ours()
    with results.open("a", encoding="utf-8", buffering=1) as out:

        def tell(mutant: dict[str, Any], fate: str, by: str) -> None:
            out.write(json.dumps({"number": mutant["number"], "fate": fate, "by": by}) + "\n")

        left = [each for each in job if each["anew"] and not _golden(each)]
        if warm := [each for each in job if not each["anew"] or _golden(each)]:
            reader, writer = os.pipe()
            if (child := os.fork()) == 0:
                os.close(reader)
                loop = Loop(warm, tell, writer)
                os._exit(pytest.main([*QUIET, "--no-header", *_files(warm)], plugins=[loop]))
            os.close(writer)
            with os.fdopen(reader) as elsewhere:
                numbers = {int(number) for number in elsewhere.read().split()}
            os.waitpid(child, 0)
            left += [each for each in warm if each["number"] in numbers]
        green: dict[str, bool] = {}
        for each in left:
            tell(each, *_fate(each, each["tests"], partial(_anew, each), _fresh, green))


def _anew(mutant: dict[str, Any], tests: Seconds) -> int:
    read_as(mutant["filename"], mutant["after"])
    ended = _fresh(tests)
    return ended if _is_imported(mutant["filename"]) else FAILED  # pytest runs nothing, and names no test, without its conftest


def _is_imported(filename: str) -> bool:
    """Whether a module can be imported."""
    with suppress(Exception):
        importlib.import_module(_module(Path(filename).relative_to(Path.cwd())))
        return True
    return False


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _fresh(tests: Seconds) -> int:
    """Import all, and run these tests until one fails."""
    allow(IMPORTS)
    return FAILED if pytest.main([*QUIET, "-x", "--no-header", *_files_of(tests)], plugins=[Chosen(tests)]) in (1, 2) else PASSED


class Chosen:
    """Runs some tests alone, in their order."""

    def __init__(self, tests: Seconds) -> None:
        self.tests = tests
        self.places = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((each for each in items if each.nodeid in self.tests), key=lambda each: self.places[each.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _begin(self.places[nodeid], self.tests[nodeid])


class Loop:
    """Once all is collected: a fork for each mutant, in which its tests run until one fails."""

    def __init__(self, mutants: list[dict[str, Any]], tell: Callable[[dict[str, Any], str, str], None], elsewhere: int) -> None:
        self.mutants, self.emit, self.elsewhere = mutants, tell, elsewhere
        self.items: dict[str, pytest.Item] = {}
        self.failed = False
        self.green: dict[str, bool] = {}
        self.greens: dict[str, dict[str, bool]] = {}  # by file: the golden, when the module has run again without a mutant
        self.functions: dict[str, list[FunctionType]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {each.nodeid: each for each in session.items}
        _import_packages(self.mutants)
        self.functions = functions()
        gc.freeze()  # a fork that collects garbage would copy the memory of all
        for mutant in self.mutants:
            if mutant["anew"]:
                self._by_golden(mutant)
                continue
            chosen = {test: seconds for test, seconds in mutant["tests"].items() if test in self.items}
            fate, by = _fate(mutant, chosen, partial(self._planted, mutant), self._run, self.green)
            if fate == "elsewhere" or (fate == "survived" and mutant["at_import"]):
                os.write(self.elsewhere, f"{mutant['number']} ".encode())
            else:
                self.emit(mutant, fate, by)
        return True

    def _planted(self, mutant: dict[str, Any], tests: Seconds) -> int:
        known = self.functions.get(mutant["filename"], [])
        return self._run(tests) if swap(mutant["filename"], mutant["before"], mutant["after"], known) else ELSEWHERE

    def _by_golden(self, mutant: dict[str, Any]) -> None:
        """A changed value of a module: the golden of the package's constants sees most of them, without a new import of all."""
        golden, filename = _golden(mutant), mutant["filename"]
        if golden in self.items:
            anew = {source: partial(self._again, filename, mutant[source]) for source in ("before", "after")}
            greens = self.greens.setdefault(filename, {})
            fate, by = _fate(mutant, {golden: mutant["tests"][golden]}, anew["after"], anew["before"], greens)
            if fate == "caught" and by:
                return self.emit(mutant, fate, by)
        os.write(self.elsewhere, f"{mutant['number']} ".encode())
        return None

    def _again(self, filename: str, source: str, tests: Seconds) -> int:
        run_again(filename, source)
        return self._run(tests)

    def _run(self, tests: Seconds) -> int:
        items = [self.items[test] for test in tests]
        for place, item in enumerate(items):
            _begin(place, tests[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[place + 1] if place + 1 < len(items) else None)
            if self.failed:
                return FAILED
        return PASSED


def _golden(mutant: dict[str, Any]) -> str:
    """Of the tests of a mutant, the one that holds the constants of its package; empty without one."""
    return next(filter(is_golden, mutant["tests"]), "")


def _import_packages(mutants: list[dict[str, Any]]) -> None:
    """Import all of each package that has a mutant, so that a fork need not."""
    for folder in sorted({Path(each["filename"]).relative_to(Path.cwd()).parts[:2] for each in mutants}):
        for path in sorted(Path(*folder).rglob("*.py")):
            with suppress(Exception):
                importlib.import_module(_module(path))


def _begin(place: int, seconds: float) -> None:
    """A test begins: if it does not end, or fails, this is the one."""
    SEEN[:4] = place.to_bytes(4, "little")
    allow(seconds)


def _fate(
    mutant: dict[str, Any],
    tests: Seconds,
    planted: Callable[[Seconds], int],
    clean: Callable[[Seconds], int],
    green: dict[str, bool],
) -> tuple[str, str]:
    """What becomes of a mutant, and the test that fails. A test that fails without the mutant too is left out.

    The tests that noticed the most mutants of the file come first.
    """
    noticed = NOTICED.setdefault(mutant["filename"], Counter())
    tests = dict(sorted(tests.items(), key=lambda each: -noticed[each[0]]))
    for _ in range(FLAWED):
        SEEN[:4] = NONE
        fate = _in_fork(partial(planted, tests), sum(tests.values()))
        by = "" if SEEN[:4] == NONE or fate not in ("caught", "timed out") else [*tests][int.from_bytes(SEEN[:4], "little")]
        if by and by not in green:
            green[by] = _in_fork(partial(clean, {by: tests[by]}), tests[by]) == "survived"
        if not by or green[by]:
            noticed[by] += bool(by)
            return fate, by
        del tests[by]
    return "broken", ""


def _in_fork(work: Callable[[], int], seconds: float) -> str:
    """What becomes of a mutant in a process of its own, which is ended when its time is over."""
    if (child := os.fork()) == 0:
        os.setpgid(0, 0)
        code = BROKEN
        with suppress(BaseException):
            code = work()
        os._exit(code)
    with suppress(OSError):
        os.setpgid(child, child)
    ended = end_of(child, seconds + IMPORTS)
    return "timed out" if ended is None else FATES.get(ended, "caught")


def _files(mutants: list[dict[str, Any]]) -> list[str]:
    return _files_of(test for mutant in mutants for test in mutant["tests"])


def _files_of(tests: Iterable[str]) -> list[str]:
    return sorted({test.partition("::")[0] for test in tests})


def _import_what_is_not_ours() -> None:
    listed = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=False).stdout
    for name in listed.split():
        if name.partition(".")[0] not in OURS:
            with suppress(Exception):
                importlib.import_module(name)


if __name__ == "__main__":
    main()
