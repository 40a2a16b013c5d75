"""The page of delivery failures, made from the tables that the product acts on (``KIND.failures``)."""

from collections.abc import Iterator
from itertools import groupby

from shared.delivery import breaker
from shared.destinations.kinds.failures import OWNERS, Failure, Status, of_status
from shared.destinations.kinds.kind import every
from shared.problems import LONGEST_RETRY_AFTER

INTRODUCTION = f"""\
Each failure is caused by the message, by the destination or by our set-up. The cause decides what happens. A failure of a message
never opens the breaker, so no other patient waits for it. A failure of the destination never costs a message an attempt, so an
outage makes no dead letters, however long it lasts, until the integration's `expires`.

An *unclear* failure may be the destination's or the message's. It counts as the destination's until the destination answers
another lane. From then on it counts against the message, so that a message that breaks the destination becomes a dead letter in
the end.

*May have been taken*: the message may have arrived although no answer came. It is sent again with the same control id, and
the record says `ambiguous`.

- The breaker opens after failures of several different lanes in a row (`breaker_failures`), or at once for a wrong set-up.
- An open breaker is probed by one message at a time: after `breaker_wait` seconds, then twice as long each time, at most
  {breaker.LONGEST_PAUSE:.0f} s (a wrong set-up: `longest_wait`, because an account may be locked).
- Messages that have not failed probe first; the lane that failed last probes last.
- When the destination answers, the lanes that wait continue at once, except those that failed last: they keep their time.
- A `Retry-After` above {LONGEST_RETRY_AFTER:.0f} s counts as {LONGEST_RETRY_AFTER:.0f} s.
"""


def page(stale: str) -> str:
    """The whole page; ``stale`` is the remark that it is generated."""
    parts = ["# What a failed delivery means", stale, INTRODUCTION, _owners()]
    parts += [f"## {names}\n\n{_table(rows)}" for names, rows in tables().items()]
    answering = ", ".join(kind.label for kind in every() if kind.answers_with_status)
    parts.append(f"## HTTP statuses\n\nOf these destinations: {answering}.\n\n" + _statuses("http"))
    parts.append("## Statuses of one entry in a FHIR transaction's answer\n\n" + _statuses("entry"))
    parts.append("## Statuses of a token server\n\n" + _statuses("token"))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def tables() -> dict[str, tuple[Failure, ...]]:
    """The failures of each kind of destination, by its label; kinds that share a table are named together."""
    names: dict[tuple[Failure, ...], list[str]] = {}
    for kind in every():
        if kind.failures:
            names.setdefault(kind.failures, []).append(kind.label)
    return {" and ".join(labels): rows for rows, labels in names.items()}


def _owners() -> str:
    rows = (f"| {owner} | {cost.attempt} | {cost.breaker} |" for owner, cost in OWNERS.items())
    return "\n".join(["| Cause | Uses up an attempt | The breaker |", "|---|---|---|", *rows])


def _table(rows: tuple[Failure, ...]) -> str:
    lines = (f"| `{r.code}` | {r.when} | {r.owner} | {_next(r.again)} | {r.taken} |" for r in rows)
    return "\n".join(["| Code | When | Cause | Then | May have been taken |", "|---|---|---|---|---|", *lines])


def _next(again: bool) -> str:
    return "tried again" if again else "dead letter at once"


def _statuses(of: str) -> str:
    lines = (f"| {numbers} | {m.owner} | {_next(m.again)} | {m.taken} |" for numbers, m in _ranges(of))
    return "\n".join(["| Status | Cause | Then | May have been taken |", "|---|---|---|---|", *lines])


def _ranges(of: str) -> Iterator[tuple[str, Status]]:
    """Statuses from 300 to 599 that mean the same and follow each other, together."""
    for meaning, group in groupby(range(300, 600), key=lambda status: of_status(status, of)):
        numbers = list(group)
        yield (str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"), meaning
