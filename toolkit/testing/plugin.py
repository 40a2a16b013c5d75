"""pytest plugin of ``./hub test``: fast tests first, then the slow ones, the longest of them at once.

Loaded with ``-p toolkit.testing.plugin``; without it pytest runs the same tests in the order of their files.
"""

import gc
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestModule  # it has no public name

from toolkit.testing.order import SLOW, is_slow, ordered
from toolkit.testing.report import Progress

SECONDS = "HUB_TEST_SECONDS"  # after which --fast starts no further test


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "no_cover: coverage is not measured while the test runs")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Nothing that is collected becomes garbage, and looking for some took a fifth of the processor time of a collection.

    What is there after it, two million objects, stays to the end: it is not looked through again while the tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Any:
    """A module without an example in its text has no doctest: pytest would look at every function of 1,500 modules for one."""
    found: Any = yield
    if file_path.suffix != ".py" or b">>>" in file_path.read_bytes():
        return found
    return [each for each in found if not isinstance(each, DoctestModule)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is measured while the fast tests run: they reach the floor alone, and tracing the slow ones costs minutes."""
    for item in items:
        if is_slow(item):
            item.add_marker("no_cover")
            item.user_properties.append(SLOW)
    items[:] = ordered(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """One line where no test is selected; a worker leaves it to the process that started it."""
    chosen = " ".join(filter(None, (session.config.option.keyword, session.config.option.markexpr)))
    is_worker = hasattr(session.config, "workerinput")
    if chosen and not session.items and not session.testsfailed and not is_worker:
        pytest.exit(f"no test matches {chosen!r}", returncode=pytest.ExitCode.TESTS_FAILED)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each worker a group of tests at a time, in the order of the collection."""
    from toolkit.testing.schedule import InOrder

    return InOrder(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool | None, bool | None]:
    """End a run of --fast when its time is over: what is farther from the change runs in the next tier.

    What the fast tests have loaded stays as well when the slow ones begin.
    """
    ends = float(os.environ.get(SECONDS, "0"))
    if ends and time.time() > ends:
        item.session.shouldstop = "the time of --fast is over; the tests nearest the change passed"
    has_run = yield
    if nextitem is not None and is_slow(nextitem) and not is_slow(item):
        gc.collect()
        gc.freeze()
    return has_run


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that ended because its time was over, with nothing failed, is a success."""
    is_over = 0 < float(os.environ.get(SECONDS, "0")) < time.time()
    if is_over and session.exitstatus == pytest.ExitCode.INTERRUPTED and not session.testsfailed:
        session.exitstatus = pytest.ExitCode.OK
