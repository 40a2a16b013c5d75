"""What is remembered between messages: only what its fields say, bounded, and never changed by a message that comes after."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir import to_json
from shared.fhir.resource import Element
from shared.hl7 import Repetition, Segment, parse
from shared.hl7.syntax.encoding import Encoding
from shared.mapping import caching, convert
from shared.mapping.reading import Reading
from shared.mapping.texts import text_at, texts_at

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.in.hl7"))
MESSAGE = parse("MSH|^~\\&|A|B|||20240101||ORU^R01|1|P|2.5\rOBX|1|NM|a|x\rOBX|2|NM|a|y\rOBX|3|NM|" + "a" * 2000)
PATHS = ("1", "2", "3", "1.1", "1.2", "4.2", "7")
PARTS = st.lists(st.sampled_from(["a", "Jones", "^", "^", "&", '""', "\\T\\", "ŵ", " "]), max_size=12).map("".join)


class Counting:
    """A part of a mapping that counts how often it is made, and notes an issue each time."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, read: Reading, segment: Segment) -> Element:
        self.made += 1
        read.note(code="value", where=segment.where("3"), text="odd", rule="odd")
        return {"of": segment["3"], "other": segment["4"], "is": bool(segment)}


def of(counting: Counting) -> caching.Make:
    def make(read: Reading, segment: Segment) -> Element:
        return counting(read, segment)

    return caching.cached_by(3)(make)


def test_made_once_of_its_own_fields_alone_and_told_each_time() -> None:
    counting, read = Counting(), Reading(MESSAGE)
    first, second = (of(counting)(read, MESSAGE.segments("OBX")[n]) for n in (0, 1))
    recall = of(counting)
    found = [recall(read, each) for each in MESSAGE.segments("OBX")[:2]]
    assert found == [first, second] == [{"of": "a", "other": "", "is": True}] * 2
    assert counting.made == 3  # twice by recalls of their own, once by the one that has both
    assert [issue.where for issue in read.issues[2:]] == ["OBX-3", "OBX[2]-3"]


def test_absent_is_not_empty() -> None:
    recall, read = of(Counting()), Reading(MESSAGE)
    assert [recall(read, Segment("OBX", line, Encoding()))["is"] for line in ("", "OBX", "")] == [False, True, False]


def test_neither_many_nor_long_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "MANY", 2)
    counting, read = Counting(), Reading(MESSAGE)
    recall = of(counting)
    for code in ("a", "b", "c", "a"):  # the third clears what was kept
        recall(read, Segment("OBX", f"OBX|||{code}", Encoding()))
    assert counting.made == 4
    for _ in range(2):
        recall(read, MESSAGE.segments("OBX")[2])
    assert counting.made == 6


def test_no_message_changes_what_another_becomes() -> None:
    def converted(samples: list[Path]) -> dict[str, tuple[bytes, object]]:
        made = {sample.name: convert(parse(sample.read_bytes())) for sample in samples}
        return {name: (to_json(each.bundle), each.issues) for name, each in made.items()}

    assert converted(SAMPLES) == converted(SAMPLES[::-1]) == converted(SAMPLES)


@settings(max_examples=300)
@given(PARTS)
def test_several_components_at_once_are_what_each_says(text: str) -> None:
    part = Repetition(text, Encoding())
    assert texts_at(*PATHS)(part) == tuple(text_at(part, path) for path in PATHS)
