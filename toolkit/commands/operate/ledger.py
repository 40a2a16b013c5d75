"""``./hub ledger check|residue|audit``: the promises of the ledger, checked on a live store."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_store

if TYPE_CHECKING:
    from shared.hub import Hub
    from shared.integration import Integration

Names = Annotated[str, typer.Argument(help="An integration. Without it: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

app = typer.Typer(no_args_is_help=True, help="Check a live store: no message is lost, no content left over, the audit intact.")


@app.command()
def check(name: Names = "", as_json: AsJson = False) -> None:
    """Check that no message is lost: those received are those with an outcome, those that wait and those in flight."""
    from shared.ledger.reporting.conservation import Balance, balance

    found: dict[str, Balance] = on_store(all_or_one(name), lambda one, hub: balance(one, hub))
    balances = {
        each: {"received": one.received, **one.outcomes, "unexplained": one.unexplained, "holds": one.holds}
        for each, one in found.items()
    }
    _print(balances, as_json, _balance_line)
    raise SystemExit(0 if all(one.holds for one in found.values()) else 1)


@app.command()
def residue(name: Names = "", as_json: AsJson = False) -> None:
    """List content that should have been deleted."""
    from shared.ledger.reporting.conservation import residue as left
    from shared.parallel.tidying import residue as sides

    async def every(one: "Integration", hub: "Hub") -> list[str]:
        return [*await left(one, hub), *await sides(one, hub)]

    found = on_store(all_or_one(name), every)
    _print(found, as_json, lambda lines: "nothing" if not lines else screen.inside(f"{len(lines)}: " + "; ".join(lines[:5])))
    raise SystemExit(1 if any(found.values()) else 0)


@app.command()
def audit(name: Names = "", as_json: AsJson = False) -> None:
    """Check that the chain of audit rows is intact."""
    from shared.ledger.audit import broken

    found = on_store(all_or_one(name), lambda one, hub: broken(one.name, hub))
    _print(found, as_json, lambda rows: "the chain holds" if not rows else screen.inside(f"broken at {', '.join(rows)}"))
    raise SystemExit(1 if any(found.values()) else 0)


def _balance_line(balance: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {what}" for what, count in balance.items() if what not in ("received", "unexplained", "holds"))
    verdict = "[green]nothing unexplained[/]" if balance["holds"] else f"[red]{len(balance['unexplained'])} unexplained[/]"
    return f"received {balance['received']} = {counts or '0'}; {verdict}"


def _print(found: dict[str, Any], as_json: bool, line: Callable[[Any], str]) -> None:
    if as_json:
        print(screen.as_json(found))
        return
    console = screen.console()
    for name, one in found.items():
        console.print(f"[bold]{name}[/]  {line(one)}")
