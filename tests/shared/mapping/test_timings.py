"""TQ and TQ1: for how long, how often and when an order is to be carried out; what no timing holds is a note, and named."""

from itertools import combinations, product

import pytest

from shared.fhir import check
from shared.mapping.datatypes.timing import as_duration
from tests.shared.mapping.converting import PID, converted, only, rules

ORM = "ORM^O01^ORM_O01"
OML = "OML^O21^OML_O21"
UCUM = "http://unitsofmeasure.org"


def order(tq: str = "", *tq1: str) -> dict[str, object]:
    made: dict[str, object] = only(
        converted(PID, f"ORC|NW|P1|||||{tq}", "OBR|1|P1||CRP^Test^L", *tq1, kind=ORM), "ServiceRequest"
    )
    return made


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [("S30", 30, "s"), ("M15", 15, "min"), ("H8", 8, "h"), ("D10", 10, "d"), ("W2", 2, "wk"), ("L6", 6, "mo")],
)
def test_a_duration_is_bounds_in_units_of_ucum(text: str, value: int, code: str) -> None:
    bounds = order(f"^^{text}")["occurrenceTiming"]["repeat"]["boundsDuration"]  # type: ignore[index]
    assert (float(bounds["value"]), bounds["unit"], bounds["system"], bounds["code"]) == (value, code, UCUM, code)


@pytest.mark.parametrize("text", ["", "10D", "D", "D1.5", "D-1", "Q10", "D10 W2", "DAY10", "T20", "INDEF", "10"])
def test_what_is_no_duration_of_the_standard_is_none(text: str) -> None:
    assert as_duration(text) == {}


def test_a_duration_after_a_start_is_its_end() -> None:
    repeat = order("^^H8^20260115093000")["occurrenceTiming"]["repeat"]  # type: ignore[index]
    assert repeat == {"boundsPeriod": {"start": "2026-01-15T09:30:00+00:00", "end": "2026-01-15T17:30:00+00:00"}}


def test_times_of_repetition_are_a_count() -> None:
    assert order("^Q2H^X3")["occurrenceTiming"]["repeat"]["count"] == 3  # type: ignore[index]


@pytest.mark.parametrize("text", ["T20", "INDEF", "ten days", "D10^20260115"])
def test_a_duration_that_no_timing_holds_is_a_note(text: str) -> None:
    found = converted(PID, f"ORC|NW|P1|||||^^{text}", "OBR|1|P1||CRP^Test^L", kind=ORM)
    notes = [each["text"] for each in only(found, "ServiceRequest")["note"]]
    assert f"duration: {text.partition('^')[0]}" in notes
    assert ("duration-not-mapped", "ORC-7.3") in rules(found)


def test_several_times_of_day() -> None:
    timing = order("^BID&0800,2000")["occurrenceTiming"]
    assert timing == {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}, "code": {"text": "BID"}}


def test_times_that_are_none_stay_as_words_and_the_rest_counts() -> None:
    timing = order("^BID&morning^D3")["occurrenceTiming"]
    assert timing["code"] == {"text": "BID morning"}  # type: ignore[index]
    assert "boundsDuration" in timing["repeat"]  # type: ignore[index]


@pytest.mark.parametrize("sent", ["10^D", "10^d&day&UCUM", "D10", "10^DAYS&days&L&d&day&UCUM"])
def test_the_service_duration_of_tq1(sent: str) -> None:
    bounds = order("", f"TQ1|1|||||{sent}")["occurrenceTiming"]["repeat"]["boundsDuration"]  # type: ignore[index]
    assert (float(bounds["value"]), bounds["system"], bounds["code"]) == (10, UCUM, "d")


def test_the_words_of_a_unit_are_kept() -> None:
    bounds = order("", "TQ1|1|||||10^d&day&UCUM&&&&&&full days")["occurrenceTiming"]["repeat"]["boundsDuration"]  # type: ignore[index]
    assert (bounds["unit"], bounds["code"]) == ("full days", "d")


def test_months_are_a_duration_too() -> None:
    bounds = order("", "TQ1|1|||||3^mo")["occurrenceTiming"]["repeat"]["boundsDuration"]  # type: ignore[index]
    assert bounds["code"] == "mo"


def test_the_occurrence_duration_of_tq1() -> None:
    repeat = order("", "TQ1|1||||||||||||1.50^HR")["occurrenceTiming"]["repeat"]  # type: ignore[index]
    assert (repeat["duration"].text, repeat["durationUnit"]) == ("1.50", "h")


@pytest.mark.parametrize("sent", ["3^mo||20260115093000", "ten^d", "3^furlong"])
def test_a_service_duration_that_no_timing_holds_is_named(sent: str) -> None:
    found = converted(PID, "ORC|NW|P1", f"TQ1|1|||||{sent}", "OBR|1|P1||CRP^Test^L", kind=OML)
    assert ("duration-not-mapped", "TQ1-6") in rules(found)
    assert [each["text"] for each in only(found, "ServiceRequest")["note"]] == [
        "duration: " + sent.partition("|")[0].replace("^", " ")
    ]


