"""A pytest plugin: which lines of the product each test runs, and the processor seconds of each test that passed.

Written as JSON to the file ``MUTATION_RECORD``, by each process to one of its own: ``lines`` (by file and line, the tests; ``""``
when no test ran yet) and ``seconds`` (by test). Each line reports once for a test, so that this costs little, unlike a trace of
every line. Seconds of the clock would say how busy the machine was, and not how much work a test is.
"""

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

TOOL = 1  # the number that sys.monitoring keeps for coverage
ONCE: Any = getattr(sys, "monitoring", None) and sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]

_lines: dict[str, dict[int, set[str]]] = {}
_seconds: dict[str, float] = {}
_unfit: set[str] = set()
_roots = tuple(f"{Path.cwd() / name}{os.sep}" for name in os.environ.get("MUTATION_PRODUCT", "").split())
_test = ""
_last = 0.0


def processor_seconds() -> float:
    """What this process, its threads and the processes that it waited for have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run_line(code: CodeType, line: int) -> Any:
    """A line of the product runs in this test; it need not report again."""
    _lines.setdefault(code.co_filename, {}).setdefault(line, set()).add(_test)
    return ONCE


if sys.version_info >= (3, 12):

    def _enter(code: CodeType, offset: int) -> Any:
        if _roots and code.co_filename.startswith(_roots):  # none left while Python ends
            sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
        return sys.monitoring.DISABLE

    def _watch() -> None:
        sys.monitoring.use_tool_id(TOOL, "mutation")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, run_line)
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, _enter)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)

    def _again() -> None:
        sys.monitoring.restart_events()

else:
    import threading

    def _trace(frame: Any, event: str, value: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_roots):
            return None
        run_line(frame.f_code, frame.f_lineno)
        return _trace

    def _watch() -> None:
        sys.settrace(_trace)
        threading.settrace(_trace)

    def _again() -> None:
        sys.settrace(_trace)


if _roots:
    _watch()


def pytest_runtest_logstart(nodeid: str) -> None:
    global _last, _test
    _last, _test = processor_seconds(), nodeid
    if _roots:
        _again()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """The report of each phase carries what was used since the last one, also from one process of xdist to another."""
    global _last
    report = yield
    now = processor_seconds()
    report.processor, _last = now - _last, now
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + getattr(report, "processor", 0.0)
    if not report.passed:
        _unfit.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    place = os.environ["MUTATION_RECORD"] + os.environ.get("PYTEST_XDIST_WORKER", "")
    lines = {file: {line: sorted(tests) for line, tests in found.items()} for file, found in _lines.items()}
    is_worker = hasattr(session.config, "workerinput")  # then the process that gathers what the others report has the seconds
    passed = {} if is_worker else {test: round(took, 4) for test, took in _seconds.items() if test not in _unfit}
    Path(place).write_text(json.dumps({"lines": lines, "seconds": passed}), encoding="utf-8")
