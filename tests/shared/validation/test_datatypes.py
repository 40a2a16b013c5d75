"""The quick check of a repetition: for each data type, the allowed value of each leaf matches and a wrong one does not."""

import re

import pytest

from shared.validation.datatypes import CODED, Leaf, is_allowed, is_checked, leaves, pattern
from shared.validation.standard import VERSIONS, Standard

KNOWN = Standard(VERSIONS[-1])
SEGMENTS = ("MSH", "EVN", "PID", "PD1", "NK1", "PV1", "PV2", "AL1", "DG1", "PR1", "IN1", "ORC", "OBR", "OBX", "RXA", "TQ1", "SCH")
TYPES = sorted({(field.kind, field.table) for segment in SEGMENTS for field in KNOWN.fields(segment)})
GOOD = {"DT": "20240115", "DTM": "20240115103000+0100", "TM": "1030", "NM": "-1.5", "SI": "12"}
WRONG = "!"


def checked(kind: str, table: str) -> list[Leaf]:
    return [leaf for leaf in leaves(kind, table, KNOWN) if is_checked(leaf, KNOWN)]


def good(leaf: Leaf) -> str:
    return sorted(KNOWN.codes(leaf.table))[0] if leaf.kind in CODED else GOOD[leaf.kind]


def sent(values: dict[Leaf, str], other: str = "") -> str:
    """A repetition with these values at their places, and another one at each place that is not checked."""
    components: list[list[str]] = []
    for leaf, text in values.items():
        component, subcomponent = max(leaf.component, 1), max(leaf.subcomponent, 1)
        components += [[other] for _ in range(component - len(components))]
        one = components[component - 1]
        one += [other] * (subcomponent - len(one))
        one[subcomponent - 1] = text
    return "^".join("&".join(each) for each in components)


def fits(kind: str, table: str, text: str) -> bool:
    return re.compile(pattern(kind, checked(kind, table), KNOWN)).fullmatch(text) is not None


@pytest.mark.parametrize(("kind", "table"), TYPES)
def test_allowed_values_at_each_place_match(kind: str, table: str) -> None:
    values = {leaf: good(leaf) for leaf in checked(kind, table)}
    assert all(is_allowed(leaf, text, KNOWN) for leaf, text in values.items())
    assert fits(kind, table, sent(values))
    assert fits(kind, table, sent(values, other="another"))
    assert fits(kind, table, "")
    if KNOWN.components(kind):
        assert fits(kind, table, sent(values) + "^" * 30 + "more")


@pytest.mark.parametrize(("kind", "table"), TYPES)
def test_one_value_alone_matches_and_so_does_a_null(kind: str, table: str) -> None:
    for leaf in checked(kind, table):
        assert fits(kind, table, sent({leaf: good(leaf)}))
        assert fits(kind, table, sent({leaf: '""'}))


@pytest.mark.parametrize(("kind", "table"), TYPES)
def test_a_wrong_value_at_any_place_does_not_match(kind: str, table: str) -> None:
    every = checked(kind, table)
    for wrong in every:
        assert not is_allowed(wrong, WRONG, KNOWN)
        assert not fits(kind, table, sent({leaf: WRONG if leaf == wrong else good(leaf) for leaf in every}))
        assert not fits(kind, table, sent({wrong: WRONG}))
        assert not fits(kind, table, sent({wrong: WRONG}, other="another"))
