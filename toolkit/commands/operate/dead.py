"""``./hub dead list|show|replay|discard`` and ``./hub replay``: dead letters."""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_hub, on_store
from toolkit.commands.operate.stories import Outcome, Since, chosen, moment, print_json, with_times
from toolkit.say import say

if TYPE_CHECKING:
    from shared.hub import Hub


def stated(purpose: str) -> str:
    """A purpose. Raises ``BadParameter`` if it is blank."""
    if not purpose.strip():
        raise typer.BadParameter("give the reason: it is recorded in the audit")
    return purpose.strip()


Name = Annotated[str, typer.Argument(help="An integration of the catalogue.")]
Maybe = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
Only = Annotated[str, typer.Option("--integration", "-i", help="The same as NAME.")]
Id = Annotated[str, typer.Argument(help="The message's id, from dead list.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Message ids, from dead list. Without them: all that match --rule.")]
Rule = Annotated[str, typer.Option("--rule", help="Only dead letters with this rule id or code.")]
Purpose = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.")]
Why = Annotated[str, typer.Option("--purpose", help="The reason; it is recorded in the audit.", callback=stated)]
Content = Annotated[bool, typer.Option("--content", help="Print the content of the message; requires --purpose.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters, in place of ids or --rule.")]
OutOfOrder = Annotated[bool, typer.Option("--out-of-order", help="Also if later messages of the same lane were delivered.")]
Plan = Annotated[str, typer.Argument(help="The plan, from dead preview.")]
Bulk = Annotated[Literal["replay", "discard"], typer.Argument(help="What to do with each of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

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
    """Show one dead letter. To print its content, give a purpose: it is recorded in the audit."""
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
    """Deliver dead letters again, each at its place in its lane."""
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
def discard(name: Name, ids: Annotated[list[str], typer.Argument(help="Message ids, from dead list.")], purpose: Why) -> None:
    """Discard dead letters: the record is kept, the content is deleted."""
    from shared.delivery.dead import discard as give_up
    from shared.hub import Hub
    from shared.integration import Integration

    async def work(one: Integration, hub: Hub) -> int:
        for each in ids:
            await give_up(one, each, _person(purpose), hub)
        return len(ids)

    print(f"discarded {on_store(all_or_one(name), work)[name]}")


@app.command("preview")
def preview_many(name: Maybe = "", rule: Rule = "", since: Since = "", as_json: AsJson = False) -> None:
    """Show how many dead letters a filter finds, by integration and rule, and name them for "dead apply"."""
    from shared.ops.plan import preview

    integrations, first = all_or_one(name), moment(since)
    found = on_hub(integrations, lambda hub: preview(integrations, rule, first, getpass.getuser(), hub))
    if as_json:
        print(screen.as_json(found.face()))
        return
    screen.show_table(
        ("integration", "rule", "dead letters"), found.groups, whole=("integration", "rule"), empty="no dead letters"
    )
    if found.is_cut:
        say(f"the filter finds more: these are {found.total} of them, and another preview names the next")
    if found.total:
        say(f"./hub dead apply {found.plan} replay --purpose WHY   (or discard)")


@app.command("apply")
def apply_many(plan: Plan, act: Bulk, purpose: Why, as_json: AsJson = False) -> None:
    """Replay or discard the dead letters that a preview named; the same command again continues what was cut off."""
    from shared.ops.plan import Progress, carry_out

    async def work(hub: "Hub") -> Progress:
        while (progress := await carry_out(plan, act, _person(purpose), hub)).left:
            say(f"done {progress.acted}, left {progress.left}") if not as_json else None
        return progress

    progress = on_hub(all_or_one(""), work)
    skipped = "".join(f", skipped ({reason}) {count}" for reason, count in progress.skipped.items())
    print(screen.as_json(progress.face())) if as_json else say(f"done {progress.acted}{skipped}")


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
