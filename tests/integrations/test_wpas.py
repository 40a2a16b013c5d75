"""WPAS to the Master Patient Index: nulls, replaced numbers, encodings, lanes, and the elements of a transaction."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from integrations import load
from shared import check
from shared.destinations.memory import Memory
from shared.envelope import Envelope
from shared.formats.xml import FORMAT
from shared.formats.xml.schema import names
from shared.hl7 import Message, parse
from shared.wpas.names import SCHEMA
from shared.wpas.rules import NUMBERS
from toolkit.samples import RECEIVED_AT, samples

INTEGRATION = load("wpas-to-mpi")
BODIES = {each.name: each.body for each in samples(INTEGRATION)}
FACTS = Path(__file__).resolve().parents[4] / "shared" / "facts" / "wales" / "wpas-xml-map.csv"


def ran(body: bytes) -> check.Ran:
    return check.run(INTEGRATION, Envelope(integration="wpas-to-mpi", body=body, received_at=RECEIVED_AT))


def sent(name: str) -> Message:
    return parse(ran(BODIES[name]).outgoing[0].body)


def with_element(name: str, element: str, text: str) -> bytes:
    """A sample with another text in an element that it has."""
    before, _, rest = BODIES[name].partition(f"<{element}>".encode())
    return before + f"<{element}>{text}".encode() + rest[rest.index(b"</") :]


def test_every_message_of_the_hub_says_where_it_comes_from() -> None:
    message = sent("ipt_transfer")
    assert [message[f"MSH-{n}"] for n in (3, 4, 5, 6, 10, 12)] == ["108", "7A3C7", "200", "200", "10870030", "2.5"]
    assert message["MSH-7"] == message["EVN-2"] == "20260501103000"
    assert message["EVN-6"] == "20260430142000"


@pytest.mark.parametrize(
    ("sample", "death", "indicator"),
    [
        ("mpi_registration", "", "N"),
        ("mpi_few_elements", "", ""),
        ("mpi_nulls_as_wpas_writes_them", "", "N"),
        ("mpa_date_of_death", "20260429", "Y"),
        ("mpa_death_withdrawn", '""', "N"),
    ],
)
def test_only_a_change_deletes_a_date_of_death(sample: str, death: str, indicator: str) -> None:
    message = sent(sample)
    assert (message["PID-29"], message["PID-30"]) == (death, indicator)


@pytest.mark.parametrize("sample", [name for name in BODIES if not name.startswith("rejected") and name != "mpa_death_withdrawn"])
def test_no_other_null_leaves(sample: str) -> None:
    assert '""' not in sent(sample).encode().decode()


@pytest.mark.parametrize("hidden", ["\u200b", "\ufeff", "\u202e", "\u00ad"], ids=ascii)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_with_a_character_that_cannot_be_seen_is_refused(name: str, hidden: str) -> None:
    """In the middle of the number, in every sample that has it."""
    having = [sample for sample, body in BODIES.items() if f"<{name}>".encode() in body and not sample.startswith("rejected")]
    assert having
    for sample in having:
        number = BODIES[sample].partition(f"<{name}>".encode())[2].partition(b"<")[0].decode("utf-8", "replace") or "12"
        found = ran(with_element(sample, name, f"{number[:1]}{hidden}{number[1:]}")).verdict.issues
        assert (name, "error") in [
            (one.where.rpartition("/")[2], one.severity) for one in found if one.rule == "hidden-character"
        ]


def test_nulls_are_counted() -> None:
    found = [issue for issue in ran(BODIES["mpi_nulls_as_wpas_writes_them"]).verdict.issues if issue.rule == "nulls"]
    count = BODIES["mpi_nulls_as_wpas_writes_them"].count(b'>""<')
    assert [issue.text.split()[0] for issue in found] == [str(count)]


@pytest.mark.parametrize("sample", [name for name in BODIES if not name.startswith("rejected")])
def test_no_field_begins_with_an_empty_repetition(sample: str) -> None:
    for segment in sent(sample).segments():
        assert not [field for field in segment.fields[3:] if field.startswith("~") or "~~" in field]


def test_a_new_number_takes_the_place_of_the_old_one() -> None:
    message = sent("mpr_only_new_unit_number")
    assert (message["PID-3[2].1"], message["MRG-1.1"], message["MRG-1.4"]) == ("W100010", "W100002", "108")


@pytest.mark.parametrize("old", ["W100009", '""', ""])
def test_a_record_is_not_merged_with_itself_or_with_nothing(old: str) -> None:
    verdict = ran(with_element("mpr_new_number", "OLD_UNIT_NUMBER", old)).verdict
    assert (verdict.acknowledgement, [i.rule for i in verdict.issues if i.is_error]) == ("AE", ["replaced-number"])


@pytest.mark.parametrize(
    ("sample", "lane", "after"),
    [
        ("mpi_registration", "W100001^108", ""),
        ("mpr_new_number", "W100009^108", "W100001^108"),
        ("ipt_transfer", "W100001^108", ""),
    ],
)
def test_the_lane_is_the_patient_and_a_new_number_waits_for_the_old_one(sample: str, lane: str, after: str) -> None:
    content = FORMAT.parse(BODIES[sample])
    assert INTEGRATION.after
    assert (INTEGRATION.lane(content), INTEGRATION.after(content)) == (lane, after)


def test_a_patient_without_a_number_of_wpas_has_the_nhs_number_for_a_lane() -> None:
    content = FORMAT.parse(with_element("mpi_registration", "UNIT_NUMBER", '""'))
    assert INTEGRATION.patient
    assert INTEGRATION.lane(content) == INTEGRATION.patient(content) == "9990071012"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_gives_the_same_message(codec: str) -> None:
    text = BODIES["mpi_utf_16_comment_before_root"].decode("utf-16")
    made = ran(text.encode(codec)).outgoing
    assert made[0].body == ran(BODIES["mpi_utf_16_comment_before_root"]).outgoing[0].body
    assert "ŴYN" in made[0].body.decode()


@pytest.mark.parametrize(("sex", "code"), [("F", "F"), ("M", "M"), ("U", "A"), ("Z", "U"), ('""', "")])
def test_sex_is_translated_by_meaning(sex: str, code: str) -> None:
    assert parse(ran(with_element("mpi_registration", "SEX", sex)).outgoing[0].body)["PID-8"] == code


@pytest.mark.parametrize(("four", "five", "line"), [("A", "B", "A, B"), ('""', "B", "B"), ("A", "", "A"), ("", "", "")])
def test_the_fifth_line_of_an_address_is_kept(four: str, five: str, line: str) -> None:
    body = with_element("mpi_registration", "ADDRESS_4", four).replace(b"<ADDRESS_5>Cymru", f"<ADDRESS_5>{five}".encode())
    assert parse(ran(body).outgoing[0].body)["PID-11.4"] == line


@pytest.mark.parametrize(("value", "protected"), [("Y", "Y"), ("N", "N"), ("P", "Y"), ("", "")])
def test_a_record_is_protected_when_in_doubt(value: str, protected: str) -> None:
    assert parse(ran(with_element("mpi_registration", "HIGH_SENSITIVE", value)).outgoing[0].body)["PD1-12"] == protected


@pytest.mark.parametrize("kind", ["OPA", "IPI", "EMD", "RFA", "HCI", "CAI", "CAA", "CAD", "WAI", "WAA", "WAD", "mpi", "MPI2"])
def test_any_other_type_of_message_is_refused(kind: str) -> None:
    verdict = ran(with_element("mpi_registration", "MSG_ID", kind)).verdict
    assert (verdict.acknowledgement, [(i.rule, i.condition) for i in verdict.issues]) == ("AR", [("message-type", "200")])


def test_a_test_message_is_marked_and_kept_from_a_closed_destination() -> None:
    marked = FORMAT.mark_test(BODIES["mpi_utf_16_comment_before_root"], "S1")
    envelope = Envelope(integration="wpas-to-mpi", body=marked, received_at=RECEIVED_AT)
    opened, closed = (replace(INTEGRATION, destination=Memory(takes_synthetic=takes)) for takes in (True, False))
    message = parse(check.run(opened, envelope).outgoing[0].body)
    assert (message["MSH-10"], message["MSH-11"]) == ("S1", "T")
    assert [(i.rule, i.where) for i in check.check(closed, envelope).verdict.issues] == [("synthetic", FORMAT.test_mark)]


def test_no_issue_repeats_a_value() -> None:
    for name, body in BODIES.items():
        shown = repr(ran(body).verdict.issues)
        assert not [value for value in ("PRAWF", "9990071012", "NEWER_ELEMENT", "1957") if value in shown], name


@pytest.mark.skipif(not FACTS.is_file(), reason="the list of elements of the schema is not on this machine")
def test_every_element_of_the_schema_is_declared() -> None:
    with FACTS.open(encoding="utf-8", newline="") as file:
        listed = {row["element"] for row in csv.DictReader(file) if row["parent"].startswith("MAINDATA")}
    assert names(SCHEMA) == listed
