"""``./hub trace``: the history of a message, found by its control id."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from toolkit import screen
from toolkit.commands.operate.span_trees import show_spans
from toolkit.commands.operate.stored import all_or_one, on_store
from toolkit.commands.operate.stories import TIMES, Outcome, Since, chosen, print_json

if TYPE_CHECKING:
    from rich.table import Table

Value = Annotated[str, typer.Argument(help="A control id (MSH-10), or another id with --by.")]
Only = Annotated[str, typer.Option("--integration", "-i", help="Search only this integration.")]
Kind = Literal["control", "correlation", "patient", "id"]
By = Annotated[Kind, typer.Option("--by", help="What VALUE is; patient: an NHS Number.")]
Spans = Annotated[bool, typer.Option("--spans", help="Show each step from the sender to the destination, with its duration.")]
NAMES: dict[Kind, str] = {"control": "control id", "correlation": "correlation id", "patient": "NHS Number", "id": "id"}
HINT = "; other ids: --by id, --by correlation"
APART = ("id", "history", "tried")  # shown in lines of their own
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def trace(
    value: Value,
    integration: Only = "",
    by: By = "control",
    since: Since = "",
    outcome: Outcome = "",
    spans: Spans = False,
    as_json: AsJson = False,
) -> None:
    """Show the history of a message, without its content. Exits with status 1 if nothing is found.

    With --spans: the steps of its traces, of a hub on this machine. In Azure the workbook shows them.
    """
    from shared.hub import Hub
    from shared.integration import Integration
    from shared.ledger.reporting import search

    async def look(one: Integration, hub: Hub) -> list[dict[str, Any]]:
        if by == "id":
            found = await search.status(one.name, value, hub)
            return [found] if found else []
        return await search.find(one.name, by, value, hub)

    async def contexts(one: Integration, hub: Hub) -> list[str]:
        ids = [story["id"] for story in stories.get(one.name, [])]
        return [each for id_ in ids for each in await search.traces(one.name, id_, hub)]

    every = on_store(all_or_one(integration), look)
    stories = {name: found for name, found in chosen(every, since, outcome).items() if found}
    if not stories and not as_json:
        print(f"no message is found by its {NAMES[by]}{HINT if by == 'control' else ''}")
        raise SystemExit(1)
    if spans:
        found = on_store(all_or_one(integration), contexts) if stories else {}
        raise SystemExit(show_spans([each for some in found.values() for each in some], as_json))
    print_json(stories) if as_json else _print(stories)
    raise SystemExit(0 if stories else 1)


def _print(stories: dict[str, list[dict[str, Any]]]) -> None:
    console = screen.console()
    for name, found in stories.items():
        for one in found:
            console.print(_story(name, one))


def _story(name: str, one: dict[str, Any]) -> "Table":
    from rich.table import Table

    title = screen.cell(f"{name}  {one['id']}")
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in lines(one):
        table.add_row(screen.cell(key), screen.cell(value))
    return table


def lines(one: dict[str, Any]) -> list[tuple[str, str]]:
    """What is shown of a message, as names and texts: its facts, its attempts, what it was before a replay."""
    shown = [(key, _said(key, value)) for key, value in one.items() if key not in APART and value not in ("", 0, False)]
    attempts = [
        (f"attempt {n}", f"{screen.iso(each['at'])} {each['result']} {each['code']} {each['ms']} ms")
        for n, each in enumerate(one.get("tried", []), 1)
    ]
    before = [
        (f"attempt before ({n})", ", ".join(f"{k} {v}" for k, v in lines(past)))
        for n, past in enumerate(one.get("history", []), 1)
    ]
    return shown + attempts + before


def _said(key: str, value: Any) -> str:
    return screen.iso(value) if key in TIMES else str(value)
