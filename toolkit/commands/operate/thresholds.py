"""``./hub thresholds``: the limits that support staff may change; each change is audited."""

import getpass
from typing import Annotated

import typer

from toolkit import screen
from toolkit.commands.operate.stored import all_or_one, on_hub
from toolkit.say import say, stop


def thresholds(
    integration: Annotated[str, typer.Argument(help="Set a threshold of this integration.")] = "",
    rule: Annotated[str, typer.Argument(help="backlog-age, backlog-size, error-rate, slow or quiet.")] = "",
    value: Annotated[float, typer.Argument(help="The limit; a negative value removes it.")] = -1,
    why: Annotated[str, typer.Option(help="The reason; it is recorded in the audit.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """List the thresholds, or set one."""
    if integration:
        _set(integration, rule, value, why)
    else:
        _list(as_json)


def _set(integration: str, rule: str, value: float, why: str) -> None:
    from integrations import CATALOGUE
    from shared.delivery.upkeep.thresholds import RULES, Threshold, change

    if integration not in CATALOGUE or rule not in RULES:
        stop(f"name an integration of the catalogue and one of {', '.join(RULES)}")
    if not why:
        stop("give the reason: --why 'night shift needs an earlier warning'")
    on_hub(all_or_one(""), lambda hub: change(Threshold(integration, rule, value, getpass.getuser(), why), hub))
    say(f"{rule} of {integration} is {value:g} {RULES[rule].unit}" if value >= 0 else f"{rule} of {integration} is removed")


def _list(as_json: bool) -> None:
    from shared.delivery.upkeep.thresholds import listed

    rows = on_hub(all_or_one(""), listed)
    if as_json:
        print(screen.as_json([row._asdict() for row in rows]))
    for row in [] if as_json else rows:
        print(f"{row.integration:24} {row.rule:14} {row.value:>10g}  {screen.line(row.who)}: {screen.line(row.purpose)}")
