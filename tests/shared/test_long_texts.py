"""A JSON body is read without its long texts as it is read with them."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import base64_pieces
from shared.base64_pieces import LONG, STEP, runs
from shared.envelope import Envelope
from shared.fhir.resource import to_json_apart
from shared.formats.json.body import document
from shared.long_texts import LongText, _values, put_in, read, read_apart, read_whole, whole
from shared.problems import Unsupported
from tests.peak import at_most

SHORT = 8
LOADS = (json.loads, orjson.loads)
LEAVES = ("", "A" * 7, "B" * 8, "C" * 40, "cut-0-0", 'say "' + "D" * 20, "E" * 20 + "\\", "é" + "F" * 30, 1, 2.5, None)
KEYS = ("a", "b", "K" * 30, "cut-0-1")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base64_pieces, "LONG", SHORT)
    monkeypatch.setattr(base64_pieces, "STEP", 2)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("loads", LOADS)
def test_any_body_is_read_as_it_is(loads: Callable[[bytes], Any]) -> None:
    @given(st.lists(st.sampled_from(LEAVES), max_size=5), st.sampled_from(KEYS), st.booleans())
    def check(leaves: list[Any], key: str, is_plain: bool) -> None:
        value = [*leaves, {key: leaves, "b": dict(zip(KEYS, leaves, strict=False))}]
        body = json.dumps(value, ensure_ascii=is_plain).encode()
        assert read_whole(body, loads) == loads(body)

    check()


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("text", ["A" * 8, "A" * 9, "A" * 200])
def test_a_long_text_is_cut_out(text: str) -> None:
    made = read(orjson.dumps({"a": [text, {"b": text + "="}], "c": "A" * 7}), orjson.loads)
    (first, second), rest = made["a"], made["c"]
    assert isinstance(first, LongText)
    assert (str(first), str(second["b"]), rest) == (text, text + "=", "A" * 7)
    assert whole(made) == {"a": [text, {"b": text + "="}], "c": "A" * 7}


def test_only_the_data_of_an_attachment_or_binary_stays_where_it_is_in_fhir(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other element is a text: a rule, a mapping or a check may look into it."""
    monkeypatch.setattr(base64_pieces, "LONG", 20)
    monkeypatch.setattr(base64_pieces, "STEP", 2)
    attachment = {"contentType": "A" * 20, "data": "B" * 24, "title": "C" * 20}
    others = {"data": "D" * 24, "sampled": {"data": "E" * 24, "period": 1}, "list": ["F" * 24]}
    body = orjson.dumps({"resourceType": "Binary", "contentType": "G" * 20, "data": "H" * 24, "a": attachment, "b": others})
    sent = Envelope(integration="test", body=body, received_at="", content_type="application/fhir+json")
    made, plain = document(sent, exact=True), document(sent)
    assert made == plain == orjson.loads(body)
    texts = [value for _, _, value in _values([made]) if isinstance(value, LongText)]
    assert sorted(map(str, texts)) == ["B" * 24, "H" * 24]
    assert not [value for _, _, value in _values([plain]) if isinstance(value, LongText)]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("taken", "stays"), [(0, True), (7, True), (8, False), (500, False)])
def test_a_body_full_of_marks_is_read_as_it_is_and_not_searched_for_each_one(taken: int, stays: bool) -> None:
    """A sender could otherwise stop the process for minutes with one message of a few MB."""
    value = {"data": "A" * 8, "text": " ".join(f"cut-{number}-" for number in range(taken))}
    made = read(orjson.dumps(value), orjson.loads)
    assert made == value
    assert isinstance(made["data"], LongText) == stays
    body, texts = to_json_apart({**value, "data": LongText(b"A" * 8, 0, 8)})
    again = read_apart(body, texts, orjson.loads)
    assert again == value == orjson.loads(put_in(body, texts))
    assert isinstance(again["data"], LongText) == stays


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("text", ["A" * 8, "A" * 600_000])
def test_a_text_is_equal_to_the_same_text_wherever_it_is(text: str) -> None:
    (here, other), longer = read(orjson.dumps([text, text]), orjson.loads), read(orjson.dumps([text + "A"]), orjson.loads)[0]
    changed = read(orjson.dumps([text[:-1] + "B"]), orjson.loads)[0]
    assert here == other == text == here
    assert hash(here) == hash(text)
    for unequal in (longer, changed, text + "A", text[:-1] + "B", None, text.encode()):
        assert here != unequal


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("forged", [f"{'cut-0-0'[:at]}\\u{ord('cut-0-0'[at]):04x}{'cut-0-0'[at + 1 :]}" for at in range(7)])
@pytest.mark.parametrize("name", ["a", "A" * 30])
def test_a_text_that_is_written_as_a_mark_with_an_escape_stays(forged: str, name: str) -> None:
    body = f'{{"{name}": "{"A" * 30}", "b": "{forged}"}}'.encode()
    assert read_whole(body, orjson.loads) == orjson.loads(body) == {name: "A" * 30, "b": "cut-0-0"}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("body", [b'"' + b"A" * 30, b"A" * 30, b"", b'{"a": "' + b"A" * 30 + b'"', b'"\\x' + b"A" * 30 + b'"'])
def test_what_is_not_json_has_the_error_of_the_whole_body(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(body)
    with pytest.raises(json.JSONDecodeError) as found:
        read_whole(body, json.loads)
    assert (found.value.lineno, found.value.colno, found.value.msg) == (
        expected.value.lineno,
        expected.value.colno,
        expected.value.msg,
    )


def test_a_long_text_is_not_sent_in_place_of_its_content() -> None:
    with pytest.raises(TypeError):
        orjson.dumps({"data": LongText(b"AAAA", 0, 4)})


@pytest.mark.parametrize("before", [0, 1, STEP - 1, STEP])
@pytest.mark.parametrize("size", [LONG - 1, LONG, LONG + STEP + 1])
def test_where_a_run_is(before: int, size: int) -> None:
    body = b" " * before + b"A" * size + b"|AAAA"
    assert list(runs(body)) == ([(before, before + size)] if size >= LONG else [])


@pytest.mark.parametrize("exact", [True, False])
def test_a_large_body_takes_its_document_and_little_more(exact: bool) -> None:
    body = orjson.dumps({"a": {"data": "A" * 8_000_000}, "b": 1.50})
    envelope = Envelope(integration="a", body=body, received_at="", content_type="application/json")
    with at_most(9_000_000):
        assert len(document(envelope, exact=exact)["a"]["data"]) == 8_000_000


@pytest.mark.parametrize("name", ["a", "A" * LONG])
def test_a_property_that_comes_twice_is_found_next_to_a_long_text(name: str) -> None:
    body = f'{{"data": "{"A" * LONG}", "{name}": 1, "{name}": 2}}'.encode()
    with pytest.raises(Unsupported) as found:
        document(Envelope(integration="a", body=body, received_at="", content_type="application/json"))
    assert found.value.issues[0].rule == "property-twice"
