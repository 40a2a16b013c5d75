"""Which elements reach nothing: the quick search finds what the slow one finds, in few conversions."""

from pathlib import Path

import pytest

import toolkit.analyse.reach
from shared.fate import probes
from shared.fhir import to_json
from shared.hl7 import Message, parse
from shared.hl7.leaves import hl7_leaves
from shared.hl7.watched import Watch
from shared.mapping import to_bundle
from shared.mapping.texts import NULL
from toolkit.analyse.reach import PROBES, Known, unreached

ROOT = Path(__file__).resolve().parents[3]
MAPPING = ROOT / "tests" / "shared" / "mapping" / "samples"
BIGGEST = MAPPING / "oru_r01_results.in.hl7"
QUICK = ("adt_a34_merge_v23", "oru_r01_v23", "siu_s15_cancellation", "adt_a02_transfer", "omg_o19_order")
SAMPLES = sorted({*MAPPING.glob("*.in.hl7"), *ROOT.glob("integrations/*_to_cdr/samples/*.in.hl7")})
# Conversions of one message: with nothing known, and in a stream of messages, where plain conversion is one.
COLD, WARM = 150, 9


def one_by_one(message: Message) -> list[str]:
    """The definition: an element reaches nothing when no probe in its place changes the bundle."""
    whole = to_json(to_bundle(message))
    return [
        leaf.path
        for leaf in hl7_leaves(message)
        if leaf.text != NULL
        and all(to_json(to_bundle(leaf.changed(text))) == whole for text in (next(probes(leaf.text, ())), *PROBES))
    ]


@pytest.mark.parametrize(
    "sample",
    [pytest.param(each, marks=() if each.name.split(".")[0] in QUICK else pytest.mark.slow) for each in SAMPLES],
    ids=lambda path: path.name.removesuffix(".in.hl7"),
)
def test_the_quick_search_finds_what_the_slow_one_finds(sample: Path) -> None:
    body = sample.read_bytes()
    known: Known = set()
    expected = one_by_one(parse(body))
    assert unreached(parse(body), known) == expected
    assert unreached(parse(body), known) == expected, "the same with what is remembered"


def test_few_conversions_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Message] = []
    monkeypatch.setattr(toolkit.analyse.reach, "to_bundle", lambda message: made.append(message) or to_bundle(message))
    known: Known = set()
    unreached(parse(BIGGEST.read_bytes()), known)
    assert len(made) <= COLD
    made.clear()
    unreached(parse(BIGGEST.read_bytes()), known)
    assert len(made) <= WARM


def test_a_second_occurrence_that_is_lost_is_found() -> None:
    """What is known of the first OBX says nothing about the second one."""
    known: Known = set()
    header = "MSH|^~\\&|A|B|||20240101||ADT^A31|1|P|2.5\r"
    unreached(parse(header + "PID|1||1^^^140^PI||X^Y||||||||^PRN^PH^^44\r"), known)
    assert "PID[2]-22" in unreached(parse(header + "PID|1||1^^^140^PI||X^Y\rPID|1||1^^^140^PI||X^Y" + "|" * 17 + "E\r"), known)


def read_by(path: str) -> set[str]:
    watch = Watch(parse("MSH|^~\\&|A|B\rPID|1||1^^^X~2||F^G\rPID|2||3\r"))
    watch.message[path]
    return {each for each in ("MSH-3", "PID-1", "PID-3", "PID-5", "PID[2]-1", "PID[2]-3") if watch.was_read(each + ".1")}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("PID-3[2].1", {"PID-3"}), ("PID[2]-3", {"PID[2]-3"}), ("MSH-3", {"MSH-3"}), ("PID-30", set())],
)
def test_a_watched_message_records_the_fields_that_are_read(path: str, expected: set[str]) -> None:
    assert read_by(path) == expected


def test_every_way_of_reading_is_recorded() -> None:
    ways = {
        "PID-1": lambda pid: pid["1"],
        "PID-2": lambda pid: pid.raw("2"),
        "PID-3": lambda pid: pid.repeats("3"),
        "PID-4": lambda pid: pid.holds("4"),
        "PID-5": lambda pid: pid.is_null("5.1"),
        "PID-6": lambda pid: pid.fields[6],
        "PID-7": lambda pid: list(pid.each("7")),
        "PID-8": lambda pid: pid.fields.__add__([""])[8],
    }
    for path, way in ways.items():
        watch = Watch(parse("MSH|^~\\&|A|B\rPID|1|2|3|4|5|6|7|8\r"))
        way(watch.message["PID"])
        assert [each for each in ways if watch.was_read(each)] == [path]
    for all_read in (list, lambda fields: fields[1:]):
        watch = Watch(parse("MSH|^~\\&|A|B\rPID|1|2|3|4|5|6|7|8\r"))
        all_read(watch.message["PID"].fields)
        assert all(map(watch.was_read, ways))
