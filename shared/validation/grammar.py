"""The abstract syntax of HL7 chapter 2.12 as text: ``MSH EVN PID [PD1] [{NK1}] PV1 [{IN1 [IN2] [{IN3}]}]``.

``[ ]`` optional, ``{ }`` one or more, ``[{ }]`` any number, ``< | >`` one of. One sign is an addition of the hub: ``~NK1`` is
accepted there although it is out of order, and recorded as a repair.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_SIGN = re.compile(r"(?<!\s)\s*([\[\]{}<>|]|~?[A-Z][A-Z0-9]{2}(?=[\s\[\]{}<>|]|$))")
START = 0


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """A part of a grammar as an automaton (Glushkov): its first places, its last places, and whether it may be absent."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    absent: bool = True


@dataclass(slots=True, eq=False, repr=False)
class Grammar:
    """A compiled grammar. Place 0 is the start; ``follow`` has the places that may follow each place."""

    names: list[str] = field(default_factory=lambda: [""])
    tolerated: set[int] = field(default_factory=set)
    follow: list[set[int]] = field(default_factory=lambda: [set()])
    whole: Part = field(default_factory=Part)
    states: "dict[frozenset[int], State]" = field(default_factory=dict)

    def fits(self, names: Iterable[str]) -> bool:
        """Whether these segment names fit the grammar without a tolerated place.

        One look-up for each name at any depth of the grammar, so the time grows only with the number of names.
        """
        state = self.state(frozenset((START,)))
        for name in names:
            state = state[name]
        return state.may_end

    def state(self, places: frozenset[int]) -> "State":
        """The state for a set of places, made when it is first reached."""
        found = self.states.get(places)
        if found is None:
            found = self.states[places] = State(self, places)
        return found

    def may_end(self, place: int) -> bool:
        return place in self.whole.last or (place == START and self.whole.absent)


class State(dict[str, "State"]):
    """A set of places, and by segment name the next set. Only names of the grammar are cached."""

    __slots__ = ("grammar", "may_end", "places")

    def __init__(self, grammar: Grammar, places: frozenset[int]) -> None:
        super().__init__()
        self.grammar, self.places = grammar, places
        self.may_end = any(map(grammar.may_end, places))

    def __missing__(self, name: str) -> "State":
        grammar = self.grammar
        following = frozenset().union(*(grammar.follow[place] for place in self.places)) - grammar.tolerated
        state = grammar.state(frozenset(place for place in following if grammar.names[place] == name))
        if name in grammar.names:
            self[name] = state
        return state


def compile_grammar(text: str) -> Grammar:
    """A grammar from its text; ``ValueError`` if the syntax is wrong."""
    grammar = Grammar()
    signs = _signs(text)
    grammar.whole, end = _sequence(grammar, signs, 0)
    if end < len(signs):
        raise ValueError(f"{signs[end]!r} without its opening sign")
    grammar.follow[START] = set(grammar.whole.first)
    return grammar


def _signs(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while text[place:].strip():
        sign = _SIGN.match(text, place)
        if sign is None:
            raise ValueError(f"syntax error in the grammar at {text[place : place + 20]!r}")
        found.append(sign[1])
        place = sign.end()
    return found


def _sequence(grammar: Grammar, signs: list[str], start: int) -> tuple[Part, int]:
    sequence, at = Part(), start
    while at < len(signs) and signs[at] not in "]}>|":
        part, at = _part(grammar, signs, at)
        sequence = _join(grammar, sequence, part)
    return sequence, at


def _part(grammar: Grammar, signs: list[str], at: int) -> tuple[Part, int]:
    sign = signs[at]
    if sign not in "[{<":
        return _leaf(grammar, sign), at + 1
    inner, at = _choice(grammar, signs, at + 1) if sign == "<" else _sequence(grammar, signs, at + 1)
    if signs[at : at + 1] != [{"[": "]", "{": "}", "<": ">"}[sign]]:
        raise ValueError(f"{sign!r} is not closed")
    if sign == "{":
        for place in inner.last:
            grammar.follow[place] |= inner.first
    return Part(inner.first, inner.last, True) if sign == "[" else inner, at + 1


def _leaf(grammar: Grammar, sign: str) -> Part:
    place = len(grammar.names)
    grammar.names.append(sign.lstrip("~"))
    grammar.follow.append(set())
    if sign.startswith("~"):
        grammar.tolerated.add(place)
    here = frozenset([place])
    return Part(here, here, False)


def _join(grammar: Grammar, left: Part, right: Part) -> Part:
    for place in left.last:
        grammar.follow[place] |= right.first
    return Part(
        left.first | right.first if left.absent else left.first,
        left.last | right.last if right.absent else right.last,
        left.absent and right.absent,
    )


def _choice(grammar: Grammar, signs: list[str], at: int) -> tuple[Part, int]:
    one, at = _sequence(grammar, signs, at)
    while signs[at : at + 1] == ["|"]:
        other, at = _sequence(grammar, signs, at + 1)
        one = Part(one.first | other.first, one.last | other.last, one.absent or other.absent)
    return one, at


def required(grammar: Grammar) -> Iterator[str]:
    """The names that every message of the grammar has: those without which the end cannot be reached."""
    for name in dict.fromkeys(grammar.names[1:]):
        if not _reachable_without(grammar, name):
            yield name


def _reachable_without(grammar: Grammar, name: str) -> bool:
    seen, waiting = {START}, [START]
    while waiting:
        place = waiting.pop()
        if grammar.may_end(place):
            return True
        waiting += (new := {next_ for next_ in grammar.follow[place] - seen if grammar.names[next_] != name})
        seen |= new
    return False
