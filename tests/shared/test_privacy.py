"""Ids that a caller chooses: kept in the form of one, else as a keyed hash that a search still finds."""

import asyncio
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import privacy
from shared.envelope import Envelope
from shared.intake.triggers.http import accept_http
from shared.ledger.reporting import search
from shared.privacy import (
    WITHHELD,
    chosen,
    code,
    digest,
    handing_over,
    holds_nhs_number,
    is_identifier,
    keyed,
    place,
    search_hash,
    shown,
    valid_traceparent,
)
from shared.validation.nhs_number import check_digit
from tests import ledger_world as world

NUMBERS = st.integers(0, 999_999).map(lambda n: f"999{n:06d}").filter(check_digit).map(lambda nine: nine + check_digit(nine))
PIECES = st.text(st.sampled_from("ABCxyz019._-"), max_size=8)
KEPT = [
    *("MSG00001", "a", "7", "0b2e8f3a-5d64-4a8e-9d0c-2f1b7c6a9e10", "urn:uuid:0b2e8f3a-5d64-4a8e-9d0c-2f1b7c6a9e10"),
    *("01ARZ3NDEKTSV4RRFFQ69G5FAV", "20260501093000", "20260501093000123", "PIMS_2026.05-17", "9990000019", "x" * 36),
]
HASHED = [
    *("x" * 37, "9990000018 ", "Siân", "a b", "a/b", "a|b", "[/b]X", "\x1b[2J", "\u202eX", "9990000018", "NHS9990000018X"),
    *("999-000-0018", "999.000.0018", "9-9-9-0-0-0-0-0-1-8", "99990000018", "20260501-9990000018", "\ud800", "a\n", "=1+1"),
]


@pytest.mark.parametrize("text", KEPT)
def test_an_id_is_kept(text: str) -> None:
    assert shown("control", text) == text


@pytest.mark.parametrize("text", HASHED)
def test_any_other_text_becomes_a_hash_that_is_found(text: str) -> None:
    kept = shown("control", text)
    assert re.fullmatch("hash-[0-9a-f]{32}", kept)
    assert search_hash("control", text) == search_hash("control", kept) == keyed("control", text)
    assert shown("control", kept) == kept


FORGED = ["hash-" + "9990000018" * 3 + "ab", "hash-" + "deadbeef" * 4, "1-" + "9990000018ab" * 2 + "c" * 8 + ".0"]


@pytest.mark.parametrize("text", FORGED)
def test_a_text_in_the_form_of_a_hash_is_believed_in_our_own_rows_only(text: str) -> None:
    assert shown("control", text) == text
    assert chosen("control", text) == f"hash-{keyed('control', text)}"


@pytest.mark.parametrize("text", FORGED)
@pytest.mark.parametrize("name", ["n", ""], ids=["accepted", "refused"])
async def test_a_sender_cannot_write_a_text_of_its_own_as_a_hash_of_ours(text: str, name: str) -> None:
    events: list[str] = []
    hub = world.hub(world.integration(world.Remembering()), emit=lambda event, **keys: events.append(f"{event} {keys}"))
    await post(hub, world.note(text, sender=text, name=name), x_correlation_id=text)
    kept = [row for row in rows(hub) if " c|0000000001 " not in row]
    assert kept
    assert events
    assert not [row for row in (*kept, *events, repr(hub.store.queues)) if text in row]
    (story,) = await search.find("notes-to-test", "control", chosen("control", text), hub)
    assert (story["control"], story["sender"]) == (chosen("control", text), chosen("sender", text))
    assert story["correlation_id"] == chosen("correlation", text)


@given(PIECES, NUMBERS, PIECES, st.sampled_from(["", ".", "-", "_"]))
def test_no_nhs_number_is_kept_whatever_stands_around_it(before: str, number: str, after: str, between: str) -> None:
    text = f"{before}{number[:3]}{between}{number[3:6]}{between}{number[6:]}{after}"
    assert holds_nhs_number(text)
    assert not is_identifier(text)
    assert number not in re.sub("[._-]", "", shown("control", text))


@given(st.text())
def test_what_is_kept_is_an_id_or_a_hash(text: str) -> None:
    kept = shown("correlation", text)
    assert re.fullmatch(r"|[A-Za-z0-9._-]{1,37}|urn:uuid:[0-9A-Fa-f-]{36}", kept)
    assert shown("correlation", kept) == kept


