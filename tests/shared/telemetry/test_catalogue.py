"""The catalogue of events is complete, and each place that emits one is named, with its fixed values, by a test that is quick."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.telemetry import events

ROOT = Path(__file__).resolve().parents[3]
QUICK = ("tests/shared", "tests/callers", "tests/integrations")


class Place(NamedTuple):
    """A call that emits: where it is, the name of the event, its keys, and its values that are the same each time."""

    where: str
    name: str
    keys: frozenset[str]
    values: frozenset[str]


def places() -> Iterator[Place]:
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and "emit" in (getattr(node.func, "attr", ""), getattr(node.func, "id", "")):
                name = node.args[0]
                assert isinstance(name, ast.Constant), (
                    f"{path}:{node.lineno}: the name of an event is written where it is emitted"
                )
                fixed = {each.value.value for each in node.keywords if isinstance(each.value, ast.Constant)}
                keys = frozenset(each.arg for each in node.keywords if each.arg)
                values = frozenset(value for value in fixed if isinstance(value, str) and value)
                yield Place(f"{path.relative_to(ROOT)}:{node.lineno}", str(name.value), keys, values)


ROWS = [line for line in (events.__doc__ or "").splitlines() if line.startswith("hub.")]
CATALOGUE = {line.split()[0]: line for line in ROWS}


@pytest.fixture(scope="module")
def found() -> list[Place]:
    return list(places())


def test_each_event_is_in_the_catalogue_and_is_emitted(found: list[Place]) -> None:
    assert len(CATALOGUE) == len(ROWS)
    assert {place.name for place in found} == set(CATALOGUE)


def test_each_place_that_emits_is_named_by_a_quick_test(found: list[Place]) -> None:
    paths = [path for folder in QUICK for path in (ROOT / folder).rglob("test_*.py") if path != Path(__file__)]
    texts = [path.read_text("utf-8") for path in paths]
    wanted = {(place.where, frozenset({place.name, *place.values})) for place in found}
    assert [
        (where, words) for where, words in wanted if not any(all(f'"{word}"' in text for word in words) for text in texts)
    ] == []
