"""``./hub waiting list|retry|give-up`` and ``./hub close-breaker``: act on waiting messages."""

import getpass
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.dead import Only, stated
from toolkit.commands.operate.stored import all_or_one, on_store
from toolkit.commands.operate.stories import Outcome, Since, chosen, print_json

if TYPE_CHECKING:
    from shared.delivery.dead import Person
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration of the catalogue.")]
Maybe = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Ids = Annotated[list[str], typer.Argument(help="Message ids, from waiting list.")]
Purpose = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.", callback=stated)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

app = typer.Typer(no_args_is_help=True, help="List, retry or give up messages that wait for their destination.")


@app.command("list")
def list_waiting(
    name: Maybe = "", integration: Only = "", since: Since = "", outcome: Outcome = "", as_json: AsJson = False
) -> None:
    """List the first waiting message of each lane, oldest first: the reason and the number of attempts."""
    from shared.delivery.waiting import waiting

    every = on_store(all_or_one(name or integration), lambda one, hub: waiting(one, hub))
    found = chosen(every, since, outcome)
    print_json(found) if as_json else _table(found)


@app.command()
def retry(name: Name, ids: Ids, purpose: Purpose) -> None:
    """Try waiting messages now."""
    from shared.delivery.waiting import retry as again

    print(f"to be tried now: {_each(name, ids, purpose, again)}")


@app.command("give-up")
def give_up(name: Name, ids: Ids, purpose: Purpose) -> None:
    """Turn waiting messages into dead letters, so that their lanes continue."""
    from shared.delivery.waiting import give_up as end

    print(f"given up: {_each(name, ids, purpose, end)}")


def close_breaker(name: Name, purpose: Purpose) -> None:
    """Close the breaker of an integration's destination: deliveries continue at once, in every integration that uses it."""
    from shared.delivery.waiting import close_breaker as close

    lanes = on_store(all_or_one(name), lambda one, hub: close(one, _person(purpose), hub))[name]
    print(f"closed; lanes that continue now: {lanes}")


def _each(name: str, ids: list[str], purpose: str, act: "Callable[[Integration, str, Person, Hub], Awaitable[None]]") -> int:
    async def work(one: "Integration", hub: "Hub") -> int:
        for each in ids:
            await act(one, each, _person(purpose), hub)
        return len(ids)

    return on_store(all_or_one(name), work)[name]


def _person(purpose: str) -> "Person":
    from shared.delivery.dead import Person

    return Person(getpass.getuser(), purpose)


def _table(found: dict[str, list[dict[str, Any]]]) -> None:
    headings = ("integration", "control id", "waits for", "counted", "tried", "next attempt", "id")
    rows = [(name, *_row(one)) for name, stories in found.items() for one in stories]
    screen.show_table(headings, rows, whole=("control id", "id"), empty="no message is waiting")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    due = screen.iso(one["due"]) if one.get("due") else "now"
    return one.get("control", ""), one.get("code", ""), one.get("attempts", ""), one.get("tries", ""), due, one["id"]
