"""What a run prints: one line when all is as expected, otherwise each difference by its path, in colour on a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from shared.compare.differences import Difference
from shared.issue import Issue
from toolkit.screen import cell, line
from toolkit.watch.rerun import Golden, Result

MOST = 40  # lines of differences: more are counted, so that a terminal keeps the first ones in sight


def show(screen: Console, name: str, results: Sequence[Result], seconds: float) -> None:
    """Print the results of one run."""
    wrong = [each for each in results if not each.passed]
    lines = [text for each in wrong for text in _of_result(each, name)]
    for text in lines[:MOST]:
        screen.print(text)
    if len(lines) > MOST:
        screen.print(Text(f"  ... and {len(lines) - MOST} more lines", "dim"))
    screen.print(_summary(len(results), len(wrong), seconds))


def show_broken(screen: Console, text: str) -> None:
    """Print why the integration cannot be loaded."""
    first, _, rest = text.partition("\n")
    screen.print(Text("cannot be loaded  ", "bold red") + cell(first))
    if rest:
        screen.print(Text("  ") + cell(rest.strip()))


def _summary(count: int, wrong: int, seconds: float) -> Text:
    if not count:
        return Text("no samples yet", "yellow")
    outcome = (
        Text(f"{wrong} of {count} samples differ", "bold red") if wrong else Text(f"{count} samples as expected", "bold green")
    )
    return Text.assemble(outcome, (f"  {seconds:.2f} s", "dim"))


def _of_result(result: Result, name: str) -> Iterator[Text]:
    yield Text(result.sample, "bold")
    for issue in result.faults:
        yield _fault(issue)
    for golden in result.goldens:
        yield from _of_golden(golden, name)


def _of_golden(golden: Golden, name: str) -> Iterator[Text]:
    if golden.missing:
        yield Text(f"  {golden.file}  ") + Text(f"not there yet: ./hub test -k {name} --accept writes it", "yellow")
    elif golden.extra:
        yield Text(f"  {golden.file}  ") + Text("is there, and nothing like it leaves", "red")
    else:
        yield Text(f"  {golden.file}", "dim")
        for each in golden.differences:
            yield _difference(each)


def _difference(each: Difference) -> Text:
    """The path, the golden's value in red, the new one in green; a value that one side does not have is not shown."""
    shown = Text("    ") + cell(each.path)
    for mark, value, style in (("-", each.old, "red"), ("+", each.new, "green")):
        if value:
            shown.append("  ")
            shown.append_text(Text.assemble((f"{mark} ", style), (line(value), style)))
    return shown.append("  in another place", "yellow") if each.cause == "order" else shown


def _fault(issue: Issue) -> Text:
    where = f" at {issue.where}" if issue.where else ""
    return Text("  fault  ", "bold red") + cell(f"{issue.text}{where} ({issue.rule})")
