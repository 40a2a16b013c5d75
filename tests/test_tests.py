"""No test that cannot fail: each asserts something, and none compares a thing with itself."""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

import pytest

HERE = Path(__file__).resolve().parent
RAISES = {"raises", "fail", "warns"}
# They fail by what they call: a parser, a validator, a function that may raise nothing.
BY_RAISING = {"test_the_launcher_parses_on_an_old_python", "test_fhir_resources_takes_every_bundle", "test_any_json"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
# Calls that end after a time, and the place of that time among their arguments.
LIMITED = {"run": 99, "urlopen": 2, "wait": 0, "wait_for": 1, "communicate": 1}
NO_HURRY = 600


@cache
def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(HERE)): ast.parse(path.read_bytes()) for path in sorted(HERE.rglob("*.py"))}


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of a file or function, found once: several tests look at them."""
    return tuple(ast.walk(tree))


@cache
def helpers() -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for tree in trees().values():
        for each in functions(tree):
            found.setdefault(each.name, []).append(each)
    return found


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """A million nodes, which would be looked through for garbage until the end of the run."""
    yield
    for each in (trees, nodes, helpers):
        each.cache_clear()


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in nodes(tree) if isinstance(node, Function))


def can_fail(node: Function, seen: frozenset[str] = frozenset()) -> bool:
    """Whether it, or a function of the tests that it calls, asserts or raises."""
    for each in nodes(node):
        if isinstance(each, ast.Assert | ast.Raise):
            return True
        name = called(each)
        if name in RAISES:
            return True
        if name and name not in seen and any(can_fail(one, seen | {name}) for one in helpers().get(name, ())):
            return True
    return False


def called(node: ast.AST) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""


def idle(tree: ast.Module) -> list[str]:
    return [each.name for each in functions(tree) if each.name.startswith("test_") and not can_fail(each)]


def with_itself(tree: ast.Module) -> list[str]:
    """Comparisons in which two neighbours are the same expression; assertions of what is never false."""
    found = []
    for node in nodes(tree):
        if isinstance(node, ast.Compare):
            sides = pairwise((node.left, *node.comparators))
            alike = (one for one, other in sides if type(one) is type(other) and ast.dump(one) == ast.dump(other))
            found += [ast.unparse(node) for _ in alike][:1]
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant | ast.Tuple | ast.List | ast.JoinedStr):
            found.append(ast.unparse(node))
    return found


def hurries(tree: ast.Module) -> list[str]:
    """Waits for another program or task that end after a written number of seconds: a busy machine needs longer.

    Less than a second is for what must not happen. A limit of the hub itself is under test, and so is not one of these.
    """
    found = []
    for node in nodes(tree):
        limits: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and called(node) in LIMITED:
            limits = [each.value for each in node.keywords if each.arg == "timeout"] + node.args[LIMITED[called(node)] :][:1]
        elif isinstance(node, ast.BinOp) and called(node.left) == "monotonic":
            limits = [node.right]
        found += [ast.unparse(each) for each in limits if isinstance(each, ast.Constant) and 1 <= (each.value or 0) < NO_HURRY]
    return found


def test_a_test_waits_as_long_as_a_busy_machine_needs() -> None:
    assert {path: found for path, tree in trees().items() if (found := hurries(tree))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("subprocess.run(a, timeout=60)", ["60"]),
        ("process.communicate(b, 5)", ["5"]),
        ("await asyncio.wait_for(process.wait(), 5.0)", ["5.0"]),
        ("ends = time.monotonic() + 30", ["30"]),
        ("await asyncio.wait_for(what_never_comes(), 0.3)", []),
        ("process.wait(PATIENCE)", []),
        ("Delivery(timeout=5)", []),
    ],
)
def test_a_wait_that_hurries_is_seen(text: str, found: list[str]) -> None:
    assert hurries(ast.parse(text)) == found


def test_a_test_asserts_something() -> None:
    assert [f"{path} {name}" for path, tree in trees().items() for name in idle(tree) if name not in BY_RAISING] == []


def test_a_test_compares_nothing_with_itself() -> None:
    assert [f"{path} {text}" for path, tree in trees().items() for text in with_itself(tree)] == []


@pytest.mark.parametrize(
    "text",
    [
        "def test_x():\n    nothing_of_ours()",
        "async def test_x():\n    await nothing_of_ours()",
    ],
)
def test_an_idle_test_is_seen(text: str) -> None:
    assert idle(ast.parse(text)) == ["test_x"]


@pytest.mark.parametrize("text", ["assert f(1) == f(1)", "assert f(x) == f(x) == []", "assert (x, 'words')", "assert True"])
def test_an_assertion_that_always_holds_is_seen(text: str) -> None:
    assert len(with_itself(ast.parse(text))) == 1


@pytest.mark.parametrize("text", ["assert f(1) == f(2)", "assert x", "assert f(x) == [] == g(x)"])
def test_an_assertion_that_may_fail_is_let_pass(text: str) -> None:
    assert with_itself(ast.parse(text)) == []


def test_compressed_bytes_do_not_hold_the_time():
    """Bytes of a parameter are its test's id: workers that collect a second apart would have different tests."""
    calls = [(file, each) for file, tree in trees().items() for each in nodes(tree) if is_gzip(each)]
    assert calls
    assert [file for file, each in calls if "mtime" not in {keyword.arg for keyword in each.keywords}] == []


def is_gzip(node: ast.AST) -> TypeGuard[ast.Call]:
    return called(node) == "compress" and ast.unparse(node).startswith("gzip.compress(")
