"""A second value that is not written has an issue: which fields that concerns is what ``samples/among`` shows of them."""

import pytest

from shared.hl7 import parse
from shared.mapping import convert
from shared.mapping.second_values import READ_ONCE
from shared.validation.standard import Standard
from tests.shared.mapping.places import PLACES
from tests.shared.mapping.test_among_others import AS_USUAL, SAMPLES

LATEST = Standard("2.5.1")
VXU = "MSH|^~\\&|A|B|C|D|20260101||VXU^V04^VXU_V04|1|P|2.5.1\rPID|1||9990000018^^^NHS^NH\rORC|RE||F1\r{}\r"


def may_repeat(segment: str, number: int) -> bool:
    """By version 2.5.1; also a field that only a later version has."""
    fields = LATEST.fields(segment)
    return number > len(fields) or fields[number - 1].repeats


def test_each_field_of_which_only_the_first_value_is_ever_written_is_in_the_table() -> None:
    tried, written = set[tuple[str, str]](), set[tuple[str, str]]()
    for name, place in PLACES.items():
        if name not in AS_USUAL and place.segment != "MSH":
            lines = (SAMPLES / f"{name}.txt").read_text("utf-8").splitlines()
            once = {line.split()[0] for line in lines if line.endswith(" twice: only the first")}
            here = {(place.segment, number) for number in place.whole() if may_repeat(place.segment, int(number))}
            tried |= here
            written |= {each for each in here if "-".join(each) not in once}
    assert {(segment, field) for segment, fields in READ_ONCE.items() for field in fields} == tried - written


@pytest.mark.parametrize(
    ("rxa", "places"),
    [
        ("RXA|0|1|20260101||1^x^CVX|999|||||||||LOT1", []),
        ("RXA|0|1|20260101||1^x^CVX|999|||||||||LOT1~LOT1~", []),
        ("RXA|0|1|20260101||1^x^CVX|999|||||||||~LOT2", ["RXA-15[2]"]),
        ("RXA|0|1|20260101||1^x^CVX|999|||||||||LOT1~LOT2|20270101~20280101", ["RXA-15[2]", "RXA-16[2]"]),
        ("RXA|0|1|20260101||1^x^CVX|999|||||||||LOT1~LOT1~LOT3", ["RXA-15[3]"]),
        ("RXA|0|1|20260101||1^x^CVX|999|||P1^A~P2^B|||||LOT1", []),  # all performers are written
        ("RXA|0|1|20260101||1^x^CVX|999\rRXA|0|1|20260101||1^x^CVX|999|||||||||LOT1~LOT2", ["RXA[2]-15[2]"]),
    ],
)
def test_a_further_value_that_differs_from_the_first_is_named(rxa: str, places: list[str]) -> None:
    issues = [issue for issue in convert(parse(VXU.format(rxa).encode())).issues if issue.rule == "second-value"]
    assert [issue.where for issue in issues if issue.text.endswith("only the first is written")] == places
    assert not [issue for issue in issues if "LOT" in issue.text]
