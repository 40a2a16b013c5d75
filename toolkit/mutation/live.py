"""Planting a mutant in a running process: functions take the code of the mutant; modules that are imported later are read so."""

import gc
import importlib.machinery
import sys
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType


def functions() -> dict[str, list[FunctionType]]:
    """Every function of this process, by the file of its code."""
    found: dict[str, list[FunctionType]] = {}
    is_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()  # the app freezes what it has when it starts, and frozen objects are not listed
    for each in gc.get_objects():
        if type(each) is FunctionType:
            found.setdefault(each.__code__.co_filename, []).append(each)
    if is_frozen:
        gc.freeze()
    return found


def swap(filename: str, before: str, after: str, found: list[FunctionType]) -> bool:
    """Give each of these functions of a file its code in the mutant. False when the mutant is outside any that can take it."""
    pairs = list(_pairs(_compiled(before, filename), _compiled(after, filename)))
    if any(not old.co_flags & CO_OPTIMIZED and _own(old) != _own(new) for old, new in pairs):
        return False
    replacements = {old: new for old, new in pairs if old != new}
    if not any(_is_planted(each.__code__, replacements) for each in found):
        return False
    for each in found:
        if (new := replacements.get(each.__code__)) is not None:
            if len(new.co_freevars) != len(each.__code__.co_freevars):
                return False
            each.__code__ = new
    return True


def run_again(filename: str, source: str) -> None:
    """Run the statements of a module that is imported once more, with this source: its names have new values.

    What others imported from it by name is as before, so this serves only a test that looks at the module.
    """
    module = next(each for each in [*sys.modules.values()] if getattr(each, "__file__", None) == filename)
    exec(_compiled(source, filename), vars(module))  # noqa: S102 - the source of a mutant


def read_as(filename: str, source: str) -> None:
    """A module of this file that is imported from now on has this source."""
    usual = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        return _compiled(source, filename) if self.get_filename(fullname) == filename else usual(self, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]


def _compiled(source: str, filename: str) -> CodeType:
    return compile(source, filename, "exec", dont_inherit=True)


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Each piece of code and what it is in the mutant; nothing more where their parts differ in number."""
    yield old, new
    inner = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (old, new)]
    if len(inner[0]) == len(inner[1]):
        for one, other in zip(*inner, strict=True):
            yield from _pairs(one, other)


def _own(code: CodeType) -> tuple[object, ...]:
    """What a piece of code does itself, without the functions in it. The type of a constant separates ``1`` from ``True``."""
    return code.co_code, code.co_names, [(type(each), each) for each in code.co_consts if not isinstance(each, CodeType)]


def _is_planted(code: CodeType, replacements: dict[CodeType, CodeType]) -> bool:
    """Whether taking the new code changes more than line numbers."""
    new = replacements.get(code)
    return new is not None and any(_own(one) != _own(other) for one, other in _pairs(code, new))
