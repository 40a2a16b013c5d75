"""A code table of an integration: its entries, where the messages have its codes, and what a code without an entry means."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from shared.issue import Issue
from shared.problems import Fault

UNMAPPED = "code-unmapped"  # the rule of a code without an entry
SENT_ON, WAITS = "the code is not in the table", "the code is not in the table: the message waits until it is"
ROOT = Path(__file__).resolve().parents[2]
Unknown = Literal["refuse", "wait", "keep"]
Met = Callable[[Any], Iterable[tuple[str, str]]]


class Unmapped(Fault, KeyError):
    """A message has codes that their tables do not have: each with its issue.

    ``waits``: a table makes the message wait for them; otherwise it is rejected, or a dead letter if it was accepted before.
    """

    def __init__(self, *codes: tuple[Issue, str], waits: bool) -> None:
        super().__init__(*(issue for issue, _ in codes))
        self.codes, self.waits = codes, waits


class CodeTable(Mapping[str, str]):
    """The codes of a sender and what each becomes.

    Args:
        name: of the variable that holds the table.
        module: ``__name__`` of the module that declares it, which names the file and the line to edit.
        entries: code -> its target.
        met: the codes of a message that need an entry, each with its path; ``fields`` makes one for fields of HL7 v2.
        unmapped: what a code without an entry means. ``refuse``: the message is rejected at the door. ``wait``: the message is
            accepted and waits, with its lane, until a deployed table has the code. ``keep``: the mapping continues without it.

    >>> COLOURS = CodeTable("COLOURS", __name__, {"R": "red"}, met=lambda note: [("colour", note["colour"])])
    >>> COLOURS["R"], "G" in COLOURS, [issue.where for issue, _ in COLOURS.unknown({"colour": "G"})]
    ('red', False, ['colour'])
    """

    __slots__ = ("_met", "entries", "module", "name", "unmapped")

    def __init__(
        self, name: str, module: str, entries: Mapping[str, str], *, met: Met | None = None, unmapped: Unknown = "refuse"
    ) -> None:
        self.name, self.module, self.unmapped = name, module, unmapped
        self.entries, self._met = dict(entries), met

    def __getitem__(self, code: str) -> str:
        """The target. Raises ``Unmapped``, which is a ``KeyError``: the table has no such code."""
        if code not in self.entries:
            raise Unmapped((self._issue(""), code), waits=self.unmapped == "wait")
        return self.entries[code]

    def __contains__(self, code: object) -> bool:
        return code in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def place(self) -> str:
        """``FILE:LINE`` of the table, for the person who adds a code."""
        return _place(self.module, self.name)

    def unknown(self, content: Any) -> list[tuple[Issue, str]]:
        """An issue for each code of a message that needs an entry and has none, with the code itself."""
        codes = self._met(content) if self._met else ()
        return [(self._issue(where), code) for where, code in codes if code not in self.entries]

    def _issue(self, where: str) -> Issue:
        return Issue(
            severity="error" if self.unmapped == "refuse" else "warning",
            code="code-invalid",
            where=where,
            text=f"{WAITS if self.unmapped == 'wait' else SENT_ON} ({self.name})",
            rule=UNMAPPED,
        )


def fields(*paths: str) -> Met:
    """The codes at these fields of an HL7 v2 message, such as ``PV1-2`` or ``PID-3.4``, in each segment and repetition.

    Absent values and nulls need no entry.
    """
    split = [(*path.partition("-")[::2],) for path in paths]
    places = [(segment, *inside.partition(".")[::2]) for segment, inside in split]

    def met(message: Any) -> Iterator[tuple[str, str]]:
        for name, field, component in places:
            for segment in message.segments(name):
                for where, repetition in segment.each(field):
                    code = repetition[component or "1"]
                    if code not in ("", '""'):
                        yield f"{where}.{component}" if component else where, code

    return met


def waits(tables: Iterable[CodeTable], content: Any) -> list[tuple[Issue, str]]:
    """The codes of a message that it must wait for, each with its issue; empty when the message can be mapped."""
    return [found for table in tables if table.unmapped == "wait" for found in table.unknown(content)]


def fingerprint(version: str, tables: Sequence[CodeTable]) -> str:
    """What this version of the hub knows of codes, as a hash: it changes with the version, and with any entry of a table."""
    entries = (f"{table.name}\0{code}\0{target}" for table in tables for code, target in sorted(table.items()))
    known = [version, *(table.name for table in tables), *entries]
    return sha256("\n".join(known).encode()).hexdigest()[:16]


def issues(tables: Iterable[CodeTable], content: Any) -> Iterator[Issue]:
    """An issue for each code of a message that a table of the integration does not have."""
    return (issue for table in tables for issue, _ in table.unknown(content))


@cache
def _place(module: str, name: str) -> str:
    """The file of a module and the line that begins with a name; the first line if there is none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return module
    path = Path(file).resolve()
    lines = path.read_text("utf-8").splitlines()
    line = next((n for n, text in enumerate(lines, 1) if text.startswith((f"{name} ", f"{name}:"))), 1)
    return f"{path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name}:{line}"
