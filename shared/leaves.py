"""A leaf of a document: a place that holds a text. Every format lists its own (``shared/formats``)."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

INDEX = re.compile(r"\[\d+\]")


class Leaf(NamedTuple):
    """A place that holds a text: its path, the text as it was sent, and a function from another text to the changed document."""

    path: str
    text: str
    changed: Callable[[str], Any]


def short(path: str) -> str:
    """``PID-13`` for ``PID-13.1``: the first component of a field that has no other is the field.

    >>> short("PID-13.1.1"), short("PID-3[2].1"), short("PID-5.2"), short("a.1")
    ('PID-13', 'PID-3[2]', 'PID-5.2', 'a.1')
    """
    end = len(path)
    while path.endswith(".1", 0, end) and (path[end - 3 : end - 2].isdigit() or path[end - 3 : end - 2] == "]"):
        end -= 2
    return path[:end]


def place(path: str) -> str:
    """A path without its indices: ``PID-3`` for ``PID[2]-3[4].1``."""
    return short(INDEX.sub("", path))


def occurrence(number: int) -> str:
    """The index of the nth occurrence in a path; ``""`` for the first.

    >>> occurrence(1), occurrence(2)
    ('', '[2]')
    """
    return f"[{number}]" if number > 1 else ""
