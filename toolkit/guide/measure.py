"""How much of the guide the mapping does, by component: each is tried in messages, and what changes in the bundle is compared.

A component *lands* when something appears or changes at its place; it is *exact* when that is the very value the guide gives.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby, islice
from typing import NamedTuple

from toolkit.guide.components import Component, components
from toolkit.guide.coverage import changes, difference, inside, leaves_of, targets, texts_of
from toolkit.guide.exact import exact_texts
from toolkit.guide.parts import parts
from toolkit.guide.reasons import Reason, reason_of
from toolkit.guide.references import is_there, references, structures
from toolkit.guide.rows import STRUCTURE, Row, maps_of, segment_rows
from toolkit.guide.trials import events_of, trials

EXPLAINED = 16  # messages that a component is tried in whose reason is known; any other one is tried in all


class Measured(NamedTuple):
    """What became of a component: whether it lands, whether its value is exact, and the reason where one of them is not so."""

    component: Component
    lands: bool
    exact: bool
    reason: Reason | None = None

    @property
    def applies(self) -> bool:
        """Whether R4 has a place for it that the guide has decided on, whether or not the mapping writes there."""
        return self.reason is None or self.reason.applies

    @property
    def unexplained(self) -> bool:
        return not self.exact and self.reason is None


def measured(events: Iterable[str] = STRUCTURE) -> list[Measured]:
    """Every component of every segment map that these message types use, each tried in one message type of each kind."""
    events = tuple(events)
    used = {name for event in events for name in maps_of(STRUCTURE[event])}
    rows = [(events, list(group)) for name, group in groupby(segment_rows(), lambda row: row.map) if name in used]
    with ProcessPoolExecutor() as pool:
        return [found for several in pool.map(_measured, rows) for found in several]


def measured_references(events: Iterable[str] = STRUCTURE) -> list[Measured]:
    """Every reference of the message maps, in the first of these message types that has it."""
    found = []
    for structure, event in structures(tuple(events)).items():
        for each in references(structure):
            there = is_there(event, each)
            found.append(Measured(each, lands=there, exact=there, reason=None if there else reason_of(each, (event,))))
    return found


def _measured(work: tuple[tuple[str, ...], list[Row]]) -> list[Measured]:
    events, rows = work
    return [measure(component, events) for row in rows for component in components(row)]


def measure(component: Component, events: tuple[str, ...] = tuple(STRUCTURE)) -> Measured:
    """Try a component in the message types that use its map, until it is exact; in the first alone where a reason explains it."""
    lands = False
    using = events_of(component.row.map, events)
    reason = reason_of(component, using)
    places = targets(component.target) if component.target else ()
    for event in using[:1] if reason else using:
        for changed, values in islice(_tried(event, component), EXPLAINED if reason else None):
            hits = {text for path, text in changed if any(inside(path, each) for each in places)}
            lands = lands or bool(hits)
            if hits & values if values else hits:
                return Measured(component, lands=True, exact=True)
    return Measured(component, lands=lands, exact=False, reason=reason)


def _tried(event: str, component: Component) -> Iterator[tuple[frozenset[tuple[str, str]], frozenset[str]]]:
    """What the component changes in each of several messages, and the texts that are exact there (none: any is)."""
    if component.row.field:
        for trial in trials(event, component):
            if _linked(component.target, trial.message):
                yield difference(trial.without, trial.message), frozenset(exact_texts(component, trial.sent))
    if not component.steps:
        segment, _, number = component.row.map.partition("[")[0], "", component.row.field.partition("-")[2]
        sent = texts_of(component.row.field, number)
        values = frozenset(value for text in sent for value in exact_texts(component, parts(text)))
        yield from ((changed, values) for changed in changes(event, segment, component.row.field))


def _linked(target: str, text: str) -> bool:
    """Whether each reference that a target follows is in the bundle: what another resource says of the same is no proof."""
    holders = target.split("->")[:-1]
    paths = {path for (path, _), _ in leaves_of(text)} if holders else set[str]()
    return all(any(inside(path, holder) for path in paths) for holder in holders)


def shares(found: Iterable[Measured]) -> Counter[str]:
    """How many rows there are, apply, land and are exact, how many have a reason, and how many have neither."""
    count: Counter[str] = Counter()
    for each in found:
        count["rows"] += 1
        count["applicable"] += each.applies
        count["lands"] += each.applies and each.lands
        count["exact"] += each.applies and each.exact
        count["reason"] += each.reason is not None
        count["neither"] += each.unexplained
    return count


def by_segment(found: Iterable[Measured]) -> list[tuple[str, list[Measured]]]:
    """The components of each segment."""
    several: dict[str, list[Measured]] = {}
    for each in found:
        several.setdefault(each.component.row.map.partition("[")[0], []).append(each)
    return sorted(several.items())