def test_a_trace_is_kept_and_nothing_else() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert valid_traceparent(trace) == trace
    for text in ("Jones", f"{trace}-Jones", trace.upper(), f"00-{'0' * 22}9990000018-00f067aa0ba902b7-01", f"{trace}\n"):
        assert valid_traceparent(text) == ""


@pytest.mark.parametrize(
    ("part", "is_kept"),
    [
        ("9990000018" + "3" * 6, False),
        ("9990000018" + "3" * 5 + "a", True),  # a hash has digits by chance; a number is written in digits alone
        ("10" * 8, True),
    ],
)
def test_a_part_of_a_trace_in_digits_alone_holds_no_nhs_number(part: str, is_kept: bool) -> None:
    for trace in (f"00-{'a' * 32}-{part}-01", f"00-{part}{part}-{'a' * 16}-01"):
        assert valid_traceparent(trace) == (trace if is_kept else "")


def rows(hub: Any) -> Iterator[str]:
    for table, partitions in hub.store.tables.items():
        for partition, found in partitions.items():
            yield from (f"{table} {partition} {key} {values}" for key, (_, values) in found.items())


async def post(hub: Any, body: bytes, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await accept_http(hub.integrations["notes-to-test"], {"content-type": "application/json", **sent}, body, hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    return answer


WAYS = {
    "accepted": (world.note("7"), {}, 202),
    "refused": (b'{"id": "7"}', {}, 422),
    "rejected": (world.note("7"), {"accept": "text/html"}, 406),
    "unreadable": (b"{", {}, 422),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_callers_correlation_id_is_hashed_and_found(way: str) -> None:
    body, headers, status = WAYS[way]
    events: list[str] = []
    hub = world.hub(world.integration(world.Remembering()), emit=lambda name, **keys: events.append(f"{name} {keys}"))
    theirs = "Zq" + "Jones 9990000018 " * 5 + "end"
    more = {"x_correlation_id": theirs, "tracestate": "zq=Jones", "traceparent": "00-Jones"}
    answer = await post(hub, body, **more, **headers)
    assert answer.status == status
    assert events
    for text in (*events, *rows(hub), repr(hub.store.queues)):
        assert "Jones" not in text
        assert "9990000018" not in text
    for asked in (theirs, shown("correlation", theirs)):
        found = await search.find("notes-to-test", "correlation", asked, hub)
        assert [one["correlation_id"] for one in found] == [shown("correlation", theirs)]


@pytest.mark.parametrize("control", ["Jones 9990000018", "[/b]X", "x" * 200, "999-000-0018"])
async def test_a_control_id_that_is_no_id_is_hashed_and_found(control: str) -> None:
    for body in (world.note(control, sender="Mrs Jones"), world.note(control, sender="Mrs Jones", name="")):
        hub = world.hub(world.integration(world.Remembering()))
        await post(hub, body)
        kept = [text for text in rows(hub) if " c|0000000001 " not in text]
        assert kept
        assert not [text for text in kept if control in text or "Jones" in text]
        for asked in (control, shown("control", control)):
            (story,) = await search.find("notes-to-test", "control", asked, hub)
            assert story["control"] == shown("control", control)
            assert story["sender"] == shown("sender", "Mrs Jones")


def test_an_envelope_holds_no_undecided_text() -> None:
    envelope = Envelope(integration="x", body=b"", received_at="", correlation_id="Mrs Jones", traceparent="Mrs Jones")
    assert (envelope.correlation_id, envelope.traceparent) == (shown("correlation", "Mrs Jones"), "")


@pytest.mark.parametrize(
    ("parts", "is_known"),
    [
        (("queue", "1"), True),
        (("", "1"), True),
        (("file", "a.hl7", "etag"), True),
        (("file", "", "etag"), True),
        (("queue", ""), False),
        (("file", "a.hl7", ""), False),
        (("",), False),
    ],
)
def test_a_delivery_without_an_id_has_no_name(parts: tuple[str, ...], is_known: bool) -> None:
    """With one name for all of them, a second message would count as the first one delivered again."""
    assert bool(re.fullmatch("[0-9a-f]{16}", handing_over(*parts))) is is_known
    assert handing_over(*parts) == "" or is_known


def test_each_delivery_has_a_name_of_its_own() -> None:
    parts = [("queue", "1"), ("queue", "2"), ("file", "1"), ("file", "a", "1"), ("file", "a", "2"), ("file", "b", "1"), ("a1",)]
    assert len({handing_over(*each) for each in parts}) == len(parts)
    first, again = (handing_over("queue", "1") for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    "parts", [("queue", "1"), ("file", "a.hl7", "etag")], ids=lambda parts: " ".join(parts) if isinstance(parts, tuple) else ""
)
def test_the_name_of_a_delivery_is_the_same_in_every_release(parts: tuple[str, ...]) -> None:
    assert handing_over(*parts) == keyed("handed", "\0".join(parts))[:16]


@pytest.mark.parametrize("kept", [code, place], ids=["code", "place"])
@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("", True),
        ("http-503", True),
        ("ack-AR", True),
        ("a", True),
        ("9990000018", False),
        ("PID-9990000018", False),
        ("999-000-0018", False),
        ("Mrs Jones", False),
        ("a\n", False),
        ("é", False),
    ],
)
def test_a_code_or_a_path_that_could_be_someones_is_withheld(kept: Any, text: str, is_kept: bool) -> None:
    assert kept(text) == (text if is_kept else WITHHELD)


@pytest.mark.parametrize(
    ("kept", "longest"), [(lambda text: code(text) == text, 64), (lambda text: place(text) == text, 200), (is_identifier, 36)]
)
def test_the_greatest_length(kept: Any, longest: int) -> None:
    assert kept("x" * longest)
    assert not kept("x" * (longest + 1))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("99900-00018", True),  # two groups
        ("9990000-018", True),
        ("9-9-9-0-0-0-0-0-1-8", True),  # ten
        ("5-9-9-9-0-0-0-0-0-1-8-5", True),
        ("1.999.000.0018", True),
        ("1999.000.0018", True),
        ("999_000_0018", True),
        ("999 000 0018", False),  # such a text is no id anyway
        ("999-000-0019", False),
        ("999000001", False),
        ("19990000018", True),
        ("99900000185", True),
        ("20991231235959", False),  # a time stamp
        ("20260501093000123", False),
        ("202605010930001234", True),  # one digit too many for a time stamp
        ("2099123123595", False),
    ],
)
def test_how_an_nhs_number_is_found(text: str, holds: bool) -> None:
    assert holds_nhs_number(text) is holds


