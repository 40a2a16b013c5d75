"""The order of the tests: fast ones first, nearest to the change first; then the slow ones, the longest first."""

import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from toolkit.testing.lengths import lengths

NEAREST = "HUB_TEST_NEAREST"  # the order of the test files of --fast, one path a line
# A session fixture that takes long to start, a module of results that take long, and the compiler that evaluates an environment:
# the tests that use one run on one worker, one after the other.
SHARED = ("real_fhir_server", "guide_results", "tests.infra.world import")
DEFAULT_TIMEOUT = 300
SLOW = ("slow", True)  # with each report: a keyword of that name may be a test's own


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def longest(item: pytest.Item) -> float:
    """How long the test may take, by its ``timeout`` marker: what is known of its length before it has run once."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker and marker.args else DEFAULT_TIMEOUT


def ordered(items: list[pytest.Item]) -> list[pytest.Item]:
    """Fast tests, then the slow ones by group: the longest first, and one that may take very long before all that are known."""
    nearest = {path: n for n, path in enumerate(filter(None, os.environ.get(NEAREST, "").split("\n")))}
    seconds = _seconds([item for item in items if is_slow(item)])
    first = {group(item.nodeid): len(items) - n for n, item in enumerate(reversed(items), 1)}

    def place(item: pytest.Item) -> tuple[bool, float, int]:
        key = group(item.nodeid)
        return is_slow(item), -seconds[key] if is_slow(item) else nearest.get(file_of(item.nodeid), len(nearest)), first[key]

    return sorted(items, key=place)


def _seconds(slow: list[pytest.Item]) -> dict[str, float]:
    """Of each group: what it took before; else what it may take, where that is more than usual; else a second for each test."""
    sizes, most = Counter(group(item.nodeid) for item in slow), dict[str, float]()
    for item in slow:
        most[group(item.nodeid)] = max(most.get(group(item.nodeid), 0), longest(item))
    new = {key: most[key] if most[key] > DEFAULT_TIMEOUT else float(size) for key, size in sizes.items()}
    return new | {key: each for key, each in lengths().items() if key in sizes}


def file_of(node_id: str) -> str:
    return node_id.partition("::")[0]


def group(node_id: str) -> str:
    """What one worker runs together: the tests of a file, or of all files that use the same costly fixture."""
    return _group(file_of(node_id))


@cache
def _group(path: str) -> str:
    text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    return next((name for name in SHARED if name in text), path)
