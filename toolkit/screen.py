"""Text on its way to a terminal: what a message, a sender or a destination chose is made harmless for where it is shown."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Controls (C0, DEL, C1), marks of direction, what has no width or changes how its neighbours are drawn, separators of lines,
# tags, and halves of surrogate pairs.
ACTS = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e007f\ud800-\udfff"
)
IN_TEXT = re.compile(f"[{ACTS}]")
IN_LINE = re.compile(rf"[{ACTS}\t\n]")


def plain(text: str) -> str:
    r"""Text of several lines in which every character that a terminal or a reader's eye would follow is spelt out.

    >>> plain("a\x1b[2J\n\tb\u202ec")
    'a\\u001b[2J\n\tb\\u202ec'
    """
    return IN_TEXT.sub(_spelt, text)


def line(text: object) -> str:
    r"""The same for one line: ends of lines and tabs are spelt out too.

    >>> line("a\nb"), line(7)
    ('a\\u000ab', '7')
    """
    return IN_LINE.sub(_spelt, str(text))


def cell(text: object) -> "Text":
    """One line as rich shows it: nothing in it is a tag or the name of a picture.

    >>> cell("[/b]X :smile:").plain
    '[/b]X :smile:'
    """
    from rich.text import Text

    return Text(line(text))


def inside(text: object) -> str:
    r"""One line inside markup of ours: nothing in it is a tag.

    >>> inside("[/b]X")
    '\\[/b]X'
    """
    from rich.markup import escape

    return escape(line(text))


def console() -> "Console":
    """Where texts are printed in which square brackets and colons may stand for themselves: only ``cell`` and our own markup."""
    from rich.console import Console

    return Console(highlight=False, emoji=False)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, whole: Sequence[str] = (), empty: str) -> None:
    """Print a table without frames; ``empty`` if it has no row.

    A cell of a column in ``whole`` (ids, which a person copies) is never cut or folded: the others fold instead, and where even
    that is too wide for the terminal, the line is longer than the terminal.
    """
    from rich.measure import Measurement
    from rich.table import Table

    listed = [[cell(each) for each in row] for row in rows]
    screen = console()
    if not listed:
        screen.print(empty)
        return
    table = Table(box=None)
    for n, heading in enumerate(headings):
        kept = heading in whole
        width = max(len(heading), *(row[n].cell_len for row in listed)) if kept else None
        table.add_column(heading, no_wrap=kept, min_width=width, overflow="fold")
    for row in listed:
        table.add_row(*row)
    wide = screen.options.update(max_width=100_000)
    screen.width = max(screen.width, Measurement.get(screen, wide, table).minimum)
    screen.print(table)


def iso(moment: float) -> str:
    """A time in seconds since 1970 as ISO 8601, in this machine's zone.

    >>> iso(0.25)[16:23]
    ':00.250'
    """
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="milliseconds")


def as_json(value: Any, indent: int | None = 2) -> str:
    r"""JSON with the same value, in which nothing acts on a terminal.

    >>> as_json({"a": "\x9b2J\x7f é"}, indent=None)
    '{"a":"\\u009b2J\\u007f é"}'
    """
    separators = (",", ":") if indent is None else None
    return IN_TEXT.sub(_spelt, json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))


def _spelt(found: "re.Match[str]") -> str:
    """As JSON spells it; beyond 16 bits as two halves."""
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in _halves(found[0]))


def _halves(character: str) -> list[bytes]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [data[at : at + 2] for at in range(0, len(data), 2)]
