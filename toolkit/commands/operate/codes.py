"""``./hub codes``: codes that no table knows, and where to add each."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_store

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Is = Annotated[str, typer.Option("--is", help="Only this code: finds it although it is shown as a hash.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def codes(name: Name = "", code: Is = "", as_json: AsJson = False) -> None:
    """List the codes that no table knows: how often each came, which lanes wait for it, and the line of the table to edit."""

    async def look(one: "Integration", hub: "Hub") -> list[dict[str, Any]]:
        from shared.codes.met import kept
        from shared.ops.figures.codes import listed

        return [asdict(line) for line in await listed(one, hub) if not code or line.code == kept(code)]

    found = {each: listed for each, listed in on_store(all_or_one(name), look).items() if listed}
    print(screen.as_json(found)) if as_json else _table(found)


def _table(found: dict[str, list[dict[str, Any]]]) -> None:
    columns = ("path", "code", "count", "waiting", "last", "action", "place")
    headings = ("integration", "path", "code", "count", "lanes waiting", "last seen", "what to do", "edit")
    rows = [(name, *(line[column] for column in columns)) for name, lines in found.items() for line in lines]
    screen.show_table(headings, rows, whole=("integration", "path", "code", "last seen", "edit"), empty="no unmapped codes")
