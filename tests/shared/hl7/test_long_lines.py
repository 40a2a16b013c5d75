"""A message whose long texts are in memory once is the same message: each of its parts, and all that is made of it."""

import base64
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import CATALOGUE, load
from shared import base64_pieces
from shared.check import check, run, transform_apart
from shared.fhir.resource import to_json, to_json_apart
from shared.fhir.xml.write import write as to_xml
from shared.formats.fhir.source import Fhir
from shared.hl7 import Message, ParseError, Segment, compose, message, parse, replace
from shared.hl7.long_lines import Lines, LongSegment
from shared.hl7.syntax.charset import codec
from shared.long_texts import LongText
from shared.mapping.back.bundle import from_bundle
from shared.mapping.guide import convert
from tests.peak import at_most
from toolkit.samples import samples

SHORT, NEVER = 8, 1 << 30
FHIR = tuple(name for name in CATALOGUE if isinstance(load(name).source, Fhir))
DATA = re.compile(rb'"data": *"[^"]*"')
MAPPED = Path(__file__).parents[1] / "mapping" / "samples"
MSH = "MSH|^~\\&|ANA|7A4|CDR||20260501093000||MDM^T02|M1|P|2.5.1"
PARTS = (
    "A" * 8,
    "QUJDREVGR0hJSg==",
    "B" * 30,
    "x",
    "",
    "\\T\\",
    "\\X41",
    "ŵ",
    "+/",
    '""',
    " ",
    "\n",
    "\r",
    "\x01",
    "\x0b",
    "a=b/c+d+",
)
DELIMITERS = ("|", "^", "~", "&", "\r", "\n", "\r\n", "")
PATHS = [f"{field}{more}" for field in (1, 2, 3, 5) for more in ("", "[2]", ".1", ".2", ".2.1", ".2.2", ".5", "[2].2", "[3].5.2")]


def both(monkeypatch: pytest.MonkeyPatch, short: int = SHORT) -> Iterator[None]:
    """First with long texts where they are, then as the message is."""
    for size in (short, NEVER):
        monkeypatch.setattr(base64_pieces, "LONG", size)
        monkeypatch.setattr(base64_pieces, "STEP", 2)
        yield


def of_repetition(segment: Segment, field: int) -> list[object]:
    return [
        (
            (bool(each), each.sent, each.components, each.whole, each.raw(), each.plain(), each.only(1, 3)),
            [(each[path], each.raw(path), each.is_null(path)) for path in ("1", "2", "2.2", "5", "6")],
        )
        for each in segment.repeats(str(field))
    ]


def of_segment(segment: Segment) -> list[object]:
    again = segment.placed(segment.occurrence, segment.encoding)
    return [
        (segment.name, segment.line, segment.fields, bool(segment), segment.where("5"), again.line),
        *((segment[path], segment.raw(path), segment.is_null(path)) for path in PATHS),
        *((segment.holds(str(n)), of_repetition(segment, n), segment.first(str(n)).sent) for n in range(1, 7)),
        *([(where, each.sent) for where, each in segment.each(str(n))] for n in range(1, 7)),
    ]


def of_message(message: Message) -> list[object]:
    kept = message.lines.copy()
    kept[0] = "MSH|^~\\&|"
    return [
        list(message.lines),
        (message.encoding, message.repairs, message.names, message.encode(), message.as_sent is message),
        [of_segment(each) for each in message.segments()],
        [(message[f"OBX[2]-{path}"], message.raw(f"NTE-{path}"), message.is_null(f"OBX-{path}")) for path in PATHS],
        (message.lines[1:], message.lines[-1], len(message.lines), list(kept), message.lines == list(message.lines)),
        (list(message.repaired().lines), message.size),
    ]


def of_body(body: bytes) -> list[object]:
    try:
        message = parse(body)
    except ParseError as error:
        return [str(error), error.rule, error.where]
    segments = message.segments()
    try:
        changed = [compose(message, [segments[0], *(replace(each, {"3": "n"}) for each in segments[1:])])]
        changed += [compose(message, segments, charset="utf-8")]
    except ValueError as error:
        return [*of_message(message), str(error)]
    return [*of_message(message), *map(of_message, changed)]


def test_any_message_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    @given(
        st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(DELIMITERS)), max_size=14),
        st.sampled_from(
            [MSH, MSH.replace("^~\\&", "^/\\&"), MSH.replace("^~\\&", "^~+&"), MSH.replace("|", "="), MSH + "|||||UTF-8"]
        ),
        st.sampled_from(["utf-8", "iso8859-14"]),
    )
    def check(parts: list[tuple[str, str]], header: str, charset: str) -> None:
        text = f"{header}\rOBX|1|ED|" + "".join(itertools.chain.from_iterable(parts)) + f"\rOBX|2|{'C' * 9}^~||{'D' * 9}\rNTE|1"
        made = [of_body(text.encode(charset)) for _ in both(monkeypatch)]
        assert made[0] == made[1]

    check()


