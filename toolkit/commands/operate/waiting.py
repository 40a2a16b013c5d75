"""``./hub waiting list|retry|give-up`` and ``./hub close-breaker``: act on waiting messages."""

import getpass
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.dead import Only, stated
from toolkit.commands.operate.stored import all_or_one, on_store
from toolkit.commands.operate.stories import Outcome, Since, chosen, known_age, print_json, seconds
from toolkit.say import say

if TYPE_CHECKING:
    from shared.delivery.dead import Person
    from shared.delivery.waiting import Listed
    from shared.hub import Hub
    from shared.integration import Integration

Name = Annotated[str, typer.Argument(help="An integration of the catalogue.")]
Maybe = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Ids = Annotated[list[str], typer.Argument(help="Message ids, from waiting list.")]
Purpose = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.", callback=stated)]
Reason = Annotated[str, typer.Option("--reason", help="Only messages that wait for this, or whose last answer is this code.")]
Older = Annotated[str, typer.Option("--older", help="Only messages that have waited longer: 30m, 2h, 1d.", callback=known_age)]
Most = Annotated[int, typer.Option("--most", min=0, help="Lanes of an integration that are read; 0: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

app = typer.Typer(no_args_is_help=True, help="List, retry or give up messages that wait for their destination.")


@app.command("list")
def list_waiting(
    name: Maybe = "",
    integration: Only = "",
    since: Since = "",
    outcome: Outcome = "",
    reason: Reason = "",
    older: Older = "",
    most: Most = 1000,
    as_json: AsJson = False,
) -> None:
    """List the first waiting message of each lane, oldest first: the reason, the attempts and the next one."""
    from shared.delivery.pause import paused
    from shared.delivery.waiting import Filter, listed

    wanted = Filter(reason=reason, older=seconds(older))

    async def look(one: "Integration", hub: "Hub") -> "tuple[Listed, bool]":
        return await listed(one, hub, wanted, most), await paused(one.name, hub) is not None

    every = on_store(all_or_one(name or integration), look)
    found = chosen({each: list(shown.stories) for each, (shown, _) in every.items()}, since, outcome)
    if as_json:
        print_json(found)
        return
    for each in (each for each, (_, is_paused) in every.items() if is_paused):
        say(f"the delivery of {each} is paused: ./hub paused")
    _table(found)
    for each in (each for each, (shown, _) in every.items() if shown.is_cut):
        say(f"more lanes of {each} wait than the {most} that were looked at: --most 0 looks at all")


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
    headings = ("integration", "control id", "waits for", "last answer", "tried", "next attempt", "behind", "id")
    rows = [(name, *_row(one)) for name, stories in found.items() for one in stories]
    screen.show_table(headings, rows, whole=("control id", "id"), empty="no message is waiting")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    due = screen.iso(one["due"]) if one.get("due") else "now"
    tried = max(one.get("attempts", 0), one.get("tries", 0))
    return one.get("control", ""), one.get("code", ""), one.get("answer", ""), tried, due, one["behind"], one["id"]
