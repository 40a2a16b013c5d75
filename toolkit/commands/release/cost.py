"""``./hub cost``: estimate the monthly cost."""

import asyncio
import logging

import typer


def cost(
    messages: float = typer.Option(1e6, help="Messages a month, in all integrations together."),
    size: str = typer.Option("2k", help="Size of a message: 800, 2k, 1m."),
    integrations: int = typer.Option(0, help="Number of integrations; 0: those in the catalogue."),
    always_ready: int = typer.Option(1, help="Instances kept warm for each app, to avoid cold starts."),
    like: str = typer.Option("", help="The integration whose operations are counted; empty: the first in the catalogue."),
    private: bool = typer.Option(True, help="With private endpoints, or with tests from the internet."),
) -> None:
    """Estimate the monthly cost, and compare it with always-on containers and a broker."""
    from integrations import CATALOGUE, load
    from shared.destinations.kind import kind_of
    from shared.integration import Http
    from toolkit.release import cost as model
    from toolkit.release.counting import count

    logging.getLogger("azure").setLevel(logging.CRITICAL)
    integration = load(like or next(iter(CATALOGUE)))
    busy, idle = asyncio.run(count(integration))
    asked = model.Load(
        messages,
        bytes_of(size),
        integrations or len(CATALOGUE),
        always_ready,
        not any(isinstance(trigger, Http) for trigger in integration.triggers),
        kind_of(integration.destination).publishes,
        private,
    )
    show(asked, integration.name, busy, idle)


def bytes_of(text: str) -> float:
    """A size in bytes.

    >>> bytes_of("2k"), bytes_of("1m"), bytes_of("800")
    (2048.0, 1048576.0, 800.0)
    """
    factor = {"k": 1024, "m": 1024 * 1024}.get(text[-1:].lower(), 1)
    return float(text.rstrip("kKmM")) * factor


def show(load: object, name: str, busy: object, idle: object) -> None:
    """Two tables, what they were counted from, and what they assume."""
    from rich.console import Console

    from toolkit.release import cost as model
    from toolkit.release.counting import Counted

    assert isinstance(load, model.Load)
    assert isinstance(busy, Counted)
    assert isinstance(idle, Counted)
    price, console = model.prices(), Console(highlight=False)
    ours, theirs = model.hub(load, busy, idle, price), model.containers(load, busy, price)
    title = f"{load.messages:,.0f} messages of {load.size:,.0f} bytes a month, {load.integrations} integrations"
    console.print(f"[bold]{title}[/] (list prices of {price['dated']}, {price['currency']})\n")
    console.print(table("The hub", ours))
    console.print(table("Always-on containers with a message broker", theirs))
    each = model.total(ours) / load.messages
    console.print(f"The hub costs {model.total(ours) / model.total(theirs):.0%} of that, {each * 1000:.3f} for 1,000 messages.\n")
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
        made.add_row(line.what, line.quantity, f"{line.amount:,.2f}")
    return made
