"""A process that has imported everything and forks for each mutant: ``python -m toolkit.mutation.warm JOB RESULTS``.

A mutant inside a function is planted in a fork of a process that has collected the tests. A mutant of a module's own statements
acts only when modules are imported, so it is planted in a fork that has imported nothing of the product yet.
"""

import importlib
import json
import mmap
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from toolkit.mutation.copied import QUIET
from toolkit.mutation.live import read_as, swap

PASSED, FAILED, ELSEWHERE, BROKEN = 0, 1, 7, 8
FATES = {PASSED: "survived", ELSEWHERE: "elsewhere", BROKEN: "broken"}
FLAWED = 9  # tests that may fail without a mutant before the mutant gets no result
NONE = b"\xff" * 4
SEEN = mmap.mmap(-1, 4)  # written by a fork: the place of the test that failed
LISTED = "import sys, function_app, pytest, hypothesis; print(' '.join(sys.modules))"
OURS = ("shared", "integrations", "tests", "toolkit", "function_app", "__main__", "_pytest")


def main() -> None:
    job, results = json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])
    _import_what_is_not_ours()
    with results.open("a", encoding="utf-8", buffering=1) as out:

        def tell(mutant: dict[str, Any], fate: str, by: str) -> None:
            out.write(json.dumps({"number": mutant["number"], "fate": fate, "by": by}) + "\n")

        left = [each for each in job if each["anew"]]
        if warm := [each for each in job if not each["anew"]]:
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
            tell(each, *_fate(each["tests"], each["seconds"] + 30, partial(_anew, each), _fresh, green))


def _anew(mutant: dict[str, Any], tests: list[str]) -> int:
    read_as(mutant["filename"], mutant["after"])
    return _fresh(tests)


def _fresh(tests: list[str]) -> int:
    """Import all, and run these tests until one fails."""
    return FAILED if pytest.main([*QUIET, "-x", "--no-header", *_files_of(tests)], plugins=[Chosen(tests)]) in (1, 2) else PASSED


class Chosen:
    """Runs some tests alone, in their order."""

    def __init__(self, tests: list[str]) -> None:
        self.tests = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((each for each in items if each.nodeid in self.tests), key=lambda each: self.tests[each.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            SEEN[:4] = self.tests[report.nodeid].to_bytes(4, "little")


class Loop:
    """Once all is collected: a fork for each mutant, in which its tests run until one fails."""

    def __init__(self, mutants: list[dict[str, Any]], tell: Callable[[dict[str, Any], str, str], None], elsewhere: int) -> None:
        self.mutants, self.emit, self.elsewhere = mutants, tell, elsewhere
        self.items: dict[str, pytest.Item] = {}
        self.failed = False
        self.green: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {each.nodeid: each for each in session.items}
        for mutant in self.mutants:
            chosen = [test for test in mutant["tests"] if test in self.items]
            planted = lambda tests, mutant=mutant: self._planted(mutant, tests)  # noqa: E731
            fate, by = _fate(chosen, mutant["seconds"], planted, self._run, self.green)
            if fate == "elsewhere" or (fate == "survived" and mutant["at_import"]):
                os.write(self.elsewhere, f"{mutant['number']} ".encode())
            else:
                self.emit(mutant, fate, by)
        return True

    def _planted(self, mutant: dict[str, Any], tests: list[str]) -> int:
        return self._run(tests) if swap(mutant["filename"], mutant["before"], mutant["after"]) else ELSEWHERE

    def _run(self, tests: list[str]) -> int:
        items = [self.items[test] for test in tests]
        for place, item in enumerate(items):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[place + 1] if place + 1 < len(items) else None)
            if self.failed:
                SEEN[:4] = place.to_bytes(4, "little")
                return FAILED
        return PASSED


def _fate(
    tests: list[str],
    seconds: float,
    planted: Callable[[list[str]], int],
    clean: Callable[[list[str]], int],
    green: dict[str, bool],
) -> tuple[str, str]:
    """What becomes of a mutant, and the test that fails. A test that fails without the mutant too is left out."""
    for _ in range(FLAWED):
        SEEN[:4] = NONE
        fate = _in_fork(partial(planted, tests), seconds)
        by = "" if SEEN[:4] == NONE else tests[int.from_bytes(SEEN[:4], "little")]
        if fate != "caught" or not by:
            return fate, by
        if by not in green:
            green[by] = _in_fork(partial(clean, [by]), 120) == "survived"
        if green[by]:
            return fate, by
        tests = [test for test in tests if test != by]
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
    handle = os.pidfd_open(child)
    ended, _, _ = select.select([handle], [], [], seconds)
    os.close(handle)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        return "timed out"
    return FATES.get(os.waitstatus_to_exitcode(status), "caught")


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