@pytest.mark.parametrize("times", ["20260115093000", "|20260115093000"], ids=["a start", "an end"])
def test_a_duration_that_no_date_can_hold_is_named(times: str) -> None:
    """With one end of the period known the other one is calculated, where the calendar goes that far."""
    found = converted(PID, "ORC|NW|P1", f"TQ1|1|||||99999999^d|{times}", "OBR|1|P1||CRP^Test^L", kind=OML)
    bounds = only(found, "ServiceRequest")["occurrenceTiming"]["repeat"]["boundsPeriod"]
    assert [*bounds.values()] == ["2026-01-15T09:30:00+00:00"]
    assert ("duration-not-mapped", "TQ1-6") in rules(found)


@pytest.mark.parametrize(("name", "who", "places"), [("AIG", 4, (8, 11, 12)), ("AIL", 3, (6, 9, 10)), ("AIP", 3, (6, 9, 10))])
def test_the_times_of_whoever_takes_part_are_those_of_an_appointment_without_any(
    name: str, who: int, places: tuple[int, int, int]
) -> None:
    sent = dict(zip((1, who, *places), ("1", "X1^Name", "20240501100000", "30", "MIN"), strict=True))
    segment = "|".join([name, *(sent.get(n, "") for n in range(1, 13))])
    made = only(converted("SCH|1|F1", PID, "RGS|1", segment, kind="SIU^S12^SIU_S12"), "Appointment")
    times = {"start": "2024-05-01T10:00:00+01:00", "end": "2024-05-01T10:30:00+01:00"}
    assert {key: made[key] for key in (*times, "minutesDuration")} == {**times, "minutesDuration": 30}
    assert made["participant"][-1]["period"] == times


@pytest.mark.parametrize("number", ["ORC-7", "OBR-27"])
@pytest.mark.parametrize("duration", ["D10", "X3", "D999999999999", "c", ""])
@pytest.mark.parametrize("start", ["20260501", "9999", "d", "20260231", '""', ""])
@pytest.mark.parametrize("end", ["20260503", "d", ""])
def test_no_timing_refuses_an_order(number: str, duration: str, start: str, end: str) -> None:
    """A date that cannot be read has an issue, and a duration next to it is kept as a note."""
    orc, obr = (f"1^^{duration}^{start}^{end}", "") if number == "ORC-7" else ("", f"1^^{duration}^{start}^{end}")
    found = converted(PID, f"ORC|NW|P1|||||{orc}", "OBR|1|P1||CRP^Test^L" + "|" * 23 + obr, kind=ORM)
    assert not [each for each in check(found.bundle) if each.is_error]
    if duration == "D10" and "d" in (start, end):
        assert {"text": "duration: D10"} in only(found, "ServiceRequest")["note"]
        assert {("value-not-mapped", number), ("duration-not-mapped", f"{number}.3")} <= set(rules(found))


PATTERNS = (
    *(
        "",
        "Q6H",
        "AC^^^^^^^AC",
        "C^^^^^^^C",
        "C^^^^^^^C^30^M",
        "AC^^^^^^^AC^30^M",
        "AC^^^^^^^AC^-30^M",
        "AC^^^^^^^AC^0",
        "X^^^^6^H",
    ),
    *("X^^^^-6^H", "X^^^^6", "X^^^^0^H", "DW^DW^1^3", "X^^^^6^XX", "HS^^^^^^^HS^x^M", "X^^^^a^H", "X^^^^1.5^H^^AC"),
)
FIELDS = (
    PATTERNS,
    ("", "0800", "0800~2000", "morning", "2500"),
    ("", "10^d", "-5^d", "x^d", "10^zz", "D-5"),
    ("|", "20260101|", "|20260201", "20260101|20260201", "20260201|20260101", "20260230|"),
    ("", "30^min", "-30^min", "0^min"),
    ("", "3", "0", "x", "-1"),
)


@pytest.mark.parametrize(("one", "other"), [*combinations(range(len(FIELDS)), 2)])
def test_no_two_fields_of_a_timing_make_one_that_fhir_refuses(one: int, other: int) -> None:
    """TQ1-3, 4, 6, 7 and 8, 13, 14: each value of one next to each of another; what no Timing can have is named."""
    for first, second in product(FIELDS[one], FIELDS[other]):
        sent = [values[0] for values in FIELDS]
        sent[one], sent[other] = first, second
        pattern, times, length, period, each, count = sent
        tq1 = f"TQ1|1||{pattern}|{times}||{length}|{period}|||||{each}|{count}"
        found = converted(PID, "ORC|NW|P1", "OBR|1|P1||CRP^Test^L", tq1, kind=ORM)
        if "-6" in pattern or "-5" in length or each.startswith("-"):
            assert rules(found) & {(rule, f"TQ1-{n}") for rule in ("value-not-mapped", "duration-not-mapped") for n in (3, 6, 13)}


@pytest.mark.parametrize("pattern", ["AC^^^^^^^AC", "AC^^^^^^^AC^30^M"])
def test_an_event_next_to_times_of_day_is_a_note(pattern: str) -> None:
    found = converted(PID, "ORC|NW|P1", "OBR|1|P1||CRP^Test^L", f"TQ1|1||{pattern}|0800~2000", kind=ORM)
    made = only(found, "ServiceRequest")
    assert made["occurrenceTiming"] == {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}, "code": {"text": "AC"}}
    assert {"text": "event: AC"} in made["note"]
    assert ("time-event-not-mapped", "TQ1-3.8") in rules(found)
    alone = only(converted(PID, "ORC|NW|P1", "OBR|1|P1||CRP^Test^L", f"TQ1|1||{pattern}", kind=ORM), "ServiceRequest")
    assert alone["occurrenceTiming"]["repeat"]["when"] == ["AC"]
