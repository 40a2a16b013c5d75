"""Every regular expression of the tree takes time that grows with its text alone, on texts made against it.

The texts are made from the pattern: what leads to each of its loops, then what the loop takes, many times, then something that
nothing takes. A pattern that tries one thing in two ways takes four times as long for twice the text, or twice for one more.
"""

import re
import time
from collections.abc import Callable, Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from tests.fuzz.regular_expressions import Expression, expressions

BAD = ("\x00", "!", "")  # nothing takes it, as a rule
SHORT, LONG = 250, 2_000
PROBES = (8, 16, 18, 20, 22, 24, 28, 32, 48, 64, 125)  # in small steps: an exponential one stops soon after it is seen
TAKES_LONG = 0.05  # seconds that no linear pattern takes for so short a text
SLOW = 0.3e-6  # seconds for one character
LARGEST = 100  # a loop of at most so many turns cannot grow
# Patterns that an integration's own code writes, never a caller: route constraints of the local host, in the toolkit.
NOT_FROM_A_CALLER = {("toolkit/local/host/triggers/routes.py", "search")}


def words(tree: Any) -> list[str]:
    """A few texts that a parsed pattern takes: the first one is the shortest."""
    found = [""]
    for code, value in tree:
        options = list(_options(code, value))
        if options:
            found = [*[before + options[0] for before in found], *[found[0] + other for other in options[1:4]]][:6]
    return found


def _options(code: Any, value: Any) -> Iterator[str]:
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, _, inner = value
        once = words(inner)
        yield once[0] * least
        yield from (word * max(least, 1) for word in once)
    elif code is op.SUBPATTERN:
        yield from words(value[3])
    elif code is op.ATOMIC_GROUP:
        yield from words(value)
    elif code is op.BRANCH:
        yield from (word for branch in value[1] for word in words(branch)[:2])
    elif code is op.LITERAL:
        yield chr(value)
    elif code is op.NOT_LITERAL:
        yield from (c for c in "a1 " if ord(c) != value)
    elif code is op.ANY:
        yield from "a1/"
    elif code is op.IN:
        yield from _members(value)


def _members(items: Any) -> list[str]:
    candidates = "a1 ZF9.-_:/;,^&~|\\\t"
    literal = "".join(chr(value) for code, value in items if code is op.LITERAL)
    ranges = "".join(chr(value[0]) + chr(value[1]) for code, value in items if code is op.RANGE)
    tested = re.compile(_set(items))
    return [c for c in dict.fromkeys(candidates + literal + ranges) if tested.fullmatch(c)][:5] or ["\u0100"]


def _set(items: Any) -> str:
    """The set as a pattern of its own."""
    kinds = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S"}
    kinds |= {op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W"}
    text = ""
    for code, value in items:
        if code is op.NEGATE:
            text += "^"
        elif code is op.LITERAL:
            text += re.escape(chr(value))
        elif code is op.RANGE:
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        elif code is op.CATEGORY:
            text += kinds[value]
    return f"[{text}]"


def loops(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Each loop that may turn often: what leads to it, and what one turn takes."""
    for code, value in tree:
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            if value[1] is op.MAXREPEAT or value[1] > LARGEST:
                yield from ((before, turn) for turn in words(value[2]) if turn)
            yield from loops(value[2], before)
        elif code is op.SUBPATTERN:
            yield from loops(value[3], before)
        elif code is op.BRANCH:
            yield from (each for branch in value[1] for each in loops(branch, before))
        elif code in (op.ASSERT, op.ASSERT_NOT):
            yield from loops(value[1], before)
        before += next(iter(_options(code, value)), "")


def attacks(expression: Expression) -> list[Callable[[int], str]]:
    """Texts of a given number of turns."""
    text = expression.pattern if isinstance(expression.pattern, str) else expression.pattern.decode("latin-1")
    tree = _parser.parse(text, expression.flags & ~re.UNICODE)
    found = dict.fromkeys((before, turn) for before, turn in loops(tree))
    if expression.everywhere:  # a search begins again at each place, so what leads to a loop may be what repeats
        found |= dict.fromkeys(("", before + turn) for before, turn in list(found))
        found |= dict.fromkeys(("", before) for before, _ in list(found) if before)
        found |= dict.fromkeys(("", turn) for _, turn in list(found))
    return [lambda n, b=before, t=turn, e=end: b + t * n + e for before, turn in found for end in BAD]  # type: ignore[misc]


def asked(expression: Expression) -> Callable[[str], float]:
    """Seconds that the pattern takes for a text, as it is asked in the tree."""
    pattern = re.compile(expression.pattern, expression.flags)
    is_text = isinstance(expression.pattern, str)

    def took(text: str) -> float:
        given: Any = text if is_text else text.encode("latin-1", "replace")
        started = time.perf_counter()
        if expression.everywhere:
            for _ in pattern.finditer(given):
                pass
        else:
            pattern.fullmatch(given)
        return time.perf_counter() - started

    return took


def grows(took: Callable[[str], float], text: Callable[[int], str]) -> str:
    """How the time grows where it should not; empty when it is linear."""
    for n in PROBES:  # an exponential one would never come back from a long text
        if took(text(n)) > TAKES_LONG and min(took(text(n)) for _ in range(3)) > TAKES_LONG:
            return f"more than {TAKES_LONG} s for {n} turns"
    if took(text(LONG)) < SLOW * len(text(LONG)):
        return ""
    short, long = (min(took(text(n)) for _ in range(3)) for n in (SHORT, LONG))
    by_character = long / len(text(LONG))  # of a linear one some ten nanoseconds, wherever the text ends
    if by_character < SLOW or long < 3 * LONG / SHORT * short:
        return ""
    return f"{long / short:.0f} times as long for {LONG // SHORT} times the text"


@pytest.mark.slow
def test_every_regular_expression_of_the_tree_is_linear() -> None:
    found, unknown = expressions()
    assert {(site.file, *sorted(site.methods)) for site in unknown} <= NOT_FROM_A_CALLER
    assert len(found) > 100
    bad = {}
    for expression in found:
        took = asked(expression)
        for text in attacks(expression):
            if growth := grows(took, text):
                bad[f"{expression.where} {expression.pattern[:60]!r} {text(2)!r}"] = growth
                break
    assert bad == {}


@pytest.mark.parametrize(
    ("pattern", "everywhere"),
    [
        (r"(a+)+b", False),
        (r"(?:a|a)*b", False),
        (r"a*a*b", False),
        (r"(x+,)*y", True),
        (r"(?<=[\d\]])(\.1)+$", True),
        (r"\s*;", True),
    ],
)
def test_the_measure_finds_patterns_that_are_not_linear(pattern: str, everywhere: bool) -> None:
    expression = Expression("here", pattern, 0, everywhere)
    assert any(grows(asked(expression), text) for text in attacks(expression))
