"""``./hub cost``: estimate the monthly cost."""

import asyncio
import json
import logging

import typer


def cost(
    messages: float = typer.Option(1e6, help="Messages a month, in all integrations together."),
    size: str = typer.Option("2k", help="Size of a message: 800, 2k, 1m."),
    environment: str = typer.Option("", help="dev, test, prod or recovery; empty: dev, test and prod."),
    like: str = typer.Option("", help="The integration whose operations are counted; empty: the first in the catalogue."),
) -> None:
    """Estimate the monthly cost of each environment, from its template and counted operations, and name the largest items."""
    from integrations import CATALOGUE, load
    from shared.destinations.kinds.kind import kind_of
    from shared.integration import Http
    from toolkit.release import bicep
    from toolkit.release.cost import Load
    from toolkit.release.counting import count
    from toolkit.say import stop
    from toolkit.scale.counted import host_cpu_ms

    if not bicep.compiler():
        stop(bicep.ABSENT)
    if environment not in ("", *bicep.ENVIRONMENTS, bicep.RECOVERY):
        stop(f"{environment} is not an environment")
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    integration = load(like or next(iter(CATALOGUE)))
    busy, idle = asyncio.run(count(integration))
    busy = busy._replace(cpu_ms=max(busy.cpu_ms, host_cpu_ms()))
    by_queue = not any(isinstance(trigger, Http) for trigger in integration.triggers)
    monthly = Load(messages, bytes_of(size), by_queue, kind_of(integration.destination).publishes)
    show([environment] if environment else list(bicep.ENVIRONMENTS), monthly, integration.name, (busy, idle))


def bytes_of(text: str) -> float:
    """A size in bytes.

    >>> bytes_of("2k"), bytes_of("1m"), bytes_of("800")
    (2048.0, 1048576.0, 800.0)
    """
    factor = {"k": 1024, "m": 1024 * 1024}.get(text[-1:].lower(), 1)
    return float(text.rstrip("kKmM")) * factor


def show(environments: list[str], load: object, name: str, counted: object) -> None:
    """A table for each environment with what dominates it, the alternative, what was counted, and what is assumed."""
    from rich.console import Console

    from toolkit.release import bicep
    from toolkit.release import cost as model
    from toolkit.release.estate import estate

    assert isinstance(load, model.Load)
    assert isinstance(counted, tuple)
    busy, idle = counted
    price, console = model.prices(), Console(highlight=False)
    manifest = json.loads((bicep.INFRA / "manifest.json").read_bytes())
    title = f"{load.messages:,.0f} messages of {load.size:,.0f} bytes a month, {len(manifest['integrations'])} integrations"
    console.print(f"[bold]{title}[/] (list prices of {price['dated']}, {price['currency']})\n")
    for environment in environments:
        has = estate(bicep.resources(environment), manifest)
        lines = model.hub(load, has, busy, idle, price)
        console.print(table(environment, lines))
        console.print(f"[bold]Dominates:[/] {model.dominates(lines)}.")
        console.print(f"Budget {has.budget:,}: {model.total(lines) / has.budget:.0%} of it is used.\n")
    theirs = model.containers(load, has, busy, price)
    console.print(table("In comparison: always-on containers with a message broker", theirs))
    console.print(f"[bold]Counted[/] on {name}, for one message: {listed(busy)}")
    console.print(f"for one idle round of its watchdog: {listed(idle)}\n")
    console.print("[bold]Assumed[/]")
    for line in (*model.ASSUMPTIONS, price["source"]):
        console.print(f"- {line}")


def listed(counted: object) -> str:
    from toolkit.release.counting import Counted

    assert isinstance(counted, Counted)
    return (
        f"{counted.executions:.1f} executions, {counted.table_operations:.1f} table and {counted.queue_operations:.1f} queue "
        f"operations, {counted.log_bytes:,.0f} bytes of logs, {counted.cpu_ms:.1f} ms of processor"
    )


def table(title: str, lines: object) -> object:
    from rich.table import Table

    from toolkit.release import cost as model

    made = Table(title=title, title_justify="left", show_footer=True)
    assert isinstance(lines, list)
    made.add_column("What", footer="A month")
    made.add_column("How much", justify="right")
    made.add_column("Cost", justify="right", footer=f"{model.total(lines):,.2f}")
    for line in lines:
        made.add_row(
            line.what, f"{line.quantity:,.1f}" if line.quantity < 1000 else f"{line.quantity:,.0f}", f"{line.amount:,.2f}"
        )
    return made
