"""``./hub pause``, ``./hub resume`` and ``./hub paused``: the delivery of one integration."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.dead import stated
from toolkit.commands.operate.stored import all_or_one, on_store
from toolkit.say import say

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration of the catalogue.")]
Maybe = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Purpose = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.", callback=stated)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def pause(name: Name, purpose: Purpose) -> None:
    """Pause the delivery of an integration: messages are accepted and wait. After an hour an alert opens."""
    from shared.delivery import pause as delivery
    from shared.delivery.dead import Person

    on_store(all_or_one(name), lambda one, hub: delivery.pause(one, Person(getpass.getuser(), purpose), hub))
    say(f"the delivery of {name} is paused; messages are accepted and wait")


def resume(name: Name, purpose: Purpose) -> None:
    """Resume the delivery of an integration: each lane goes on in its order."""
    from shared.delivery.dead import Person
    from shared.delivery.waiting import resume as again

    lanes = on_store(all_or_one(name), lambda one, hub: again(one, Person(getpass.getuser(), purpose), hub))[name]
    say(f"the delivery of {name} is resumed; lanes that continue now: {lanes}, all others within half a minute")


def paused(name: Maybe = "", as_json: AsJson = False) -> None:
    """List the integrations whose delivery is paused: since when, by whom and why."""

    async def look(one: "Integration", hub: "Hub") -> dict[str, Any] | None:
        from shared.delivery.pause import paused as found

        row = await found(one.name, hub)
        return {"since": screen.iso(row.at), "who": row.who, "purpose": row.purpose} if row else None

    every = {each: found for each, found in on_store(all_or_one(name), look).items() if found}
    if as_json:
        print(screen.as_json(every))
        return
    rows = [(each, *found.values()) for each, found in every.items()]
    screen.show_table(("integration", "since", "by", "reason"), rows, whole=("integration", "since"), empty="nothing is paused")
