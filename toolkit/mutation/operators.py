"""The slips that are planted: what a developer does by accident in this code base, as a replacement of one piece of text.

Each operator takes a node of the syntax tree and yields what may stand in its place, with the pieces that are changed: of a long
table, the one element that is left out. Docstrings, annotations, literal types, f-strings and ``TYPE_CHECKING`` blocks are
left alone.
"""

import ast
from collections.abc import Callable, Iterator
from copy import copy
from typing import NamedTuple, TypeVar

OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
CLOSED = (ast.Pass, ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Dict, ast.List, ast.Set, ast.Tuple)
LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
SAME_EITHER_WAY = ("min", "max", "uniform", "is_empty", "compare_digest")  # the order of what they are given says nothing
FOR_TYPES = (
    "Literal",
    "tuple",
    "list",
    "dict",
    "set",
    "frozenset",
    "type",
    "Callable",
    "Mapping",
    "Iterable",
    "Iterator",
    "Awaitable",
)


class Mutant(NamedTuple):
    """A slip: the text from ``start`` to ``end`` (character offsets) becomes ``after``.

    Lines are one-based and inclusive. ``first`` to ``last`` hold the text that is replaced, ``lines`` what differs in it.
    """

    operator: str
    first: int
    last: int
    lines: tuple[int, int]
    start: int
    end: int
    before: str
    after: str

    def planted(self, source: str) -> str:
        return source[: self.start] + self.after + source[self.end :]


V = TypeVar("V")
Slip = tuple[ast.expr | ast.stmt, tuple[ast.AST, ...]]  # what stands in the place of the node, and the pieces that are changed


def comparison(node: ast.AST) -> Iterator[Slip]:
    """``<`` becomes ``<=``, ``==`` becomes ``!=``, ``in`` becomes ``not in``, each the other way too."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for place, each in enumerate(node.ops):
            ops = [*node.ops[:place], OPPOSITE[type(each)](), *node.ops[place + 1 :]]
            yield _with(node, ops=ops), (sides[place], sides[place + 1])


def condition(node: ast.AST) -> Iterator[Slip]:
    """One part of ``and`` or ``or`` is left out; ``not`` is."""
    if isinstance(node, ast.BoolOp):
        for place, each in enumerate(node.values):
            rest = node.values[:place] + node.values[place + 1 :]
            yield (_with(node, values=rest) if len(rest) > 1 else rest[0]), (each,)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand, (node,)


def element(node: ast.AST) -> Iterator[Slip]:
    """One element of a tuple, a list, a set or a dictionary is left out."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1 and _is_read(node):
        for place, each in enumerate(node.elts):
            yield _with(node, elts=node.elts[:place] + node.elts[place + 1 :]), (each,)
    if isinstance(node, ast.Dict):
        for place, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            left = _with(node, keys=_without(node.keys, place), values=_without(node.values, place))
            yield left, (key or value, value)


def swapped(node: ast.AST) -> Iterator[Slip]:
    """Two arguments that stand side by side change places; so do the two sides of ``if``-``else`` in an expression."""
    if isinstance(node, ast.Call) and not _is_same_either_way(node):
        for place, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
            if not isinstance(one, ast.Starred) and not isinstance(other, ast.Starred):
                yield _with(node, args=[*node.args[:place], other, one, *node.args[place + 2 :]]), (one, other)
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body), (node,)


def constant(node: ast.AST) -> Iterator[Slip]:
    """A number is one more, a text is empty (an empty one is not), a truth is the other."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value), (node,)
        elif isinstance(value, int | float):
            yield ast.Constant(value + 1), (node,)
        elif isinstance(value, str | bytes):
            yield ast.Constant(type(value)() if value else ("x" if isinstance(value, str) else b"x")), (node,)


def step(node: ast.AST) -> Iterator[Slip]:
    """A step that is awaited or called for what it does is left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await | ast.Call):
        yield ast.Pass(), (node,)


def guard(node: ast.AST) -> Iterator[Slip]:
    """The test of an ``if`` that leaves early never holds."""
    if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], LEAVES):
        yield ast.Constant(False), (node.test,)


Operator = Callable[[ast.AST], Iterator[Slip]]
OPERATORS: tuple[Operator, ...] = (comparison, condition, element, swapped, constant, step, guard)


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    offsets = _offsets(source)
    found = []
    for node in _nodes(ast.parse(source)):
        for operator in OPERATORS:
            place = node.test if operator is guard and isinstance(node, ast.If) else node
            others = (each for each in operator(node) if ast.dump(each[0]) != ast.dump(place))
            found += [_mutant(operator.__name__, place, each, source, offsets) for each in others]
    return sorted({(each.start, each.end, each.after): each for each in found}.values(), key=lambda each: each.start)


def _mutant(operator: str, node: ast.AST, slip: Slip, source: str, offsets: list[list[int]]) -> Mutant:
    other, pieces = slip
    lines = min(each.lineno for each in pieces), max(each.end_lineno or 0 for each in pieces)  # type: ignore[attr-defined]
    first, last = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
    start = offsets[first - 1][node.col_offset]  # type: ignore[attr-defined]
    end = offsets[last - 1][node.end_col_offset]  # type: ignore[attr-defined]
    return Mutant(operator, first, last, lines, start, end, source[start:end], _text(other))


def _text(node: ast.AST) -> str:
    """In parentheses where what stands around it could take it apart."""
    text = ast.unparse(node)
    return text if isinstance(node, CLOSED) else f"({text})"


def _offsets(source: str) -> list[list[int]]:
    """For each line, the character offset of each of its UTF-8 bytes: syntax trees count in bytes."""
    found, start = [], 0
    for line in source.splitlines(keepends=True):
        places = [start + place for place, character in enumerate(line) for _ in character.encode()]
        found.append([*places, start + len(line)])
        start += len(line)
    return found


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes in which a slip may be planted."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST) and not _is_left_alone(each):
                yield each
                yield from _nodes(each)


def _is_left_alone(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    is_list_of_names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"  # the type checker notices
    is_type = isinstance(node, ast.Subscript) and ast.unparse(node.value) in FOR_TYPES  # read by the type checker alone
    return (
        is_text
        or is_for_types
        or is_list_of_names
        or is_type
        or isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.arguments)
    )


def _is_same_either_way(node: ast.Call) -> bool:
    name = ast.unparse(node.func).rpartition(".")[2]
    return name in SAME_EITHER_WAY and not node.keywords


def _is_read(node: ast.Tuple | ast.List | ast.Set) -> bool:
    return isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load)


def _with(node: ast.expr, **fields: object) -> ast.expr:
    made = copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _without(values: list[V], place: int) -> list[V]:
    return values[:place] + values[place + 1 :]
