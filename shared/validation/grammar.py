"""The abstract syntax of HL7 chapter 2.12 as text: ``MSH EVN PID [PD1] [{NK1}] PV1 [{IN1 [IN2] [{IN3}]}]``.

``[ ]`` optional, ``{ }`` one or more, ``[{ }]`` any number, ``< | >`` one of. One sign of ours: ``~NK1`` is taken there but is
out of order, which is recorded as a repair.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SIGN = re.compile(r"\s*([\[\]{}<>|]|~?[A-Z][A-Z0-9]{2}(?=[\s\[\]{}<>|]|$))")
START = 0
LONG, MANY = 400, 256  # characters of a row of names, and rows, that are remembered


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """A piece of a grammar as an automaton (Glushkov): where it can begin, where it can end, and whether it may be absent."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    absent: bool = True
    pattern: str = ""  # of the names, tolerated places left out


@dataclass(slots=True, eq=False, repr=False)
class Grammar:
    """A compiled grammar. Place 0 is the start; ``follow`` says which places may come next."""

    names: list[str] = field(default_factory=lambda: [""])
    tolerated: set[int] = field(default_factory=set)
    follow: list[set[int]] = field(default_factory=lambda: [set()])
    whole: Part = field(default_factory=Part)
    pattern: re.Pattern[str] = re.compile("")
    fitting: set[str] = field(default_factory=set)

    def fits(self, names: list[str]) -> bool:
        """Whether segments of these names are of the grammar.

        A row that fits comes again in message after message, so it is remembered: it holds names of the grammar alone. One that
        does not fit never is, for a broken line stands there with all its text.
        """
        row = " ".join(names)
        if row in self.fitting:
            return True
        if self.pattern.fullmatch(row + " ") is None:
            return False
        if len(row) < LONG and len(self.fitting) < MANY:
            self.fitting.add(row)
        return True

    def may_end(self, place: int) -> bool:
        return place in self.whole.last or (place == START and self.whole.absent)


def compiled(text: str) -> Grammar:
    """A grammar from its text; ``ValueError`` when the text is none."""
    grammar = Grammar()
    signs = _signs(text)
    grammar.whole, end = _sequence(grammar, signs, 0)
    if end < len(signs):
        raise ValueError(f"a closing {signs[end]!r} that nothing opened")
    grammar.follow[START] = set(grammar.whole.first)
    grammar.pattern = re.compile(grammar.whole.pattern)
    return grammar


def _signs(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while text[place:].strip():
        sign = _SIGN.match(text, place)
        if sign is None:
            raise ValueError(f"not a grammar from here: {text[place : place + 20]!r}")
        found.append(sign[1])
        place = sign.end()
    return found


def _sequence(grammar: Grammar, signs: list[str], start: int) -> tuple[Part, int]:
    whole, at = Part(), start
    while at < len(signs) and signs[at] not in "]}>|":
        part, at = _part(grammar, signs, at)
        whole = _joined(grammar, whole, part)
    return whole, at


def _part(grammar: Grammar, signs: list[str], at: int) -> tuple[Part, int]:
    sign = signs[at]
    if sign not in "[{<":
        return _leaf(grammar, sign), at + 1
    inner, at = _choice(grammar, signs, at + 1) if sign == "<" else _sequence(grammar, signs, at + 1)
    if signs[at : at + 1] != [{"[": "]", "{": "}", "<": ">"}[sign]]:
        raise ValueError(f"{sign!r} is not closed")
    return {"[": _optional, "{": _repeated, "<": _same}[sign](grammar, inner), at + 1


def _leaf(grammar: Grammar, sign: str) -> Part:
    place = len(grammar.names)
    grammar.names.append(sign.lstrip("~"))
    grammar.follow.append(set())
    if sign.startswith("~"):
        grammar.tolerated.add(place)
    here = frozenset([place])
    return Part(here, here, False, "(?!)" if sign.startswith("~") else f"{sign} ")


def _joined(grammar: Grammar, left: Part, right: Part) -> Part:
    for place in left.last:
        grammar.follow[place] |= right.first
    return Part(
        left.first | right.first if left.absent else left.first,
        left.last | right.last if right.absent else right.last,
        left.absent and right.absent,
        left.pattern + right.pattern,
    )


def _choice(grammar: Grammar, signs: list[str], at: int) -> tuple[Part, int]:
    one, at = _sequence(grammar, signs, at)
    while signs[at : at + 1] == ["|"]:
        other, at = _sequence(grammar, signs, at + 1)
        pattern = f"(?:{one.pattern}|{other.pattern})"
        one = Part(one.first | other.first, one.last | other.last, one.absent or other.absent, pattern)
    return one, at


def _same(grammar: Grammar, part: Part) -> Part:
    return part


def _optional(grammar: Grammar, part: Part) -> Part:
    return Part(part.first, part.last, True, f"(?:{part.pattern})?")


def _repeated(grammar: Grammar, part: Part) -> Part:
    for place in part.last:
        grammar.follow[place] |= part.first
    return Part(part.first, part.last, part.absent, f"(?:{part.pattern})+")


def required(grammar: Grammar) -> Iterator[str]:
    """Names without which no message of the grammar exists: found by leaving each out in turn."""
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
