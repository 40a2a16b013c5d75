"""``./hub dead list|show|replay|discard`` and ``./hub replay``: dead letters."""

import getpass
import sys
from typing import Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_store
from toolkit.commands.operate.stories import Outcome, Since, chosen, moment, print_json, with_times


def stated(purpose: str) -> str:
    """A purpose. Raises ``BadParameter`` if it is blank."""
    if not purpose.strip():
        raise typer.BadParameter("give the reason: it is recorded in the audit")
    return purpose.strip()


Name = Annotated[str, typer.Argument(help="An integration of the catalogue.")]
Maybe = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Only = Annotated[str, typer.Option("--integration", "-i", help="The same as NAME.")]
Id = Annotated[str, typer.Argument(help="The message's id, from dead list.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Message ids. Without them: all that match --rule.")]
Rule = Annotated[str, typer.Option("--rule", help="Only those with this rule id or code.")]
Purpose = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.")]
Why = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.", callback=stated)]
Content = Annotated[bool, typer.Option("--content", help="Also show the body; requires --purpose.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
OutOfOrder = Annotated[bool, typer.Option("--out-of-order", help="Even if later messages of the same lane were delivered.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

app = typer.Typer(no_args_is_help=True, help="List, replay or discard dead letters.")


@app.command("list")
def list_dead(
    name: Maybe = "", integration: Only = "", rule: Rule = "", since: Since = "", outcome: Outcome = "", as_json: AsJson = False
) -> None:
    """List the dead letters, oldest first: reason, rules, paths, attempts."""
    from shared.delivery.dead import dead_letters

    first = moment(since)
    found = on_store(all_or_one(name or integration), lambda one, hub: dead_letters(one.name, hub, rule, first))
    stories = chosen(found, outcome=outcome)
    print_json(stories) if as_json else _table(stories)


@app.command()
def show(name: Name, message_id: Id, content: Content = False, purpose: Purpose = "", as_json: AsJson = False) -> None:
    """Show one dead letter. Showing its content requires a purpose, which is audited."""
    from shared.delivery import dead
    from shared.ledger.reporting.search import status

    if content:
        body = on_store(all_or_one(name), lambda one, hub: dead.content(one.name, message_id, _person(purpose), hub))[name]
        return _write(body)
    story = on_store(all_or_one(name), lambda one, hub: status(one.name, message_id, hub))[name]
    print(screen.as_json(with_times([story])[0] if story else None, indent=None if as_json else 2))
    raise SystemExit(0 if story else 1)


@app.command("replay")
def replay(
    name: Name, purpose: Why, ids: Ids = None, rule: Rule = "", every: All = False, out_of_order: OutOfOrder = False
) -> None:
    """Try dead letters again, each at its place in its lane."""
    from shared.hub import Hub
    from shared.integration import Integration
    from shared.ops.dead_letter_api import replay_many
    from shared.ops.replay import replay as again

    if not ids and not rule and not every:
        raise typer.BadParameter("name ids, a --rule, or --all")

    async def work(one: Integration, hub: Hub) -> list[str]:
        if not ids:
            return await replay_many(one, rule, _person(purpose), hub)
        return [await again(one, each, _person(purpose), hub, out_of_order) for each in ids]

    print(f"replayed {len(on_store(all_or_one(name), work)[name])}")


@app.command()
def discard(name: Name, ids: Annotated[list[str], typer.Argument(help="Message ids.")], purpose: Why) -> None:
    """Discard dead letters: the record is kept, the content is deleted."""
    from shared.delivery.dead import discard as give_up
    from shared.hub import Hub
    from shared.integration import Integration

    async def work(one: Integration, hub: Hub) -> int:
        for each in ids:
            await give_up(one, each, _person(purpose), hub)
        return len(ids)

    print(f"discarded {on_store(all_or_one(name), work)[name]}")


def _write(body: bytes) -> None:
    """As it is into a file or a pipe; on a terminal nothing in it may act."""
    if sys.stdout.isatty():
        print(screen.plain(body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")))
    else:
        sys.stdout.buffer.write(body)


def _person(purpose: str) -> Any:
    from shared.delivery.dead import Person

    return Person(getpass.getuser(), purpose)


def _table(found: dict[str, list[dict[str, Any]]]) -> None:
    headings = ("integration", "control id", "outcome", "reason", "where", "attempts", "id")
    rows = [(name, *_row(one)) for name, letters in found.items() for one in letters]
    screen.show_table(headings, rows, whole=("control id", "id"), empty="no dead letters")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    reason = one.get("rules") or one.get("code", "")
    return one.get("control", ""), one["outcome"], reason, one.get("where", ""), one.get("attempts", 0), one["id"]
