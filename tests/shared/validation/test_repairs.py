"""What is meant is read: a repair never changes what a clean message means, and its finding names its place."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import CATALOGUE, load
from shared.hl7 import Message, Segment, parse
from shared.validation.datatypes import is_allowed
from shared.validation.fields import plan_of
from shared.validation.repairs import Change, _replace, date_time, nhs_number, repair
from shared.validation.standard import VERSIONS
from toolkit.samples import samples

HEAD = "MSH|^~\\&|252|PHW|100|100|20260501||ADT^A31^ADT_A05|C1|P|2.5"
TIMES = st.datetimes(datetime(1850, 1, 1), datetime(2099, 12, 31))
CLEAN = st.builds(lambda at, form: at.strftime(form), TIMES, st.sampled_from(["%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S"]))


def read(*lines: str) -> Message:
    return repair(parse("\r".join((HEAD, *lines)) + "\r"))


@given(CLEAN)
def test_a_date_in_the_form_of_the_standard_stays_as_it_is(text: str) -> None:
    assert date_time(text) == text


@given(TIMES, st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "  %Y%m%d%H%M%S "]))
def test_every_other_form_is_the_same_time(at: datetime, form: str) -> None:
    assert date_time(at.strftime(form)) == at.strftime("%Y%m%d%H%M%S")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-01-15", "20260115"),
        ("2026-01-15T09:30", "202601150930"),
        ("2026-01-15T09:30:00Z", "20260115093000+0000"),
        ("2026-01-15 09:30:00.123456+01:00", "20260115093000.1234+0100"),
        ("2026-01-15T09:30:00 -0500", "20260115093000-0500"),
        ("2026-02-30", ""),
        ("2026-01-15 25:00:00", ""),
        ("15/01/2026", ""),
        ("01-02-2026", ""),
        ("2026-1-5", ""),
        ("26-01-15", ""),
        ("", ""),
        ("since spring", ""),
    ],
)
def test_the_forms_of_a_date(text: str, meant: str) -> None:
    assert date_time(text) == meant


@given(st.integers(0, 999999), st.sampled_from([" ", "-"]))
def test_an_nhs_number_in_groups_is_the_same_number_and_nothing_else_changes(n: int, between: str) -> None:
    digits = f"9990{n:06d}"
    grouped = between.join((digits[:3], digits[3:6], digits[6:]))
    assert nhs_number(grouped) == (digits if nhs_number(digits) == digits and nhs_number(grouped) != grouped else grouped)
    assert nhs_number(digits) == digits


ODD = [
    ("EVN||20260218140015 ", "EVN||20260218140015", "padding", "EVN-2"),
    ("EVN|a31|20260218140015", "EVN|A31|20260218140015", "code-case", "EVN-1"),
    ("EVN|A31|2026-02-18 14:00:15", "EVN|A31|20260218140015", "date-form", "EVN-2"),
    ("PID|||1||J||1980-01-01", "PID|||1||J||19800101", "date-form", "PID-7"),
    ("PID|||1||J||19800101 |F", "PID|||1||J||19800101|F", "padding", "PID-7"),
    ("PID|||1||J|||f", "PID|||1||J|||F", "code-case", "PID-8"),
    ("PID|||1||J||| F ", "PID|||1||J|||F", "padding", "PID-8"),
    ("PID|||999 000 0018^^^NHS^NH||J", "PID|||9990000018^^^NHS^NH||J", "nhs-number-form", "PID-3.1"),
    ("PID|||1^^^A^PI~999-000-0018^^^NHS^NH||J", "PID|||1^^^A^PI~9990000018^^^NHS^NH||J", "nhs-number-form", "PID-3[2].1"),
    ("PID|||1||J||||||||X^PRN^PH~", "PID|||1||J||||||||X^PRN^PH", "trailing-delimiter", "PID-13[2]"),
    ("PID|||1||J||||||||X^PRN^PH~~|Y", "PID|||1||J||||||||X^PRN^PH|Y", "trailing-delimiter", "PID-13[3]"),
    ("PID|||1||J||||||||X^prn^PH", "PID|||1||J||||||||X^PRN^PH", "code-case", "PID-13.2"),
    ("PID|||1^^^A^PI^^2020-01-01||J", "PID|||1^^^A^PI^^20200101||J", "date-form", "PID-3.7"),
    ("PID|||1||J||1980-01-01^D", "PID|||1||J||19800101^D", "date-form", "PID-7"),
    ("OBX|1|NM|A|| 1.5 ", "OBX|1|NM|A||1.5", "padding", "OBX-5"),
    ("OBX|1|TS|A||2026-01-15 09:30", "OBX|1|TS|A||202601150930", "date-form", "OBX-5"),
    ("PID||999 000 0018^^^NHS^NH|1||J", "PID||9990000018^^^NHS^NH|1||J", "nhs-number-form", "PID-2.1"),
    ("PID||9990000018 ^^^NHS^NH|1||J", "PID||9990000018^^^NHS^NH|1||J", "padding", "PID-2.1"),
    ("MRG|1^^^A^PI~999-000-0018^^^NHS^NH", "MRG|1^^^A^PI~9990000018^^^NHS^NH", "nhs-number-form", "MRG-1[2].1"),
    ("MRG|999 000 0018^^^NHS^NH", "MRG|9990000018^^^NHS^NH", "nhs-number-form", "MRG-1.1"),
]


@pytest.mark.parametrize(("sent", "meant", "rule", "where"), ODD)
def test_an_odd_form_is_read_recorded_and_kept(sent: str, meant: str, rule: str, where: str) -> None:
    message = read(sent)
    assert message.lines[1] == meant
    assert [(issue.severity, issue.rule, issue.where) for issue in message.repairs] == [("information", rule, where)]
    assert message.as_sent.lines[1] == sent
    assert repair(message) is message, "what is read once needs no second repair"


@pytest.mark.parametrize(("sent", "meant", "rule", "where"), ODD)
def test_a_clean_message_is_the_same_object(sent: str, meant: str, rule: str, where: str) -> None:
    message = parse(f"{HEAD}\r{meant}\r")
    assert repair(message) is message


@pytest.mark.parametrize("delimiters", ["|^~\\&", "$*:!@"])
def test_other_delimiters(delimiters: str) -> None:
    body = f"{HEAD}\rPID|||1^^^A^PI~999 000 0018^^^NHS^NH||J|||f|||||X~\r".translate(str.maketrans("|^~\\&", delimiters))
    message = repair(parse(body))
    assert message["PID-3[2].1"] == "9990000018"
    assert message["PID-8"] == "F"
    assert [issue.rule for issue in message.repairs] == ["nhs-number-form", "code-case", "trailing-delimiter"]


@pytest.mark.parametrize(
    "line",
    [
        "PID|||999 000 0019^^^NHS^NH||J",
        "EVN| | ",
        "PID|||1||J||||||||X^  ^PH",
        "PID|||1||J||19801301",
        "EVN|Sub",
        "PID|||1||J|||unknown",
        "PID|||9 9 9^^^A^PI||J",
        'EVN|""',
    ],
)
def test_what_no_one_can_read_stays_as_it_is(line: str) -> None:
    message = parse(f"{HEAD}\r{line}\r")
    assert repair(message) is message


def test_a_line_that_is_no_segment_is_left_to_the_check() -> None:
    assert repair(parse(f"{HEAD}\r^~\rPID|||1\r")).as_sent.lines[1] == "^~"


def test_a_space_behind_the_header_is_left_out_and_a_name_in_it_is_not() -> None:
    assert repair(parse(f"{HEAD} \r"))["MSH-12"] == "2.5"
    padded = HEAD.replace("|252|", "| 252|")
    assert repair(parse(f"{padded} \r")).raw("MSH-3") == " 252"


def clean_samples() -> Iterator[Message]:
    for name in CATALOGUE:
        for each in samples(load(name)):
            if each.extension == "hl7" and each.body.startswith(b"MSH|^~\\&|"):
                message = repair(parse(each.body))
                if message["MSH-12"] in VERSIONS:
                    yield message


def test_every_typed_value_of_every_sample_reads_the_same_with_spaces_around_it() -> None:
    tried = 0
    for clean in clean_samples():
        plan = plan_of(clean["MSH-12"])
        for segment in clean.segments():
            for check in plan[segment.name] if segment.name != "MSH" else ():
                text = segment.raw(str(check.number))
                leaf = check.leaves[0] if check.leaves else None
                if leaf and leaf.component <= 1 and text.isalnum() and is_allowed(leaf, text, plan.known):
                    assert padded(clean, segment, check.number) == clean.lines, segment.where(str(check.number))
                    tried += 1
    assert tried > 2000


def padded(clean: Message, segment: Segment, number: int) -> list[str]:
    """The lines as they are read when there are spaces around one field."""
    fields, lines = list(segment.fields), list(clean.lines)
    fields[number] = f" {fields[number]} "
    lines[clean.index[segment.name][segment.occurrence - 1]] = "|".join(fields)
    return repair(Message(lines, clean.encoding)).lines


@pytest.mark.parametrize("component", [1, 2, 3])
@pytest.mark.parametrize("padding", ["{} ", " {}", " {} "])
def test_spaces_around_each_part_of_the_message_type_are_taken_away(component: int, padding: str) -> None:
    parts = ["ADT", "A31", "ADT_A05"]
    parts[component - 1] = padding.format(parts[component - 1])
    message = repair(parse(HEAD.replace("ADT^A31^ADT_A05", "^".join(parts)).encode() + b"\r"))
    assert message.raw("MSH-9") == "ADT^A31^ADT_A05"
    assert [(each.rule, each.where) for each in message.repairs if each.rule == "padding"] == [("padding", f"MSH-9.{component}")]


@pytest.mark.parametrize("kind", ["ADT^A31^ADT_A05", "ADT^A31", "ADT", "ADT^^ ", ""])
def test_a_message_type_without_spaces_around_a_part_stays_as_it_is(kind: str) -> None:
    message = repair(parse(HEAD.replace("ADT^A31^ADT_A05", kind).encode() + b"\r"))
    assert message.raw("MSH-9") == kind
    assert not [each for each in message.repairs if each.rule == "padding"]


@pytest.mark.parametrize(
    ("component", "subcomponent", "expected"),
    [(0, 0, "NEW&b^c&d&e"), (1, 0, "NEW&b^c&d&e"), (1, 2, "a&NEW^c&d&e"), (2, 0, "a&b^NEW&d&e"), (2, 3, "a&b^c&d&NEW")],
)
def test_a_change_replaces_its_leaf_and_nothing_else(component: int, subcomponent: int, expected: str) -> None:
    pid = parse(f"{HEAD}\rPID|1||a&b^c&d&e\r".encode())["PID"]
    change = Change(segment=pid, field=3, value="NEW", rule="r", component=component, subcomponent=subcomponent)
    assert _replace(pid.fields[3], change) == expected
