"""The one screen of ``./hub demo``."""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from shared.destinations.kinds.kind import kind_of
from shared.integration import Integration
from toolkit.local.demo import SETTLES, Result, Subscriber, figures
from toolkit.local.journeys import Journey
from toolkit.screen import inside

WIDTH = 118
YES, NO = "[green]✓[/]", "[bold red]✗[/]"


def show(result: Result, console: Console) -> None:
    """For a terminal, or for a file as wide as one."""
    width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    console.print(Group(*_parts(result, width)), width=width)


def _parts(result: Result, width: int) -> Iterator[RenderableType]:
    yield Panel(Text.from_markup(f"[bold]NHS Wales Integration Hub[/]\n{result.stack}"), border_style="blue")
    story = _story(result.journeys, width)
    if story:
        yield Panel(story, title="one message that is taken, one that is not", title_align="left", border_style="cyan")
    yield _table(result, width >= WIDTH)
    for journey in result.journeys:
        if not journey.ok:
            why = inside(journey.problem or "no delivery")
            yield f"{NO} {journey.integration.name} {journey.sample.name} by {journey.way}: {why}"
    for one in result.subscribers:
        if not one.ok:
            yield f"{NO} {one.integration.name}: {one.arrived} of {one.expected} delivered within {SETTLES:.0f} s"
    yield _verdict(result)


def _story(journeys: Sequence[Journey], width: int) -> Table | None:
    changed = [j for j in journeys if j.ok and j.arrived and j.sample.body.startswith(b"MSH") and any(changes(j))]
    taken = min(changed, key=lambda journey: len(list(changes(journey))), default=None)
    refused = next((j for j in journeys if j.ok and not j.accepted and j.way == "http"), None)
    if not taken or not refused:
        return None
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", justify="right", no_wrap=True, min_width=7)
    table.add_column(overflow="ellipsis", no_wrap=True, width=width - 16)
    for label, text in [*_taken(taken), ("", ""), *_refused(refused)]:
        table.add_row(label, text)
    return table


def _taken(journey: Journey) -> Iterator[tuple[str, str]]:
    yield "sent", f"[cyan]{journey.integration.name}[/] {journey.sample.name}, {len(journey.sample.body)} bytes over HTTP"
    for line in _segments(journey.sample.body, ("MSH", "PID")):
        yield "", f"[dim]{inside(line)}[/]"
    yield "verdict", f"[bold green]{journey.acknowledgement}[/] stored and acknowledged in {journey.answered_ms:.0f} ms"
    yield (
        "arrived",
        f"at [cyan]{_place(journey.integration)}[/] after [bold]{journey.delivered_ms:.0f} ms[/]; the mapping changed:",
    )
    for path, before, after in changes(journey):
        yield "", f"{path}  [red]{inside(before or 'absent')}[/] → [green]{inside(after or 'absent')}[/]"


def _refused(journey: Journey) -> Iterator[tuple[str, str]]:
    yield "sent", f"[cyan]{journey.integration.name}[/] {journey.sample.name}, {len(journey.sample.body)} bytes over HTTP"
    yield (
        "verdict",
        f"[bold red]{journey.acknowledgement}[/] in {journey.answered_ms:.0f} ms: {inside('; '.join(journey.issues))}",
    )
    yield "arrived", "nowhere; the sender knows what to correct"


def _segments(body: bytes, names: tuple[str, ...]) -> list[str]:
    lines = body.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    return [line for line in lines if line.startswith(names)]


def changes(journey: Journey) -> Iterator[tuple[str, str, str]]:
    """Fields of the first MSH and PID that left otherwise than they came."""
    for name in ("MSH", "PID"):
        before, after = (
            (_segments(body, (name,)) or [""])[0].split("|") for body in (journey.sample.body, journey.arrived or b"")
        )
        shift = 1 if name == "MSH" else 0
        for n in range(1, max(len(before), len(after))):
            old, new = (fields[n] if n < len(fields) else "" for fields in (before, after))
            if old != new:
                yield f"{name}-{n + shift}", old, new


def _table(result: Result, is_wide: bool) -> Table:
    """Without its longest columns where the terminal is narrow."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    left = ("", "integration", "by", "delivers to")
    for heading in left if is_wide else left[:2]:
        table.add_column(heading, no_wrap=True)
    for heading in ("sent", "taken", "refused", "arrived", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for integration in dict.fromkeys(journey.integration.name for journey in result.journeys):
        row = _row([journey for journey in result.journeys if journey.integration.name == integration])
        table.add_row(*(row if is_wide else row[:2] + row[4:]))
    for subscriber in result.subscribers:
        row = _subscriber(subscriber)
        table.add_row(*(row if is_wide else row[:2] + row[4:]))
    return table


def _row(journeys: Sequence[Journey]) -> list[str]:
    integration = journeys[0].integration
    taken = sum(journey.acknowledgement == "AA" for journey in journeys)
    arrived = sum(journey.delivered_ms is not None for journey in journeys)
    direct = [journey for journey in journeys if journey.way != "queue"] or journeys
    ways = ", ".join(dict.fromkeys(journey.way for journey in journeys))
    counts = [str(len(journeys)), str(taken), str(len(journeys) - taken), str(arrived)]
    return [
        YES if all(j.ok for j in journeys) else NO,
        f"[cyan]{integration.name}[/]",
        ways,
        _place(integration),
        *counts,
        *_ms(direct),
    ]


def _subscriber(subscriber: Subscriber) -> list[str]:
    place = _place(subscriber.integration)
    counts = [str(subscriber.expected), str(subscriber.arrived), "", str(subscriber.arrived)]
    return [YES if subscriber.ok else NO, f"[cyan]{subscriber.integration.name}[/]", "event", place, *counts, "", ""]


def _place(integration: Integration) -> str:
    return f"{kind_of(integration.destination).label} {integration.destination.name}"


def _ms(journeys: Sequence[Journey]) -> list[str]:
    return [f"{value:.0f}" if value is not None else "" for value in figures(journeys)]


def _verdict(result: Result) -> Panel:
    p50, p95 = figures([journey for journey in result.journeys if journey.way == "http"])
    waited, slowest = figures([journey for journey in result.journeys if journey.way == "queue"])
    times = [f"HTTP p50 {p50:.0f} ms, p95 {p95:.0f} ms"] if p50 is not None and p95 is not None else []
    times += [f"queue p50 {waited:.0f} ms, p95 {slowest:.0f} ms (polled at most every 2 s)"] if waited and slowest else []
    summary = "[bold green]All as expected[/]" if result.ok else "[bold red]Not as expected[/]"
    lines = [
        f"{summary}: {len(result.journeys)} messages in {result.seconds:.0f} s. From sent to delivered: {'; '.join(times)}.",
        "[dim]Next:[/] ./hub up [dim]keeps it running, ops page at[/] http://localhost:7071/api/ops   "
        "./hub run NAME FILE [dim]tries a message[/]",
        "      ./hub list [dim]the catalogue[/]   ./hub new NAME [dim]begins an integration[/]   "
        "README.md [dim]and[/] docs/ [dim]explain the rest[/]",
    ]
    return Panel(Text.from_markup("\n".join(lines)), border_style="green" if result.ok else "red")
