"""``./hub simulate-load``: a day of a whole region, and which limit is met first."""

from typing import Annotated

import typer

Memory = Annotated[int, typer.Option(help="MB of an instance: 512, 2048 or 4096.")]


def simulate_load(
    messages: Annotated[float, typer.Option(min=1, max=1e10, help="Messages a day, in all integrations together.")] = 50e6,
    integrations: Annotated[int, typer.Option(min=1, max=2000, help="Integrations.")] = 200,
    cells: Annotated[int, typer.Option(min=1, max=100, help="Subscriptions, each with a part of the catalogue.")] = 1,
    accounts: Annotated[int, typer.Option(min=1, max=100, help="Storage accounts for the ledgers of a cell.")] = 1,
    memory: Memory = 2048,
    away: Annotated[float, typer.Option(min=0, max=12, help="Hours from 10:00 in which the largest destination is away.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Simulate a day: the first limit, what waits, instances, cost, and the layout that has room."""
    import logging
    from dataclasses import asdict

    from toolkit import screen
    from toolkit.say import stop
    from toolkit.scale import report
    from toolkit.scale.capacity import enough
    from toolkit.scale.counted import measure
    from toolkit.scale.day import Day
    from toolkit.scale.region import Layout, Outage, simulate

    if memory not in (512, 2048, 4096):
        stop("an instance has 512, 2048 or 4096 MB")
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    found, day, outage = measure(), Day(messages, integrations), Outage(seconds=away * 3600)
    result = simulate(day, Layout(cells, accounts, memory), found.costs, outage)
    wanted = enough(day, found.costs, memory, report.ROOM)
    if json:
        typer.echo(screen.as_json(asdict(result) | {"costs": found.costs._asdict(), "enough": wanted and asdict(wanted)}))
        return
    for line in (*report.lines(result, found, outage), "", report.advice(wanted)):
        typer.echo(line)
    costs = found.costs
    typer.echo(
        f"Counted: {costs.before + costs.after:g} storage operations a message, {costs.before:g} of them before its "
        f"acknowledgement; {costs.idle:g} in an idle round of a watchdog. Measured: {costs.cpu_ms:.1f} ms of processor a message"
    )
