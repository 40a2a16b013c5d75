"""The smallest set of corrections that makes a list of segment names fit a grammar."""

from heapq import heappop, heappush
from typing import Literal, NamedTuple

from shared.validation.grammar import START, Grammar

Kind = Literal["match", "tolerated", "missing", "misplaced"]
COST: dict[Kind, int] = {"match": 0, "tolerated": 1, "missing": 10, "misplaced": 11}
_LIMIT = 20_000  # states to visit before giving up, so that a hostile message does not take minutes


class Step(NamedTuple):
    """One segment that matches, is tolerated or is misplaced (``token`` is its index), or is missing (before ``token``)."""

    kind: Kind
    name: str
    token: int


State = tuple[int, int]  # place in the grammar, segments consumed


def align(grammar: Grammar, names: list[str]) -> list[Step] | None:
    """The steps of least cost from the first segment to the last (Dijkstra); ``None`` if there are too many states to visit."""
    previous: dict[State, tuple[State, Step]] = {}
    best: dict[State, int] = {(START, 0): 0}
    waiting: list[tuple[int, int, int]] = [(0, 0, START)]  # cost, minus the segments consumed, place
    while waiting and len(best) < _LIMIT:
        cost, back, place = heappop(waiting)
        state = (place, -back)
        if cost > best[state]:
            continue
        if state[1] == len(names) and grammar.may_end(place):
            return _trace(previous, state)
        for new, step in _moves(grammar, names, state):
            total = cost + COST[step.kind]
            if total < best.get(new, total + 1):
                best[new], previous[new] = total, (state, step)
                heappush(waiting, (total, -new[1], new[0]))
    return None


def _moves(grammar: Grammar, names: list[str], state: State) -> list[tuple[State, Step]]:
    place, token = state
    moves: list[tuple[State, Step]] = []
    name = names[token] if token < len(names) else ""
    for following in sorted(grammar.follow[place]):
        expected = grammar.names[following]
        if expected == name:
            kind: Kind = "tolerated" if following in grammar.tolerated else "match"
            moves.append(((following, token + 1), Step(kind, name, token)))
        elif following not in grammar.tolerated:
            moves.append(((following, token), Step("missing", expected, token)))
    if name:
        moves.append(((place, token + 1), Step("misplaced", name, token)))
    return moves


def _trace(previous: dict[State, tuple[State, Step]], state: State) -> list[Step]:
    steps = []
    while state in previous:
        state, step = previous[state]
        steps.append(step)
    return steps[::-1]
