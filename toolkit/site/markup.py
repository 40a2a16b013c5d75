"""A page as GitHub reads it, made into one that Python-Markdown reads the same way: nested lists, and lists after a paragraph."""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^( *)(```+|~~~+)")
ITEM = re.compile(r"^( *)([-*+]|\d+[.)])( +)(?=\S)")
STEP = 4  # blanks of one level, in Python-Markdown


def converted(text: str) -> str:
    r"""The same page, with four blanks for each level of a list.

    >>> print(converted("text\n- one\n  - two\n\n  more\n\n    code"))
    text
    <BLANKLINE>
    - one
        - two
    <BLANKLINE>
        more
    <BLANKLINE>
        code
    """
    return "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    columns: list[int] = []  # where the content of each open item begins
    fence, before = "", ""
    for line in lines:
        if fence:
            fence = "" if line.strip() == fence else fence
            yield _moved(line, columns)
        elif not line.strip():
            yield ""
        else:
            was_in_list, columns = bool(columns), _open(columns, line, before)
            found = ITEM.match(line)
            if found:
                if not was_in_list and before.strip():
                    yield ""
                yield _moved(line, columns)
                columns = [*columns, len(found[0])]
            else:
                yield _moved(line, columns)
            fence = opened[2] if (opened := FENCE.match(line)) else ""
        before = line


def _open(columns: list[int], line: str, before: str) -> list[int]:
    """The items that a line belongs to: by how far it is indented; a line without an empty one before it goes on with them."""
    indent = len(line) - len(line.lstrip(" "))
    kept = [column for column in columns if indent >= column]
    goes_on = bool(before.strip()) and not ITEM.match(line) and not FENCE.match(line) and not line.startswith(("#", "|", "<"))
    return columns if goes_on and columns else kept


def _moved(line: str, columns: list[int]) -> str:
    """The line at four blanks for each level."""
    cut = columns[-1] if columns else 0
    indent = len(line) - len(line.lstrip(" "))
    return " " * (STEP * len(columns)) + line[min(cut, indent) :]
