"""``./hub warnings``: the warnings and repairs that were counted, by rule, field and sender."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_store

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Hours = Annotated[float, typer.Option("--hours", min=0.1, help="How far back to count.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Row = dict[str, str | int]


def warnings(name: Name = "", hours: Hours = 24, as_json: AsJson = False) -> None:
    """List how often each rule warned, by field and sender: what would be refused if the rule were an error."""

    async def look(one: "Integration", hub: "Hub") -> list[Row]:
        from shared.ledger.reporting import counters

        found = await counters.read(one.name, hub.now() - hours * 3600, hub.now(), hub)
        return rows(sum(found.values(), Counter()))

    found = {each: listed for each, listed in on_store(all_or_one(name), look).items() if listed}
    typer.echo(screen.as_json(found) if as_json else screen.plain("\n".join(lines(found))) or "no warnings")


def rows(counted: "Counter[str]") -> list[Row]:
    """The counters of warnings, the most frequent first."""
    from shared.ledger.reporting import warned

    named = [(warned.of(name), count) for name, count in counted.most_common()]
    return [{**each._asdict(), "count": count} for each, count in named if each]


def lines(found: dict[str, list[Row]]) -> list[str]:
    """As text: one line for each rule, field and sender."""
    table = [(name, row) for name, listed in found.items() for row in listed]
    return [f"{row['count']:>7}  {name:<22} {row['rule']:<24} {row['field']:<8} {row['sender']}" for name, row in table]
