"""HTTP routes as the host matches them: ASP.NET templates with constraints; the most exact one wins."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import unquote

Check = Callable[[str, str], bool]


class RouteError(ValueError):
    """A route that the host would not take."""


class Part(NamedTuple):
    """One segment of a template: text before, a parameter, its constraints, text after; no parameter in a literal."""

    literal: str
    parameter: str = ""
    constraints: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    default: str | None = None
    catch_all: bool = False
    suffix: str = ""

    @property
    def rank(self) -> int:
        """Literal beats constrained beats plain beats catch-all."""
        if not self.parameter:
            return 0
        return 3 if self.catch_all else 1 if self.constraints else 2


class Route(NamedTuple):
    """A template and the methods it answers; no methods: all."""

    template: str
    parts: tuple[Part, ...]
    methods: frozenset[str]
    name: str

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(part.rank for part in self.parts)


PARAMETER = re.compile(
    r"([^{}]*)\{(\*{0,2})([A-Za-z_]\w*)((?::[^{}:?=(]+(?:\((?:[^()]|\([^()]*\))*\))?)*)(\?)?(?:=([^{}]*))?\}([^{}]*)"
)


def route(template: str, methods: tuple[str, ...], name: str, prefix: str = "api") -> Route:
    """Parse a template; ``admin`` and ``runtime`` belong to the host."""
    whole = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    if whole.split("/")[0].lower() in ("admin", "runtime"):
        raise RouteError(f"the route of {name} begins with {whole.split('/')[0]}, which belongs to the host")
    parts = tuple(_part(text) for text in whole.split("/")) if whole else ()
    return Route(whole, parts, frozenset(method.upper() for method in methods), name)


def _part(text: str) -> Part:
    if "{" not in text:
        return Part(text)
    found = PARAMETER.fullmatch(text)
    if not found:
        raise RouteError(f"cannot read the route segment {text}")
    before, stars, parameter, constraints, optional, default, after = found.groups()
    checks = tuple(_constraint(one) for one in re.findall(r":([^:(]+(?:\((?:[^()]|\([^()]*\))*\))?)", constraints))
    return Part(before, parameter, checks, bool(optional), default, bool(stars), after)


def _constraint(text: str) -> tuple[str, str]:
    name, _, rest = text.partition("(")
    if name.lower() not in CONSTRAINTS:
        raise RouteError(f"unknown route constraint {name}")
    return name.lower(), rest.removesuffix(")")


def match(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The best route of this path and method, with its parameters. A wrong method is no match: 404, never 405."""
    pieces = [unquote(piece) for piece in path.strip("/").split("/")] if path.strip("/") else []
    for candidate in sorted(routes, key=lambda each: each.order):
        if not candidate.methods or method.upper() in candidate.methods:
            found = _values(candidate.parts, pieces)
            if found is not None:
                return candidate, found
    return None


def _values(parts: tuple[Part, ...], pieces: list[str]) -> dict[str, str] | None:
    """The parameters' values; an absent optional one is left out; ``None``: does not match."""
    found: dict[str, str] = {}
    for index, part in enumerate(parts):
        if part.catch_all:
            return _caught(part, "/".join(pieces[index:]), found)
        if index >= len(pieces):
            if not part.optional and part.default is None:
                return None
            found |= {part.parameter: part.default} if part.default is not None else {}
        elif not _takes(part, pieces[index], found):
            return None
    return found if len(pieces) <= len(parts) else None


def _caught(part: Part, rest: str, found: dict[str, str]) -> dict[str, str]:
    return {**found, part.parameter: rest} if rest else found


def _takes(part: Part, piece: str, found: dict[str, str]) -> bool:
    """Text is compared without case."""
    if not part.parameter:
        return piece.lower() == part.literal.lower()
    if not piece.lower().startswith(part.literal.lower()) or not piece.lower().endswith(part.suffix.lower()):
        return False
    value = piece[len(part.literal) : len(piece) - len(part.suffix)]
    found[part.parameter] = value
    return bool(value) and all(CONSTRAINTS[name](value, argument) for name, argument in part.constraints)


def _parses(kind: Callable[[str], object]) -> Check:
    def check(value: str, _: str) -> bool:
        try:
            kind(value)
        except (ValueError, InvalidOperation):
            return False
        return True

    return check


def _whole(low: int, high: int) -> Check:
    return lambda value, _: bool(re.fullmatch(r"[+-]?\d+", value)) and low <= int(value) <= high


def _within(value: str, argument: str) -> bool:
    low, high = map(int, argument.split(","))
    return _integer(value) and low <= int(value) <= high


def _length(value: str, argument: str) -> bool:
    low, _, high = argument.partition(",")
    return int(low) <= len(value) <= int(high or low)


def _integer(value: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+", value))


CONSTRAINTS: Mapping[str, Check] = {
    "int": _whole(-(2**31), 2**31 - 1),
    "long": _whole(-(2**63), 2**63 - 1),
    "bool": lambda value, _: value.lower() in ("true", "false"),
    "alpha": lambda value, _: bool(re.fullmatch(r"[A-Za-z]+", value)),
    "guid": _parses(uuid.UUID),
    "datetime": _parses(datetime.fromisoformat),
    "decimal": _parses(Decimal),
    "double": _parses(float),
    "float": _parses(float),
    "length": _length,
    "minlength": lambda value, argument: len(value) >= int(argument),
    "maxlength": lambda value, argument: len(value) <= int(argument),
    "min": lambda value, argument: _integer(value) and int(value) >= int(argument),
    "max": lambda value, argument: _integer(value) and int(value) <= int(argument),
    "range": _within,
    "regex": lambda value, argument: bool(re.search(argument, value, re.IGNORECASE)),
    "required": lambda value, _: bool(value),
}
