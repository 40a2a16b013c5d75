"""The limits of a process that tries a mutant: what it does itself counts, and not what the machine does meanwhile."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.mutation import limits, recorded


def child(work: Callable[[], object]) -> int:
    """A process of its own that exits with 3 after its work, or is ended before."""
    if (made := os.fork()) == 0:
        os.setpgid(0, 0)
        limits.allow(0)
        work()
        os._exit(3)
    return made


def endless() -> None:
    while True:
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "code"),
    [(endless, None), (lambda: time.sleep(60), None), (lambda: time.sleep(0.5), 3), (lambda: None, 3)],
    ids=["computes", "waits", "waits a little", "ends"],
)
def test_a_process_ends_within_its_limits(work: Callable[[], object], code: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LEAST", 0.5)
    monkeypatch.setattr(limits, "ASLEEP", 1.0)
    assert limits.end_of(child(work), 0) == code


def test_time_without_a_processor_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that had to wait for a processor for hours is still within its limit."""
    monkeypatch.setattr(limits, "ASLEEP", 0.5)
    monkeypatch.setattr(limits, "LEAST", 0.0)
    monkeypatch.setattr(limits, "waited", lambda process: 3600.0)
    assert limits.end_of(child(lambda: time.sleep(1.5)), 0) == 3


@pytest.mark.slow
def test_a_process_that_waits_and_does_nothing_is_ended_long_before_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ASLEEP", 1.0)
    assert limits.end_of(child(lambda: time.sleep(60)), 100) is None


def test_the_system_says_how_long_a_process_had_no_processor() -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this system does not say it")
    assert 0 <= limits.waited(os.getpid()) < 1e6
    assert limits.waited(2**22 + 1) == 0


def test_the_time_of_a_test_is_that_of_the_processor() -> None:
    before = recorded.processor_seconds()
    time.sleep(0.2)
    slept = recorded.processor_seconds()
    sum(range(3_000_000))
    assert recorded.processor_seconds() - slept > slept - before