LINES = [b"MSH\rPID", b"MSH\nPID", b"MSH\r\nPID", b"MSH\rPID\r", b"MSH\nPID\n", b"MSH\r\nPID\r\n", b"MSH\rPID\n\r\n\r"]


@pytest.mark.parametrize("body", LINES)
def test_a_body_has_one_digest_whatever_ends_its_lines(body: bytes) -> None:
    assert digest(body) == sha256(b"MSH\nPID").hexdigest()


@pytest.mark.parametrize("body", [b"MSHPID", b"MSH\n\nPID", b"\nMSH\nPID", b"MSH\rPID "])
def test_another_body_has_another_digest(body: bytes) -> None:
    assert digest(body) != sha256(b"MSH\nPID").hexdigest()


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("aaaaaaaa-9990-0000-18aa-aaaaaaaaaaaa", True),  # a UUID: digits in two of its groups are no number of a person
        ("aaaaaaaa-aaaa-aaaa-aaaa-aa9990000018", False),  # ten digits in a row are
        ("aaaaaaaa-9990-0000-18aa", False),  # no UUID
        ("x-9990-0000-18", False),
    ],
)
def test_of_a_uuid_only_digits_in_a_row_can_be_a_number(text: str, is_allowed: bool) -> None:
    assert is_identifier(text) is is_allowed


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_a_body_in_pieces_has_the_digest_of_the_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every body of up to six of these characters: the pieces end at each place of a line end."""
    monkeypatch.setattr(privacy, "PIECE", size)
    for length in range(7):
        for letters in product(b"a\r\n", repeat=length):
            body = bytes(letters)
            whole = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
            assert digest(body) == sha256(whole).hexdigest(), body
