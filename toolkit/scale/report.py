"""What the simulated day says, in lines of text."""

from collections.abc import Iterator

from toolkit.release.cost import MONTH, Line, Load, beyond, logs, prices, storage, total
from toolkit.release.estate import Estate
from toolkit.scale.capacity import First, first
from toolkit.scale.counted import Measured
from toolkit.scale.day import DAY
from toolkit.scale.region import Layout, Outage, Result

ROOM = 0.7  # a limit that is used to more than this has no room for a bad day


def lines(result: Result, found: Measured, outage: Outage) -> Iterator[str]:
    """The day: its limits, what waited, instances and cost."""
    day, layout = result.day, result.layout
    yield (
        f"{day.messages / 1e6:g} million messages a day, {day.integrations} integrations, "
        f"at most {result.peak:,.0f} messages and {result.operations:,.0f} storage operations a second"
    )
    yield f"Layout: {described(layout)}"
    yield ""
    yield f"  {'Limit':<50}{'used':>7}   {'most at':<8} reached"
    for limit in sorted(result.limits.values(), key=lambda each: -each.used):
        reached = "never" if limit.first is None else clock(limit.first)
        yield f"  {limit.name:<50}{limit.used:>6.0%}".replace("%", " %") + f"   {clock(limit.at):<8} {reached}"
    yield f"First: {breaks(first(day, layout, found.costs))}"
    yield ""
    yield f"Instances: {result.instances:,.0f} at most, {result.gb_s / 3600 / 24:,.0f} GB on average"
    yield f"Sent again by their senders: {result.refused:,.0f} messages; the longest wait outside {result.lag:,.0f} s"
    yield from of_outage(result, outage)
    yield f"Not delivered at midnight: {result.left:,.0f}"
    yield ""
    yield from of_cost(result, found)


def breaks(met: First) -> str:
    """
    >>> breaks(First("Requests", 35e6, 200)), breaks(First("Memory", 0, 124))
    ('Requests, at 35 million messages a day', 'Memory, by the integrations alone: 124 fit')
    """
    if met.messages:
        return f"{met.name}, at {met.messages / 1e6:,.0f} million messages a day"
    return f"{met.name}, by the integrations alone: {met.integrations} fit"


def of_outage(result: Result, outage: Outage) -> Iterator[str]:
    """What the destination that was away left behind."""
    back = "not by midnight" if result.recovered is None else f"{result.recovered / 60:,.0f} minutes after it"
    yield (
        f"The destination of integration {outage.integration + 1} by size is away for {outage.seconds / 3600:g} hours: "
        f"{result.waited_most:,.0f} messages wait, all delivered {back}, at {outage.drain:g} times its average rate"
    )


def of_cost(result: Result, found: Measured) -> Iterator[str]:
    """What thirty such days cost, without what is paid at rest (``./hub cost``)."""
    bill = monthly(result, found)
    parts = ", ".join(f"{line.what} {line.amount:,.0f}" for line in bill if line.amount >= 0.005 * total(bill))
    yield f"A month of such days: {total(bill):,.0f} {prices()['currency']} ({parts})"


def monthly(result: Result, found: Measured) -> list[Line]:
    """The lines that follow the load, the dearest first."""
    price, day = prices(), result.day
    load = Load(messages=day.messages * MONTH / DAY)
    estate = Estate(integrations=day.integrations, memory_gib=result.layout.memory_mb / 1024)
    gbs, executions = result.gb_s * MONTH / DAY, load.messages * found.busy.executions
    flex = price["flex"]
    compute = [
        Line("Executions", executions, beyond(executions, flex["free_executions"]) * flex["executions_per_million"] / 1e6),
        Line("Compute (GB-s)", gbs, beyond(gbs, flex["free_gbs"]) * flex["on_demand_gbs"]),
    ]
    each = [*compute, *storage(load, estate, found.busy, found.idle, price), *logs(load, estate, found.busy, found.idle, price)]
    return sorted(each, key=lambda line: -line.amount)


def advice(enough: Layout | None) -> str:
    """The layout in which no limit is used to more than ``ROOM``.

    >>> advice(None)
    'No layout is enough: one integration alone needs more than an account or an app has. Make two of it'
    """
    if enough is None:
        return "No layout is enough: one integration alone needs more than an account or an app has. Make two of it"
    return f"Enough, with no limit used to more than {ROOM:.0%}: {described(enough)}".replace("%", " %")


def described(layout: Layout) -> str:
    """
    >>> described(Layout(3, 1)), described(Layout(1, 2, 512))
    ('3 cells with 1 storage account each, instances of 2,048 MB', '1 cell with 2 storage accounts, instances of 512 MB')
    """
    cells = f"{layout.cells} cell" + ("s" if layout.cells > 1 else "")
    accounts = f"{layout.accounts} storage account" + ("s" if layout.accounts > 1 else "")
    return f"{cells} with {accounts}{' each' if layout.cells > 1 else ''}, instances of {layout.memory_mb:,} MB"


def clock(seconds: float) -> str:
    """
    >>> clock(37800)
    '10:30'
    """
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"
