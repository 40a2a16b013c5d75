"""The code blocks of a Markdown page, and how each is tried: its mark is a comment on the line before it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>\w*)[^\n]*$")
MARK = re.compile(r"^\s*<!-- (run by|not run|shown): (.+) -->$")


class Block(NamedTuple):
    """One block of code.

    Args:
        language: of a fence; ``""`` for an indented block.
        mark: ``run by``, ``not run``, ``shown`` or ``""``. why: the rest of the mark.
    """

    line: int
    language: str
    text: str
    mark: str = ""
    why: str = ""


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page, fenced or indented by four blanks after an empty line outside of a list."""
    lines, at = page.read_text("utf-8").splitlines(), 0
    in_list = False
    while at < len(lines):
        line, first = lines[at], at
        if found := FENCE.match(line):
            close = re.compile(rf"^ *{re.escape(found['fence'])}\s*$")
            at = next((n for n in range(at + 1, len(lines)) if close.match(lines[n])), len(lines))
            cut = len(found["indent"])
            text = "\n".join(each[cut:] for each in lines[first + 1 : at])
            yield Block(first + 1, found["language"], text, *mark(lines, first))
        elif line.startswith("    ") and not in_list and not (first and lines[first - 1].strip()):
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or not lines[at + 1].strip()):
                at += 1
            yield Block(first + 1, "", "\n".join(each[4:] for each in lines[first : at + 1]).rstrip(), *mark(lines, first - 1))
        elif line.strip():
            in_list = bool(re.match(r"\s*([-*+]|\d+\.) ", line)) or (in_list and line.startswith(" "))
        at += 1


def mark(lines: list[str], first: int) -> tuple[str, str]:
    """The mark above a line, past empty lines."""
    above = next((lines[n] for n in range(first - 1, -1, -1) if lines[n].strip()), "")
    found = MARK.match(above)
    return (found[1], found[2]) if found else ("", "")
