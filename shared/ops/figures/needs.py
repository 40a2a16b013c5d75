"""What needs a person, and where it is done: the first lines of the first page."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from shared.ops.figures.facts import Flow

Kind = Literal["destination", "dead", "held", "overdue", "codes", "refusals", "paused"]
MANY_REFUSED = 20  # rejected messages in the range from which someone must contact the sender,
LARGE_SHARE = 10.0  # if they are at least this share of what was received, in per cent


class Need(NamedTuple):
    """One thing to do. ``amount``: messages, or lanes; 0 for a destination. ``link``: below the ops page, with its anchor."""

    kind: Kind
    integration: str
    amount: int
    link: str
    is_more: bool = False
    destination: str = ""


def needs(flows: Iterable[Flow], minutes: int) -> list[Need]:
    """Everything that needs a person, the destinations first: they are the cause of much else."""
    every = [need for flow in flows for need in _of(flow, minutes)]
    return sorted(every, key=lambda need: ORDER.index(need.kind))


def _of(flow: Flow, minutes: int) -> Iterator[Need]:
    name = flow.integration
    if flow.breaker != "closed":
        yield Need("destination", name, 0, link(name, minutes, "destination"), destination=flow.destination)
    if flow.paused:
        yield Need("paused", name, 0, f"/paused?{urlencode({'integration': name})}")
    if flow.dead_now:
        yield Need("dead", name, flow.dead_now, link(name, minutes, "dead"), flow.dead_is_more)
    if flow.held:
        yield Need("held", name, flow.held, link(name, minutes, "lanes"))
    if flow.overdue:
        yield Need("overdue", name, flow.overdue, f"/waiting?{urlencode({'integration': name})}")
    if flow.codes_waiting:
        yield Need("codes", name, flow.codes_waiting, "/codes")
    if flow.rejected >= MANY_REFUSED and (flow.refusal_rate or 0) >= LARGE_SHARE:
        yield Need("refusals", name, flow.rejected, link(name, minutes, "refusals"))


def link(integration: str, minutes: int, anchor: str = "") -> str:
    """The page of an integration, below the ops page.

    >>> link("phw-to-mpi", 60, "dead")
    '/integration?integration=phw-to-mpi&minutes=60#dead'
    """
    return f"/integration?{urlencode({'integration': integration, 'minutes': minutes})}{'#' * bool(anchor)}{anchor}"


ORDER: tuple[Kind, ...] = ("destination", "paused", "dead", "held", "overdue", "codes", "refusals")
