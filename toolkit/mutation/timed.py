"""A pytest plugin: how long each test took and whether it passed, as a JSON object in the file ``MUTATION_TIMES``."""

import json
import os
from pathlib import Path

import pytest

_seconds: dict[str, float] = {}
_unfit: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if not report.passed:
        _unfit.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the process that gathers what the others report
        passed = {test: round(seconds, 4) for test, seconds in _seconds.items() if test not in _unfit}
        Path(os.environ["MUTATION_TIMES"]).write_text(json.dumps(passed), encoding="utf-8")