@pytest.mark.parametrize(
    "text",
    [
        f"{MSH}|{'A' * 9}\rOBX|1",
        f"{MSH}\r{'A' * 9}|1",
        f"{MSH}\rOBX|1\nPID+{'A' * 9}|1",
        f"{MSH}\rBHS|^~\\&|{'A' * 9}\rOBX|1",
        f"{MSH}\rOBX|{'A' * 9}" + "|" * 1001,
        f"{MSH}\r" + "OBX|AAAAAAAAA\r" * 20_001,
        f"OBX|{'A' * 9}",
        f"{MSH}\rOBX|{'A' * 9}\r\r\n\x1c\r",
        f"\x0b {MSH}\nOBX|{'A' * 9}\nNTE|\x01\x02\x03\x04\x05\x06",
        "A" * 30,
    ],
)
def test_a_message(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [of_body(text.encode() + b" " * 70_000) for _ in both(monkeypatch)]
    assert made[0] == made[1]


@pytest.mark.parametrize("body", [f"{MSH}\rOBX|{'A' * 9}\r".encode("utf-16"), f"{MSH}\rOBX|".encode() + b"A" * 9 + b"\0"])
def test_a_body_with_zero_bytes(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [of_body(body) for _ in both(monkeypatch)]
    assert made[0] == made[1]


def test_the_long_texts_of_this_test_are_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    next(both(monkeypatch))
    message = parse(f"{MSH}\rOBX|1|ED|||^^^Base64^{'A' * 9}~{'B' * 9}\rNTE|1||{'C' * 9}".encode())
    assert isinstance(message.lines, Lines)
    assert [isinstance(each, LongSegment) for each in message.segments()] == [False, True, True]
    document, after = message["OBX"].repeats("5")
    assert [isinstance(each.where_it_is("5"), LongText) for each in (document, after)] == [True, False]
    assert [each.where_it_is("4") for each in (document, after)] == ["Base64", ""]
    assert [message["OBX"].has_long(field) for field in ("4", "5", "6")] == [False, True, False]


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_made_of_each_sample(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every integration, with every text of eight characters kept apart: what leaves, the issues and the answer are the same."""
    integration = load(name)
    for sample in samples(integration):
        made, apart = list[object](), list[tuple[bytes, ...]]()
        for _ in both(monkeypatch):
            ran = run(integration, sample.envelope)
            made.append((ran, check(integration, sample.envelope).verdict))
            if ran.outgoing:
                sent = transform_apart(integration, sample.envelope)
                apart.append(tuple(part.whole().body for part in sent))
                assert apart[-1] == tuple(part.body for part in ran.outgoing), sample.name
        assert made[0] == made[1], sample.name


@pytest.mark.parametrize("name", ["mdm_t02_document", "oru_r01_results"])
def test_what_is_made_of_a_message_is_written_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = (MAPPED / f"{name}.in.hl7").read_bytes()
    made = [from_bundle(convert(parse(sample)).bundle).encode() for _ in both(monkeypatch)]
    assert made[0] == made[1]


@pytest.mark.parametrize("encoding", ["Base64", "HEX", "A"])
@pytest.mark.parametrize("data", ["A" * 12, "A" * 13, "4" * 12, "ABCD" * 4, "A&" + "B" * 12, "B" * 12 + "&A", '""'])
@pytest.mark.parametrize("subtype", ["PDF", "PLAIN"])
def test_a_document_in_any_encoding(encoding: str, data: str, subtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    obx = "".join(f"\rOBX|{n}|ED|1^a||^TEXT^{subtype}^{encoding}^{data}||||||F" for n in (1, 2))
    body = f"{MSH}\rPID|1||9990000018^^^NHS^NH||A\rTXA|1|CN|{subtype}||||||||||D1{obx}".encode()
    made = list[object]()
    for _ in both(monkeypatch):
        found = convert(parse(body))
        made.append((to_json(found.bundle), to_xml(found.bundle), found.issues))
    assert made[0] == made[1]


def test_a_document_is_in_memory_once() -> None:
    data = base64.b64encode(random.Random(1).randbytes(6_000_000)).decode()
    letter = f"PID|1||9990000018^^^NHS^NH||Ll\u0175yd\rTXA|1|CN|PDF||||||||||D1\rOBX|1|ED|1^a||^^PDF^Base64^{data}||||||F"
    body = f"{MSH}\r{letter}\r".encode()
    del letter
    del data
    with at_most(1_500_000):
        message = parse(body)
        bundle = convert(message).bundle
    (document,) = (each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "DocumentReference")
    with at_most(8_500_000):
        assert to_json(document).count(document["content"][0]["attachment"]["data"].view()) == 1
    with at_most(8_500_000):
        assert message["OBX-5.5"][-4:]


def test_a_long_report_is_in_the_bundle_once() -> None:
    """Text becomes base64, of which no text is made: it stays where it was made until it is sent."""
    obx = f"OBX|1|TX|1^a||{'Report of the ward. ' * 300_000}||||||F"
    message = parse(f"{MSH}\rPID|1||9990000018^^^NHS^NH||A\rTXA|1|CN|TEXT||||||||||D1\r{obx}\r".encode())
    assert message["OBX"].fields
    with at_most(25_000_000):
        bundle = convert(message).bundle
    with at_most(1_500_000):
        body, (text,) = to_json_apart(bundle)
    assert base64.b64decode(text.view()) == (b"Report of the ward. " * 300_000).rstrip()
    assert len(body) < 5000


def test_a_document_is_checked_with_no_copy_of_it() -> None:
    """The body is that of a sample, with a document of 6 MB; it is accepted, and what would leave is made and checked."""
    integration = load("documents-to-cdr")
    sample = next(each for each in samples(integration) if each.name == "mdm_pdf")
    begin, end = sample.body.index(b"Base64^") + len(b"Base64^"), sample.body.index(b"|", sample.body.index(b"Base64^"))
    data = b"JVBERi0x" + base64.b64encode(random.Random(1).randbytes(6_000_000))
    large = sample._replace(body=sample.body[:begin] + data + sample.body[end:])
    assert check(integration, sample.envelope).verdict.accepted
    with at_most(2_500_000):
        assert check(integration, large.envelope).verdict.accepted


def test_a_sample_of_each_form_has_a_document() -> None:
    assert FHIR
    assert {bool(DATA.search(sample.body)) for name in FHIR for sample in samples(load(name))} == {False, True}


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name in FHIR for sample in samples(load(name))])
@pytest.mark.parametrize("data", ["JVBERi0x" + "A" * 60, "JVBERi0x" + "A" * 61, "TVNI" * 20])
def test_what_is_made_of_each_sample_in_fhir(name: str, sample: Any, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a property is shorter than the texts that stay where they are."""
    integration = load(name)
    large = sample._replace(body=DATA.sub(f'"data": "{data}"'.encode(), sample.body))
    made = list[object]()
    for _ in both(monkeypatch, 64):
        ran = run(integration, large.envelope)
        sent = transform_apart(integration, large.envelope) if ran.outgoing else ()
        made.append((ran, check(integration, large.envelope).verdict, [part.whole() for part in sent]))
    assert made[0] == made[1]


def test_a_document_in_fhir_is_checked_with_no_copy_of_it_and_written_once() -> None:
    """The body is that of a sample, with a document of 6 MB; it is accepted, and what leaves is made."""
    integration = load("referrals-to-pas")
    sample = next(each for each in samples(integration) if each.name == "urgent_with_letter")
    made = json.loads(sample.body)
    letter = next(each["resource"] for each in made["entry"] if each["resource"]["resourceType"] == "DocumentReference")
    data = "JVBERi0x" + base64.b64encode(random.Random(1).randbytes(6_000_000)).decode()
    letter["content"][0]["attachment"]["data"] = data
    large = sample._replace(body=json.dumps(made).encode())
    assert check(integration, sample.envelope).verdict.accepted
    with at_most(2_500_000):
        assert check(integration, large.envelope).verdict.accepted
    with at_most(10_500_000):
        (sent,) = transform_apart(integration, large.envelope)
    assert sent.body.count(b"^Base64^" + data.encode() + b"|") == 1


@pytest.mark.parametrize("charset", ["", "UNICODE UTF-8", "8859/14", "UNICODE UTF-16"])
@pytest.mark.parametrize("letters", ["a", "\u0175", "\u0175\u20ac"])
@pytest.mark.parametrize("data", ["x" * 1_000_000, "A" * 3_000_000])
def test_a_large_message_is_written_as_a_small_one(
    charset: str, letters: str, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{MSH}||||||{charset}\rOBX|1|ED|||{letters}^{data}^{letters * 300_000}\rNTE|1||{letters}\r"
    read = parse(text.encode("utf-8"))
    plain = Message(list(read.lines), read.encoding._replace(charset=codec(charset)))
    mine = Message(read.lines, plain.encoding)
    found = plain.encode(), mine.encode()
    monkeypatch.setattr(message, "LARGE", NEVER)
    assert found == (plain.encode(), plain.encode())


def test_a_large_message_is_written_without_a_copy_of_its_text() -> None:
    read = parse(f"{MSH}\rOBX|1|FT|||{'Report. ' * 1_000_000}\r".encode())
    with at_most(10_500_000):
        read.encode()
