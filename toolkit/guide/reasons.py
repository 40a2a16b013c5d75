"""Why a row of the guide is not implemented, or not by the letter: ours, else what the guide itself says of it."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from toolkit.guide.components import Component

# Kind of a reason -> what it means. The first three say that R4 has no decided place for the row at all.
KINDS = {
    "open": "the guide leaves it open, or to the implementer",
    "r4": "R4 has no element for it, or refuses it there",
    "slip": "the guide's row contradicts itself or another row",
    "harm": "it would state what the sender did not say, or what is not so",
    "elsewhere": "the value arrives at another place or in another form",
    "left": "not implemented",
}
ITSELF = "-"  # the row, and not the maps inside it
NO_PLACE = ("open", "r4", "slip")


class Reason(NamedTuple):
    """Why a row is as it is."""

    kind: str
    text: str

    @property
    def applies(self) -> bool:
        """Whether the row still counts as one that R4 has a place for."""
        return self.kind not in NO_PLACE


class Written(NamedTuple):
    """A line of ``reasons.csv``: the map and row that it is about (no row: the whole map), and where inside it."""

    map: str
    row: str
    inside: str  # the row of the map inside, as CWE[string]:11; "" for all; - for the row without the maps inside it
    event: str  # "" for all message types
    reason: Reason


def reason_of(component: Component, events: tuple[str, ...] | list[str]) -> Reason | None:
    """The reason for a component in these message types: of its segment's row, of a datatype's row, else the guide's own."""
    chain = component.chain
    for at, (name, row) in enumerate((*chain, (component.row.map.partition("[")[0], component.row.row))):
        inner = [f"{map_}:{place}" for map_, place in chain[at + 1 :]]
        for written in (*_written().get((name, row), ()), *_written().get((name, ""), ())):
            if (not written.inside or written.inside in (inner or [ITSELF])) and (
                not written.event or [written.event] == list(events)
            ):
                return written.reason
    return _own(component)


def _own(component: Component) -> Reason | None:
    """What the guide's tables say: only proposed, no path of R4, an extension of a later release."""
    row = component.row
    if not component.target and (row.proposed or any(step.proposed for step in component.steps)):
        return Reason("open", "the guide only proposes an extension: it has no URL yet")
    if row.r4 or any(step.r4 for step in component.steps):
        return Reason("r4", "the target is no path of R4")
    if "/5.0/" in component.assignment or "/6.0/" in component.assignment:
        return Reason("r4", "an extension of a later FHIR release, which R4 validators refuse")
    return None


def all_reasons() -> list[Written]:
    return [each for several in _written().values() for each in several]


@cache
def _written() -> dict[tuple[str, str], tuple[Written, ...]]:
    found: dict[tuple[str, str], tuple[Written, ...]] = {}
    with (Path(__file__).parent / "reasons.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            key = line["map"], line["row"]
            own = Written(*key, line["inside"], line["event"], Reason(line["kind"], line["reason"]))
            found[key] = (*found.get(key, ()), own)
    return found
