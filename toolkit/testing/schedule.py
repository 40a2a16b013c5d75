"""Which worker gets which tests: a file at a time, in the order of the collection, nothing long behind something long.

A worker begins a test only when it knows the next one, so it always holds a unit more than the one that it runs. What it holds
behind a long unit waits there while other workers have nothing to do, so that is the shortest one.
"""

import os
from collections import Counter
from functools import cached_property
from itertools import count
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from toolkit.testing.lengths import lengths
from toolkit.testing.order import NEAREST, group

Unit = dict[str, bool]  # the id of a test -> whether it has run


class InOrder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A unit is the tests of a group that follow each other: a file with fast and slow tests is two."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)
        self._scopes: dict[str, str] = {}
        self._last, self._numbers = "", count()
        self._long = set[Any]()  # workers whose last unit was a long one
        self._seconds = {} if os.environ.get(NEAREST) else lengths()

    def _split_scope(self, nodeid: str) -> str:
        if nodeid not in self._scopes:
            if group(nodeid) != self._last:
                self._last, self._number = group(nodeid), next(self._numbers)
            self._scopes[nodeid] = f"{self._last} {self._number}"
        return self._scopes[nodeid]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {nodeid: n for n, nodeid in enumerate(self.collection)}

    @cached_property
    def _left(self) -> Counter[str]:
        """How many units of each group no worker has yet."""
        return Counter(map(_group_of, self.workqueue))

    def _assign_work_unit(self, node: Any) -> None:
        scope = self._next(node)
        self._left[_group_of(scope)] -= 1
        unit: Unit = self.workqueue.pop(scope)
        self.assigned_work[node][scope] = unit
        node.send_runtest_some([self._places[nodeid] for nodeid, has_run in unit.items() if not has_run])

    def _next(self, node: Any) -> str:
        """The first unit; behind a long one the last, which is the shortest of the slow ones."""
        first, last = next(iter(self.workqueue)), next(reversed(self.workqueue))
        is_slow = _group_of(first) in self._seconds and self._left[_group_of(first)] == 1
        if is_slow and node in self._long:
            self._long.remove(node)
            return str(last)
        if is_slow:
            self._long.add(node)
        return str(first)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """A unit that has run is forgotten: the tests of all would be counted after each test."""
        nodeid = self.registered_collections[node][item_index]
        units, scope = self.assigned_work[node], self._split_scope(nodeid)
        units[scope][nodeid] = True
        if all(units[scope].values()):
            del units[scope]
        self._reschedule(node)


def _group_of(scope: str) -> str:
    return scope.rpartition(" ")[0]
