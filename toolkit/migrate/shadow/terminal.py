"""A report of ``./hub shadow`` for the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.compare.agreed import draft
from shared.compare.tally import Group
from toolkit.migrate.shadow.report import Report
from toolkit.screen import cell, console

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_IDS = 3
VERDICTS = {
    "both_accept": "accepted by both",
    "both_refuse": "refused by both",
    "only_hub_refuses": "refused by the hub alone",
    "only_hub_accepts": "accepted by the hub alone",
    "hub_fails": "the hub fails",
}


def show(report: Report, *, examples: bool) -> None:
    """Print a report: the count, the verdicts, the differences, what a decision about a rule would change."""
    screen = console()
    for line in summary(report):
        screen.print(cell(line))
    if report.groups:
        screen.print()
        screen.print(_differences(report, examples=examples))
    if report.decisions:
        screen.print()
        screen.print(cell("What a decision about one rule would change:"))
        for each in report.decisions:
            screen.print(cell(f"  {each.text}"))
    screen.print()
    for line in _next_steps(report):
        screen.print(cell(line))


def summary(report: Report) -> Iterator[str]:
    """The counts in words."""
    different = report.pairs - report.same - report.agreed
    yield f"{report.integration}: {report.pairs} pairs, {report.same} the same, {report.agreed} agreed, {different} different"
    yield ", ".join(f"{VERDICTS[name]}: {count}" for name, count in report.verdicts.items() if count)
    if report.rewritten:
        yield f"{report.rewritten} of them say the same in other bytes (line ends, empty fields at the end, layout)"


def _differences(report: Report, *, examples: bool) -> "Table":
    from rich.table import Table

    columns = ("path", "cause", "rule", "messages", "count", "control ids")
    table = Table(*columns, *(("old", "hub") if examples else ()), box=None, padding=(0, 2, 0, 0))
    for group in report.groups:
        shown = (group.example.old, group.example.new) if examples else ()
        cause = f"{group.cause} (agreed)" if group.agreed else group.cause
        row = (group.path or "-", cause, group.rule, len(group.messages), group.count, ids(group), *shown)
        table.add_row(*map(cell, row))
    return table


def ids(group: Group) -> str:
    """The first control ids, and how many more there are."""
    more = len(group.messages) - SHOWN_IDS
    return " ".join(group.messages[:SHOWN_IDS]) + (f" and {more} more" if more > 0 else "")


def _next_steps(report: Report) -> Iterator[str]:
    for each in report.unused:
        yield f"agreed, but not found: {each.path or '-'} {each.cause}"
    if report.open:
        first = report.open[0]
        package = report.integration.replace("-", "_")
        yield f"To agree to a difference, add an entry to integrations/{package}/agreed.toml, for example:"
        yield from draft(first.path, first.cause, first.rule).splitlines()
