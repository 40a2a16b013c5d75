"""One repetition of a field: each component and subcomponent as sent, absent, or null."""

import pytest

from shared.hl7 import parse
from shared.hl7.repetition import Repetition

# 1: one part; 2: three subcomponents; 3: null; 4: a null subcomponent, then a value; 5: a value, then a null one; 6: an escape.
SENT = 'a^b&c&d^""^""&e^f&""^x\\T\\y'
ENCODING = parse(b"MSH|^~\\&|A|||||||||||||||UNICODE UTF-8\r").encoding

RAW = {
    "1": "a",
    "1.1": "a",
    "1.2": "",
    "2": "b&c&d",
    "2.1": "b",
    "2.2": "c",
    "2.3": "d",
    "2.4": "",
    "3": '""',
    "3.1": '""',
    "3.2": "",
    "4": '""&e',
    "4.1": '""',
    "4.2": "e",
    "5": 'f&""',
    "5.2": '""',
    "6": "x\\T\\y",
    "6.1": "x\\T\\y",
    "6.2": "",
    "7": "",
    "7.1": "",
    "7.2": "",
}
NULL = {"3", "3.1", "4", "4.1", "5.2"}  # a component with subcomponents is null when its first one is


def read() -> Repetition:
    return Repetition(SENT, ENCODING)


@pytest.mark.parametrize("path", RAW)
def test_each_part_as_sent(path: str) -> None:
    assert read().raw(path) == RAW[path]


@pytest.mark.parametrize("path", RAW)
def test_each_part_is_null_or_not(path: str) -> None:
    assert read().is_null(path) == (path in NULL)


@pytest.mark.parametrize("path", RAW)
def test_each_part_as_text(path: str) -> None:
    first = RAW[path].split("&")[0]
    assert read()[path] == first.replace("\\T\\", "&")


def test_a_part_is_the_same_whatever_was_read_before() -> None:
    one = read()
    for path in RAW:
        assert (one.raw(path), one[path], one.is_null(path)) == (read().raw(path), read()[path], read().is_null(path))


@pytest.mark.parametrize(
    ("sent", "plain"),
    [("a^b^", ["a", "b", ""]), ("a", ["a"]), ("", [""]), ("a&b^c", []), ("a\\T\\b", []), ('a^""', []), ('a"b', [])],
)
def test_components_without_anything_special_are_split_at_once(sent: str, plain: list[str]) -> None:
    assert Repetition(sent, ENCODING).plain() == plain


@pytest.mark.parametrize(
    ("components", "kept"), [((1,), "a"), ((2,), "^b&c&d"), ((1, 3), 'a^^""'), ((6,), "^^^^^x\\T\\y"), ((7,), ""), ((1, 9), "a")]
)
def test_only_some_components_are_kept_at_their_places(components: tuple[int, ...], kept: str) -> None:
    assert read().only(*components) == kept


@pytest.mark.parametrize(("sent", "count"), [("", 0), ("a", 1), ("a^", 2), ("^^", 3), (SENT, 6)])
def test_the_components_that_were_sent_are_counted(sent: str, count: int) -> None:
    assert Repetition(sent, ENCODING).components == count


def test_a_repetition_is_true_when_something_was_sent() -> None:
    assert [bool(Repetition(sent, ENCODING)) for sent in ("", "^", "a")] == [False, True, True]
