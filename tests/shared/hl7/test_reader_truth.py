"""What a reader may not take for something else: a second message, a line end inside a text, control codes for letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.hl7 import Message, ParseError, parse

HEADER = "MSH|^~\\&|LAB|7A3|HUB|CDR|20260115103000||ORU^R01|M1|P|2.5.1"
OBX = "OBX|1|TX|1^x^L||first{}second||||||F"


def rules(message: Message) -> list[str]:
    return [issue.rule for issue in message.repairs]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_two_messages_in_one_body_are_refused(end: str) -> None:
    one = end.join([HEADER, "PID|1||1", ""])
    with pytest.raises(ParseError, match="more than one message"):
        parse(one + one)
    with pytest.raises(ParseError, match="more than one message"):
        parse(one.replace("\n", "\r") + one.replace("\r", "\n"))


def test_what_only_resembles_a_header_is_no_second_message() -> None:
    assert parse(f"{HEADER}\rNTE|1||MSH|\rMSHX|1\r").names == ["MSH", "NTE", ""]


def test_a_line_feed_inside_a_field_is_text_where_cr_ends_segments() -> None:
    message = parse(f"{HEADER}\r{OBX.format(chr(10))}\r")
    assert message["OBX-5"] == "first\nsecond"
    assert message["OBX-11"] == "F"
    assert rules(message) == ["charset", "line-feed"] or rules(message) == ["line-feed"]
    assert message.encode() == f"{HEADER}\r{OBX.format(chr(10))}\r".encode()


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_a_line_feed_before_a_segment_ends_one(end: str) -> None:
    """Some systems end the header by CR and the rest by LF."""
    message = parse(f"{HEADER}{end}PID|1||1\n{OBX.format('')}\nNTE|1||a\n")
    assert message.names == ["MSH", "PID", "OBX", "NTE"]
    assert "line-ends" in rules(message)


@given(st.lists(st.sampled_from(["a", "\n", "\n\n", "NTE ", "OBX", " ", "ŵ"]), min_size=1, max_size=8).map("".join))
def test_no_text_with_line_feeds_loses_anything(words: str) -> None:
    message = parse(f"{HEADER}||||||UNICODE UTF-8\r{OBX.replace('first{}second', words + 'z')}\r".encode())
    assert message["OBX-5"] == words + "z"
    assert message["OBX-11"] == "F"


@pytest.mark.parametrize("charset", ["8859/1", "", "ISO IR87"])
def test_windows_1252_quotes_are_read_as_they_were_meant(charset: str) -> None:
    body = f"{HEADER}||||||{charset}\rPID|1||1||O@Brien^A\r".encode().replace(b"@", b"\x92")
    message = parse(body)
    assert message["PID-5"] == "O\u2019Brien"
    assert "charset" in rules(message)
    assert message.encode() == body


def test_an_escape_is_read_in_the_same_way() -> None:
    message = parse(f"{HEADER}||||||8859/1\rPID|1||1||O\\X92\\Brien\r".encode())
    assert message["PID-5"] == "O\u2019Brien"


@pytest.mark.parametrize(("charset", "codec"), [("UNICODE UTF-8", "utf-8"), ("8859/2", "iso8859-2"), ("8859/1", "latin-1")])
def test_a_control_code_that_stays_is_named(charset: str, codec: str) -> None:
    message = parse(f"{HEADER}||||||{charset}\rPID|1||1||O\x81Brien\r".encode(codec))
    assert "control-codes" in rules(message)
