"""A message structure: a quick check with one look-up for each segment; the problems are listed only if that fails."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from shared.hl7 import Message
from shared.hl7.syntax.names import report_strays
from shared.issue import Issue
from shared.validation.alignment import Step, align
from shared.validation.grammar import Grammar, compile_grammar

_MOST = 50  # issues of one structure; more would not help the sender


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Structure:
    """Segments, order, cardinality and groups of a message, as text for analysts (``grammar``).

    ``z_segments`` accepts any segment whose name begins with Z, at any place.
    """

    text: str
    clause: str = ""
    z_segments: bool = False

    @property
    def grammar(self) -> Grammar:
        return _compiled(self.text)

    def check(self, message: Message) -> list[Issue]:
        """Every segment that is missing, out of order, repeated or unknown, in the order of the message."""
        names = message.names
        if self.z_segments:
            names = [name for name in names if name[:1] != "Z"]
        if self.grammar.fits(names):
            return []
        found = [*self._check_unknown(message), *self._check_order(message)]
        return [issue._replace(clause=self.clause) for issue in found[:_MOST]]

    def _known(self, name: str) -> bool:
        return bool(name) and name in self.grammar.names

    def _check_unknown(self, message: Message) -> Iterator[Issue]:
        for name, places in message.index.items():
            if not name:
                yield from _unreported(message)
                continue
            if self._known(name) or (self.z_segments and name[:1] == "Z"):
                continue
            for number in range(1, min(len(places), _MOST) + 1):
                yield _unknown_segment(name, f"{name}[{number}]" if number > 1 else name)

    def _check_order(self, message: Message) -> Iterator[Issue]:
        segments = [segment for segment in message.segments() if self._known(segment.name)]
        steps = align(self.grammar, [segment.name for segment in segments])
        if steps is None:
            yield Issue(
                severity="error",
                code="structure",
                text="the segments are not in the order of the structure",
                rule="segment-order",
            )
            return
        wheres = [segment.where() for segment in segments]
        yield from _report_steps(steps, wheres)


_compiled = lru_cache(maxsize=256)(compile_grammar)


def _unknown_segment(name: str, where: str) -> Issue:
    if name.startswith("Z"):
        return Issue(severity="error", code="structure", where=where, text="Z segments are not accepted", rule="z-segment")
    return Issue(
        severity="error", code="structure", where=where, text=f"{name} is not part of this structure", rule="segment-unknown"
    )


def _unreported(message: Message) -> Iterator[Issue]:
    """Lines that are not segments, unless the parser reported them."""
    if not any(issue.rule == "not-a-segment" for issue in message.repairs):
        yield from report_strays(message.names)


def _report_steps(steps: Iterable[Step], wheres: list[str]) -> Iterator[Issue]:
    """One issue for each step that is not a match. A segment that is both missing and misplaced is out of order."""
    steps = list(steps)
    misplaced = [step.name for step in steps if step.kind == "misplaced"]
    missing = [step.name for step in steps if step.kind == "missing"]
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.name] = counts.get(step.name, 0) + (step.kind != "misplaced")
        if step.kind == "missing" and step.name in misplaced:
            misplaced.remove(step.name)
        elif step.kind == "missing":
            number = counts[step.name]
            where = f"{step.name}[{number}]" if number > 1 else step.name
            yield Issue(severity="error", code="structure", where=where, text=f"{step.name} is missing", rule="segment-missing")
        elif step.kind == "misplaced":
            yield _misplaced_issue(step.name, wheres[step.token], step.name in missing, bool(counts[step.name]))
        elif step.kind == "tolerated":
            text = f"{step.name} is out of order; it was accepted"
            yield Issue(
                severity="information", code="informational", where=wheres[step.token], text=text, rule="segment-order-tolerated"
            )


def _misplaced_issue(name: str, where: str, also_missing: bool, seen: bool) -> Issue:
    if also_missing:
        return Issue(severity="error", code="structure", where=where, text=f"{name} is out of order", rule="segment-order")
    if seen:
        return Issue(
            severity="error", code="structure", where=where, text=f"{name} is repeated or out of order", rule="segment-repeated"
        )
    return Issue(severity="error", code="structure", where=where, text=f"{name} is not expected here", rule="segment-order")
