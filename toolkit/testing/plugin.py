"""pytest plugin of ``./hub test``: fast tests first, then the slow ones, the longest of them at once.

Loaded with ``-p toolkit.testing.plugin``; without it pytest runs the same tests in the order of their files.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest

NEAREST = "HUB_TEST_NEAREST"  # the order of the test files of --fast, one path a line
SECONDS = "HUB_TEST_SECONDS"  # after which --fast starts no further test
# A session fixture that takes long to start, and a module of results that take long: the tests that use one run on one worker.
SHARED = ("real_fhir_server", "guide_results")
DEFAULT_TIMEOUT = 300
SLOW = ("slow", True)  # with each report: a keyword of that name may be a test's own


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def longest(item: pytest.Item) -> float:
    """How long the test may take, by its ``timeout`` marker: what is known of its length before it runs."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker and marker.args else DEFAULT_TIMEOUT


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests: fast ones first, then the slow ones, the longest first; of groups alike, the one with the most tests.

    Coverage is measured while the fast tests run: they reach the floor alone, and tracing the slow ones costs minutes.
    """
    order = {path: n for n, path in enumerate(filter(None, os.environ.get(NEAREST, "").split("\n")))}
    group_time: dict[str, float] = {}
    group_size: Counter[str] = Counter()
    for item in items:
        if is_slow(item):
            item.add_marker("no_cover")
            item.user_properties.append(SLOW)
            key = group(item.nodeid)
            group_time[key] = max(group_time.get(key, 0), longest(item))
            group_size[key] += 1

    def place(item: pytest.Item) -> tuple[bool, float, int, str]:
        key = group(item.nodeid)
        if is_slow(item):
            return True, -group_time[key], -group_size[key], key
        return False, order.get(file_of(item.nodeid), len(order)), 0, ""

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """One line where no test is selected; a worker leaves it to the process that started it."""
    chosen = " ".join(filter(None, (session.config.option.keyword, session.config.option.markexpr)))
    is_worker = hasattr(session.config, "workerinput")
    if chosen and not session.items and not session.testsfailed and not is_worker:
        pytest.exit(f"no test matches {chosen!r}", returncode=pytest.ExitCode.TESTS_FAILED)


def file_of(node_id: str) -> str:
    return node_id.partition("::")[0]


def group(node_id: str) -> str:
    """What one worker runs together: the tests of a file, or of all files that use the same costly fixture."""
    return _group(file_of(node_id))


@cache
def _group(path: str) -> str:
    text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    return next((name for name in SHARED if name in text), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each worker a group of tests at a time, in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling

    class InOrder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        """A file with fast and slow tests is two groups: the order visits it twice."""

        def __init__(self) -> None:
            super().__init__(config, log)
            self.scopes: dict[str, str] = {}
            self.last, self.numbers = "", count()

        def _split_scope(self, nodeid: str) -> str:
            if nodeid not in self.scopes:
                if group(nodeid) != self.last:
                    self.last, self.number = group(nodeid), next(self.numbers)
                self.scopes[nodeid] = f"{self.last} {self.number}"
            return self.scopes[nodeid]

    config.option.loadscopereorder = False
    return InOrder()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End a run of --fast when its time is over: what is farther from the change runs in the next tier."""
    ends = float(os.environ.get(SECONDS, "0"))
    if ends and time.time() > ends:
        item.session.shouldstop = "the time of --fast is over; the tests nearest the change passed"
    return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that ended because its time was over, with nothing failed, is a success."""
    is_over = 0 < float(os.environ.get(SECONDS, "0")) < time.time()
    if is_over and session.exitstatus == pytest.ExitCode.INTERRUPTED and not session.testsfailed:
        session.exitstatus = pytest.ExitCode.OK


class Said:
    """Reports how the fast tests went, at the first result of a slow one; another worker may still run its last fast ones."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.began, self.counted = config, time.monotonic(), {"passed": 0, "failed": 0, "skipped": 0}
        self.is_said = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.is_said:
            return
        if SLOW[0] in dict(report.user_properties):
            self.is_said = True
            self._say()
        elif report.when == "call" or report.outcome != "passed":
            self.counted[report.outcome] += 1

    def _say(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            text = ", ".join(f"{number} {what}" for what, number in self.counted.items() if number) or "none"
            reporter.write_line("")
            reporter.write_line(f"fast tests: {text} in {time.monotonic() - self.began:.0f} s; the slow tests have begun")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "no_cover: coverage is not measured while the test runs")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Said(config))
