"""``./hub shrink``: the reproducer fails by the same rule at the same path, and no original value is left in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integrations import load
from integrations.phw_to_mpi import mapping
from shared.hl7 import Message, parse, replace
from toolkit.migrate.reproduce import public
from toolkit.migrate.reproduce.failures import Failure, failures
from toolkit.migrate.reproduce.reduction import fewest
from toolkit.migrate.reproduce.shrink import Shrunk, Unsafe, shrink, stub
from toolkit.migrate.reproduce.texts import texts

ROOT = Path(__file__).resolve().parents[3]

NAMES = st.text("ABCDEFGHIJKLMNOPRSTUVWYabcdefghijklmnoprstuvwyâêîôûŵŷ'- ", min_size=2, max_size=20).filter(str.strip)
DIGITS = st.text("0123456789", min_size=5, max_size=9)
DAYS = st.dates().map(lambda day: f"19{day.year % 100:02}{day.month:02}{min(day.day, 28):02}")
PEOPLE = st.fixed_dictionaries(
    {
        "family": NAMES,
        "given": NAMES,
        "number": DIGITS,
        "born": DAYS,
        "street": NAMES,
        "city": NAMES,
        "phone": DIGITS,
        "kin": NAMES,
    }
)
FEW = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ADT = (
    "MSH|^~\\&|252|PHW|HUB|HUB|20260501101112||ADT^A31^ADT_A05|ctl{number}x|P|2.5\r"
    "EVN|A31|20260501101112|||{family}^{given}\r"
    "PID|1||{number}^^^252^PI||{family}^{given}||{born}|F|||{street}^^{city}^^CF10 1AA||{phone}||||||||||||||||{death}\r"
    "NK1|1|{kin}^{given}|SPO|{street}^^{city}\r"
    "PV1|1|N\r{rest}"
)


def adt(person: dict[str, str], death: str = "", rest: str = "", **changed: str) -> bytes:
    return ADT.format(**{**person, **changed}, death=death, rest=rest.format(**person)).encode()


def shrunk_safely(name: str, body: bytes, failure: Failure) -> Shrunk:
    """The reproducer, after the proof: it fails in the same way, and of the original only public codes are left."""
    integration = load(name)
    shrunk = shrink(integration, body, failure)
    assert failure in failures(integration, shrunk.body)
    assert len(shrunk.body) <= max(len(body), 2)
    known = public.of_the_code(integration.package)
    assert [text for text in texts(shrunk.body) if text in texts(body) and text not in known] == []
    return shrunk


@FEW
@given(PEOPLE)
def test_a_value_that_breaks_a_rule(person: dict[str, str]) -> None:
    failure = Failure("AE", "birth-date-is-a-day", "PID-7")
    shrunk = shrunk_safely("phw-to-mpi", adt(person, born="19791399"), failure)
    assert b"NK1" not in shrunk.body


@FEW
@given(PEOPLE)
def test_a_structure_that_is_not_taken(person: dict[str, str]) -> None:
    failure = Failure("AE", "z-segment", "ZPI")
    shrunk = shrunk_safely("phw-to-mpi", adt(person, rest="ZPI|{family}|{kin}\r"), failure)
    assert shrunk.name == "rejected_z_segment"


@FEW
@given(PEOPLE)
def test_a_line_of_free_text(person: dict[str, str]) -> None:
    body = adt(person, rest="note of {family} {kin} {number}\r")
    [failure] = [each for each in failures(load("phw-to-mpi"), body) if each.rule == "not-a-segment"]
    shrunk = shrunk_safely("phw-to-mpi", body, failure)
    assert f"{person['family']} {person['kin']}".encode() not in shrunk.body


@FEW
@given(PEOPLE)
def test_a_sender_that_is_not_taken(person: dict[str, str]) -> None:
    shrunk_safely("phw-to-mpi", adt(person).replace(b"|252|", b"|WRONG|"), Failure("AR", "sender", "MSH-3"))


@FEW
@given(PEOPLE)
def test_a_mapping_that_breaks(monkeypatch: pytest.MonkeyPatch, person: dict[str, str]) -> None:
    """A dead letter: the message was accepted, and then the mapping failed."""

    def broken(text: str) -> str:
        return {"": ""}[text]

    monkeypatch.setattr(mapping, "date_of_death", broken)
    body = adt(person, death="20260401")
    [failure] = [each for each in failures(load("phw-to-mpi"), body) if each.kind == "fault"]
    assert failure.rule.startswith("KeyError in test_shrink.py:")
    shrunk = shrunk_safely("phw-to-mpi", body, failure)
    assert b"20260401" not in shrunk.body
    assert "[issue.text or issue.code for issue in ran.faults]" in stub(load("phw-to-mpi"), shrunk)


@FEW
@given(PEOPLE)
def test_an_output_that_does_not_pass_its_check(monkeypatch: pytest.MonkeyPatch, person: dict[str, str]) -> None:
    def without_a_name(message: Message) -> Message:
        lines = [replace(each, {"5": ""}).line if each.name == "PID" else each.line for each in message.segments()]
        return Message(lines, message.encoding)

    integration = load("phw-to-mpi")
    object.__setattr__(integration, "transform", without_a_name)
    try:
        shrunk_safely("phw-to-mpi", adt(person), Failure("output", "patient-name", "PID-5"))
    finally:
        object.__setattr__(integration, "transform", mapping.to_mpi)


@FEW
@given(PEOPLE)
def test_a_document_that_breaks_its_schema(person: dict[str, str]) -> None:
    sample = ROOT / "integrations/vaccinations_to_cdr/samples/rejected_many_faults.in.json"
    document = json.loads(sample.read_bytes())
    document["patient"] |= {"family": person["family"], "given": [person["given"]]}
    document |= {"id": f"V{person['number']}", person["kin"]: person["city"]}
    body = json.dumps(document, ensure_ascii=False).encode()
    shrunk_safely("vaccinations-to-cdr", body, Failure("AE", "schema-enum", "/patient/gender"))


def test_bodies_that_cannot_be_read() -> None:
    assert shrink(load("vaccinations-to-cdr"), b'{"family": "Sampl"', Failure("AR", "not-json", "")).body == b"{"
    body = b"Dear Sian Sampl, your result is 7.2"
    [failure] = failures(load("phw-to-mpi"), body)
    assert len(shrink(load("phw-to-mpi"), body, failure).body) <= 1


def test_the_same_text_gets_the_same_stand_in() -> None:
    """A merge of a record with itself fails only while both numbers are the same."""
    sample = ROOT / "integrations/chemocare_to_mpi/samples/a40_merge.in.hl7"
    message = parse(sample.read_bytes())
    lines = [replace(each, {"1": message["PID-2"]}).line if each.name == "MRG" else each.line for each in message.segments()]
    body = Message(lines, message.encoding).encode()
    shrunk = shrunk_safely("chemocare-to-mpi", body, Failure("AE", "merge-of-one-record", "MRG-1"))
    made = parse(shrunk.body)
    assert made["PID-2"] == made["MRG-1"] != message["PID-2"]


def test_nothing_is_given_out_when_a_value_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mapping breaks at one surname alone."""

    def broken(text: str) -> str:
        return "" if text != "19990305" else {}[text]

    monkeypatch.setattr(mapping, "date_of_death", broken)
    person = dict.fromkeys(("family", "given", "number", "born", "street", "city", "phone", "kin"), "19800101")
    body = adt(person, death="19990305")
    [failure] = [each for each in failures(load("phw-to-mpi"), body) if each.kind == "fault"]
    with pytest.raises(Unsafe, match="the text at PID-29") as error:
        shrink(load("phw-to-mpi"), body, failure)
    assert "19990305" not in str(error.value)


def test_fewest_finds_parts_that_need_each_other() -> None:
    assert fewest(range(500), lambda kept: {7, 8, 499} <= set(kept)) == [7, 8, 499]
    assert fewest([], lambda kept: True) == []


def hub(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "toolkit", "shrink", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_the_command_writes_a_sample_and_a_test_that_reproduces_it(tmp_path: Path) -> None:
    samples = ROOT / "integrations/phw_to_mpi/samples"
    ran = hub("phw-to-mpi", str(samples / "rejected_no_name.in.hl7"), "--to", str(tmp_path), "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["failure"] == {"kind": "AE", "rule": "patient-name", "where": "PID-5"}
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), found["test"]]
    assert subprocess.run(test, cwd=ROOT, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode == 0
    assert hub("phw-to-mpi", str(samples / "a31_null.in.hl7"), "--to", str(tmp_path)).returncode == 2
