"""Properties: the same fields as the hl7 package reads, faithful bytes, and no input that breaks the reader."""

import hl7
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.hl7 import ParseError, Path, compose, parse, replace
from shared.hl7.compose import field_text
from shared.hl7.leaves import hl7_leaves, paths_where
from shared.hl7.syntax.encoding import Encoding, _unescaper, escape, unescape
from shared.hl7.syntax.path import FieldPath

SIGNS = ["|", "|", "~", "^", "&", "a", "Jones", "20240501", "ŵ", ".", '""', "\\F\\", "\\S\\", "\\T\\", "\\R\\", "\\E\\"]
FIELDS = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)
NAMES = st.sampled_from(["PID", "OBX", "NTE", "ZZZ"])
SEGMENT = st.tuples(NAMES, FIELDS).map("|".join)
MSH = "MSH|^~\\&|A|B|C|D|20240501||ADT^A31^ADT_A05|1|P|2.5"
MESSAGE = st.lists(SEGMENT, max_size=3).map(lambda lines: "\r".join([MSH, *lines]) + "\r")
PLACES = [(f, r, c, s) for f in range(1, 8) for r in range(1, 4) for c in range(1, 5) for s in range(1, 4)]


def peer_text(segment: hl7.Segment, place: tuple[int, int, int, int]) -> str:
    """What the hl7 package reads; it raises where there is nothing that deep."""
    try:
        return str(segment.extract_field(1, *place))
    except (IndexError, KeyError):
        return ""


@settings(max_examples=200)
@given(MESSAGE)
def test_the_same_fields_as_the_hl7_package(text: str) -> None:
    ours, peer = parse(text), hl7.parse(text)
    assert [segment.name for segment in ours.segments()] == [str(segment[0]) for segment in peer]
    for segment, other in zip(ours.segments()[1:], list(peer)[1:], strict=True):
        for place in PLACES:
            assert segment[str(FieldPath(*place))] == peer_text(other, place), place


@settings(max_examples=100)
@given(MESSAGE, st.sampled_from(["\r", "\n", "\r\n"]))
def test_untouched_is_the_same_bytes(text: str, end: str) -> None:
    message = parse(text.replace("\r", end).encode())
    assert message.encode() == text.encode()
    assert compose(message, message.segments()).encode() == text.encode()
    copied = [replace(s, {str(n): s.raw(str(n)) for n in range(3, len(s.fields))}) for s in message.segments()]
    assert compose(message, copied).encode() == text.encode()


@settings(max_examples=300)
@given(MESSAGE, st.sampled_from(['""', "a", "Jones", "2.5", "nowhere"]))
@example(f'{MSH}\rPID|a~""^&""||""~"""|""a\r', '""')
def test_the_paths_of_a_text_are_those_of_the_leaves_that_are_it(text: str, searched: str) -> None:
    """A part without the text is not divided, and no place of another may change for it."""
    message = parse(text)
    found = paths_where(message, searched.__eq__, may_have=lambda part: searched in part)
    assert list(found) == [leaf.path for leaf in hl7_leaves(message) if leaf.text == searched]


@settings(max_examples=300)
@given(st.binary(max_size=60))
@example(b"MSH|^~\\&")
@example(b"MSH|^~\\&|\x00|\xff\xfe")
def test_any_bytes_are_a_message_or_a_parse_error(tail: bytes) -> None:
    for body in (tail, b"MSH" + tail, b"MSH|^~\\&|" + tail, b"\xff\xfe" + tail, b"\xef\xbb\xbfMSH|^~\\&|" + tail):
        try:
            message = parse(body)
        except ParseError:
            continue
        assert isinstance(message["MSH-3"], str)
        assert [segment["1"] for segment in message.segments()]
        message.encode()


DELIMITERS = st.permutations("|^~\\&#*!@$:").map(lambda chosen: Encoding(*chosen[:6], "utf-8"))


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00") | st.sampled_from("\r\n|^~\\&")), DELIMITERS)
@example("a\rb\r\nc\n\r", Encoding(charset="utf-8"))
def test_what_is_escaped_is_read_back(text: str, encoding: Encoding) -> None:
    """No delimiter and no line end is left; CR and LF together are one line break."""
    sent = escape(text, encoding)
    assert unescape(sent, encoding) == text.replace("\r\n", "\n")
    assert not set(sent) & {encoding.field, encoding.component, encoding.repetition, encoding.subcomponent, "\r", "\n"}


PIECES = st.sampled_from(["T", "F", "E", "P", ".br", "H", "X41", "X", "Zab", "a", "\\T\\", "\\ T\\", "\\"])


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=6).map("".join), DELIMITERS)
def test_a_single_sequence_is_resolved_as_the_pattern_resolves_it(text: str, encoding: Encoding) -> None:
    sent = text.replace("\\", encoding.escape)
    _, pattern, resolve = _unescaper(encoding)
    assert unescape(sent, encoding) == pattern.sub(resolve, sent)


NUMBER = st.integers(1, 99)


@given(NUMBER, NUMBER, NUMBER, st.integers(0, 9), st.integers(0, 9))
def test_a_path_is_printed_as_it_is_read(occurrence: int, field: int, repetition: int, component: int, sub: int) -> None:
    path = Path("PID", occurrence, FieldPath(field, repetition, component, sub if component else 0))
    read = Path.parse(str(path))
    assert str(read) == str(path)
    assert read.erl() == path.erl() or (repetition == 1 and not component)


@example(["A&E", ""])
@example(["x10^9", "L"])
@example(["", "a|b"])
@example(["Ann", "Jones"])
@given(st.lists(st.text(alphabet="Aŷ ^&~|\\#\r\n", max_size=4), min_size=1, max_size=5))
def test_components_are_escaped_each_on_its_own(values: list[str]) -> None:
    """Whichever way is the quicker one: no component becomes two, and none ends a field."""
    encoding = Encoding()
    expected = encoding.component.join(escape(each, encoding) for each in values).rstrip(encoding.component)
    assert field_text(tuple(values), encoding) == expected
