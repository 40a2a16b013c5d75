"""What a hostile or careless sender can put into a body: names that are none, too many parts, characters of MLLP's frame."""

import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import bounds
from shared.hl7 import Message, ParseError, header, parse

HEAD = "MSH|^~\\&|A|B|C|D|20260501||ADT^A31|C1|P|2.5\r"
LINE_END = "\r\n"


def errors(message: Message) -> list[tuple[str, str]]:
    return [(issue.rule, issue.text) for issue in message.repairs if issue.is_error]


@pytest.mark.parametrize(
    "line", ["EVN PID PV1|1", "pid|1", "Z", "Zed is 9|", "P|", "|PID", "PIDX|1", "\u00c9VN|", " PID|1", "PI\u0661|"]
)
def test_a_line_that_is_not_a_segment_is_an_error_with_its_number_and_has_no_name(line: str) -> None:
    message = parse(f"{HEAD}EVN|A31\r{line}\rPV1|1|N\r")
    assert message.names == ["MSH", "EVN", "", "PV1"]
    [(rule, text)] = errors(message)
    assert rule == "not-a-segment"
    assert text.startswith("line 3 is not a segment")
    assert message.lines[2] == line  # nothing is taken out of the message


@given(st.text(st.characters(exclude_characters=LINE_END, exclude_categories=["Cs"]), min_size=1, max_size=12))
@example("MSH")
@example("MSHx")
@example("BTS")
def test_every_line_has_a_name_of_a_segment_or_is_an_error(line: str) -> None:
    if line == "MSH" or line.startswith("MSH|"):  # of a second message
        with pytest.raises(ParseError, match="more than one message"):
            parse(f"{HEAD}{line}\rPV1|1\r")
        return
    message = parse(f"{HEAD}{line}\rPV1|1\r")
    for name, sent in zip(message.names, message.lines, strict=True):
        assert not name or (sent.startswith(name) and len(name) == 3 and name.isascii() and name[0].isupper() and name.isalnum())
    assert ("" in message.names) == any(rule == "not-a-segment" for rule, _ in errors(message))


@pytest.mark.parametrize("character", ["\x0b", "\x1c"])
def test_a_block_character_inside_a_message_is_an_error(character: str) -> None:
    assert [rule for rule, _ in errors(parse(f"{HEAD}PID|1||1||Jones{character}^Ann\rPV1|1\r"))] == ["block-character"]


def test_a_line_feed_inside_the_header_is_an_error() -> None:
    """A receiver would take what follows it for a segment, and the control id behind it for nothing."""
    assert [rule for rule, _ in errors(parse(HEAD.replace("|D|", "|D\n|") + "PID|1||1\r"))] == ["line-feed"]


@pytest.mark.parametrize("before", ["", "\x0b", "\r\n\x0b", " \t"])
@pytest.mark.parametrize("after", ["", "\x1c\r", "\x1c", "\r\x1c\r", "\x1c\r\n", "\x1c\r\r\n", "\r\n\r\n\r\n"])
def test_framing_and_blank_lines_around_a_message_are_taken_off(before: str, after: str) -> None:
    message = parse(f"{before}{HEAD}PID|1||1||Jones \r{after}")
    assert errors(message) == []
    assert message.lines[1:] == ["PID|1||1||Jones "]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (HEAD + "A\r" * (bounds.SEGMENTS + 1), "lines"),
        (HEAD + "\r" * 70_000, "lines"),
        (HEAD + "PID" + "|" * 70_000, "fields"),
        (HEAD + "PID|||" + "~" * 70_000, "repetitions"),
        (HEAD + "OBX|1|NA|||" + "^" * 110_000, "components"),
        (HEAD + "OBX|1|NA|||" + "&" * 110_000, "subcomponents"),
    ],
)
def test_more_parts_than_any_real_message_has_are_refused(body: str, where: str) -> None:
    with pytest.raises(ParseError, match=where) as refused:
        parse(body.encode())
    assert refused.value.rule == "too-much"


def generous() -> dict[str, bytes]:
    obx = "".join(f"OBX|{n}|NM|{n}-0^T^LN||{n}|g/L|1-2|N|||F\rNTE|1||note {n}\r" for n in range(1, 5_001))
    return {
        "a result of 5,000 OBX, each with a note": f"{HEAD}OBR|1\r{obx}".encode(),
        "a document of 50 MB": f"{HEAD}OBX|1|ED|||a^b^c^Base64^".encode() + b"QUJD" * 12_500_000 + b"\r",
        "a report of 10,000 lines": f"{HEAD}OBX|1|TX|||{'~'.join(['a line of the report'] * 10_000)}\r".encode(),
        "a curve of 50,000 values": f"{HEAD}OBX|1|NA|||{'^'.join(['1.25'] * 50_000)}\r".encode(),
    }


@pytest.mark.parametrize("name", generous())
def test_the_bounds_are_far_above_real_messages(name: str) -> None:
    assert errors(parse(generous()[name])) == []


def bomb(line: bytes, times: int) -> Callable[[], bytes]:
    return lambda: HEAD.encode() + line * times


@pytest.mark.parametrize(
    "made", [bomb(b"A\r", 5_000_000), bomb(b"\n", 5_000_000), bomb(b"~", 10_000_000), bomb(b"|", 10_000_000)]
)
def test_a_bound_holds_before_memory_and_time_are_spent(made: Callable[[], bytes]) -> None:
    body = made()
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(ParseError):
        parse(body)
    took, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body)
    assert took < 1


def test_a_body_beyond_a_bound_is_still_answered_by_its_control_id() -> None:
    found = header(HEAD.encode() + b"A\r" * 1_000_000)
    assert found is not None
    assert found["MSH-10"] == "C1"
    assert header(b"no message") is None


@pytest.mark.parametrize("charset", ["UNICODE UTF-16", "UNICODE UTF-32"])
@pytest.mark.parametrize("more", range(4))
def test_utf_8_that_is_declared_as_utf_16_is_read_alike_whatever_its_length(charset: str, more: int) -> None:
    """Nearly any even number of bytes is UTF-16, of other letters: a message with a name in Welsh was refused by its length."""
    sent = f"MSH|^~\\&|A|B|||20260101||ADT^A08|M1|P|2.5.1||||||{charset}\rPID|||1||T\u0175f{'x' * more}\r"
    made = parse(sent.encode())
    assert (made["PID-5"], made.encoding.charset) == (f"T\u0175f{'x' * more}", "utf-8")
    assert "charset" in [issue.rule for issue in made.repairs]
    assert parse(sent.encode("utf-16"))["PID-5"] == made["PID-5"]


@pytest.mark.parametrize("charset", ["UNICODE UTF-16", "UNICODE UTF-32"])
def test_a_message_that_declares_a_wide_character_set_leaves_in_bytes_that_mllp_can_frame(charset: str) -> None:
    declared = HEAD[:-1] + "||||||" + charset + "\rPID|1||1||Jon{}s\r"
    ascii_only = parse(declared.format("e").encode())
    assert [(issue.rule, issue.where) for issue in ascii_only.repairs] == [("charset", "MSH-18")]
    assert ascii_only.encode() == declared.format("e").encode()
    wide = parse(declared.format("\u00ea").encode("utf-16")).encode()
    assert wide.decode("utf-8") == declared.format("\u00ea").replace(charset, "UNICODE UTF-8")
