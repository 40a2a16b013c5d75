"""Which tests are to notice a mutant: those that run its line, the nearest first, within a bound of seconds."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import PurePath
from typing import NamedTuple

from toolkit.mutation.covered import AT_IMPORT, Covered, functions
from toolkit.mutation.operators import Mutant

FAR = 2  # from the tests of the file and of its folder
SHARES = {0: 0.5, 1: 0.75, FAR: 1.0}  # of the time, for the tests up to that far away
USUAL = 0.02  # seconds, where a test was not timed


class Choice(NamedTuple):
    """The tests to run, in order; how many could notice; whether the mutant acts only, or also, while modules are imported."""

    tests: list[str]
    of: int
    anew: bool
    at_import: bool


class Chooser:
    def __init__(self, covered: Covered, seconds: float) -> None:
        self.covered, self.bound = covered, seconds

    def choose(self, path: str, mutant: Mutant) -> Choice:
        mask = self.covered.of(path, range(mutant.first, mutant.last + 1))
        is_in_function, at_import = self._is_in_function(path, mutant.first), bool(mask & AT_IMPORT)
        if not mask and is_in_function:
            return Choice([], of=0, anew=False, at_import=False)
        # A module that a test imports first ran its statements in that test: it says nothing of which tests use them.
        anew = not is_in_function or not mask & ~AT_IMPORT
        if anew:
            mask |= self._of_users(path, mutant) or self.covered.of(path, self.covered.masks.get(path, {}))
        tests = self.covered.named(mask)
        near = _nearness(path)
        if anew:  # a test may use such a value without a function of the product that does
            users, here = set(tests), [test for test in self.covered.seconds if near(test) < FAR]
            ranks = {test: 0 if near(test) == 0 else 1 if test in users else 2 for test in [*tests, *here]}
            seconds = self.covered.seconds
            tests = sorted(ranks, key=lambda test: (ranks[test], not is_golden(test), seconds.get(test, USUAL)))
            return Choice(self._bounded(self._of_few_files(tests), ranks.__getitem__), len(tests), anew, at_import)
        tests.sort(key=lambda test: (near(test), self.covered.seconds.get(test, USUAL)))
        return Choice(self._bounded(tests, near), len(tests), anew, at_import)

    def _of_few_files(self, tests: list[str]) -> list[str]:
        """A file for each second of the bound: to import and collect them again takes longer than their tests."""
        few = [*dict.fromkeys(test.partition("::")[0] for test in tests)][: max(3, int(self.bound))]
        return [test for test in tests if test.partition("::")[0] in few]

    def _is_in_function(self, path: str, line: int) -> bool:
        return any(first < line <= last for first, last in functions(self.covered.sources[path]))

    def _of_users(self, path: str, mutant: Mutant) -> int:
        """The tests of the functions, anywhere, that name what is defined at this line."""
        names = defined(self.covered.sources[path], mutant.first)
        found = 0
        for where, source in self.covered.sources.items():
            for first, last, used in _uses(source):
                if names & used:
                    found |= self.covered.of(where, range(first + 1, last + 1))
        return found & ~AT_IMPORT

    def _bounded(self, tests: list[str], near: Callable[[str], int]) -> list[str]:
        """The file's own tests for half of the time, those of its package for a quarter, then the others.

        One test of each file in turn: the many quick tests of one file would otherwise leave no time for the next file.
        """
        found: dict[str, None] = {}
        spent = 0.0
        for rank, share in SHARES.items():
            for test in _in_turn([each for each in tests if near(each) <= rank and each not in found], of_the_middle=rank == FAR):
                if spent >= share * self.bound:
                    break
                found[test] = None
                spent += self.covered.seconds.get(test, USUAL)
        return list(found)


def _in_turn(tests: list[str], *, of_the_middle: bool) -> Iterator[str]:
    """One test of each file in turn: the first one that is left, or that of the middle, which is neither quick nor slow."""
    by_file: dict[str, list[str]] = {}
    for test in tests:
        by_file.setdefault(test.partition("::")[0], []).append(test)
    while by_file:
        for file, left in list(by_file.items()):
            yield left.pop(len(left) // 2 if of_the_middle else 0)
            if not left:
                del by_file[file]


def is_golden(test: str) -> bool:
    """Whether a test holds the reviewed constants of a package: it notices a changed value of any of its modules."""
    return test.partition("::")[0].endswith("/test_constants.py")


def _nearness(path: str) -> Callable[[str], int]:
    """0 for the file's doctests, the tests of its name and of its package's constants, 1 for its package, 2 for others."""
    pure = PurePath(path)
    folder = str(PurePath("tests", *pure.parts[:2])) + "/" if len(pure.parts) > 2 else ""
    golden = f"{folder or 'tests/shared/'}test_constants.py"
    own = {path, str(PurePath("tests", pure.parent, f"test_{pure.stem}.py")), golden}

    def near(test: str) -> int:
        file = test.partition("::")[0]
        return 0 if file in own or f"test_{pure.stem}" in file else 1 if folder and file.startswith(folder) else FAR

    return near


def defined(source: str, line: int) -> set[str]:
    """The names that the statement at this line gives to a module, or the function or class that holds it."""
    for node in ast.parse(source).body:
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return {node.name}
            return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return set()


@cache
def _uses(source: str) -> list[tuple[int, int, frozenset[str]]]:
    """First and last line of each function and the names that it uses."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            names |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
            found.append((node.lineno, node.end_lineno or node.lineno, frozenset(names)))
    return found
