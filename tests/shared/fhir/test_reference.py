"""Ids of resources: the same for the same message, and never the same for two."""

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.reference import Ids

NAMES = st.tuples(*[st.text("AB|%27C^", max_size=4)] * 3)


@given(NAMES, NAMES)
def test_two_messages_never_share_an_id(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Whatever separators are in MSH-3, MSH-4 and MSH-10."""
    assert (Ids(*one)("PID") == Ids(*other)("PID")) is (one == other)


def test_a_separator_inside_a_name_is_no_separator() -> None:
    assert Ids("A|B", "C", "1")("PID") != Ids("A", "B|C", "1")("PID")
