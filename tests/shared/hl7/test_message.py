"""The reader: delimiters, escapes, null against absent, line ends, character sets, round trip."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.hl7 import ParseError, Raw, Segment, compose, parse, replace, segment
from shared.hl7.leaves import segments
from shared.hl7.watched import Watch

A31 = (
    b"MSH|^~\\&|252|PHW|100|MPI|20240501120000||ADT^A31^ADT_A05|C1|P|2.5\r"
    b'PID|1||9990000018^^^NHS^NH~77^^^252&1.2&ISO^PI||Jon\\T\\es^Ann^""|""||F\r'
    b"OBX|1|ST|A||x\\S\\9\rOBX|2|FT|B||one\\.br\\two\r"
)


def test_paths_read_text_and_tell_absent_from_null() -> None:
    message = parse(A31)
    assert message["PID-3[2].4.2"] == "1.2"
    assert message["PID-5"] == "Jon&es"
    assert message["PID"]["3[2]"] == "77"
    assert message["OBX[2]-5"] == "one\ntwo"
    assert message["OBX[2]"]["1"] == "2"  # type: ignore[index]
    assert message["MSH-1"] == "|"
    assert message["MSH-2"] == "^~\\&"
    assert message["PID-6"] == '""'
    assert message.is_null("PID-6")
    assert message.is_null("PID-5.3")
    assert not message.is_null("PID-7")
    assert message["PID-7"] == message["PV1-2"] == message["PID-3[9].1"] == ""
    assert not message["PV1"]
    assert message["PV1"].where("44") == "PV1-44"
    assert [where for where, _ in message["PID"].each("3")] == ["PID-3", "PID-3[2]"]
    assert message.segments("OBX")[1].where("5") == "OBX[2]-5"


@pytest.mark.parametrize("path", ["PID.5", "PID-0", "pid-5", "PID-5.", "PID-5[0]", "PIDX-1", "PID-5.1.1.1", ""])
def test_a_misspelt_path_raises(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        parse(A31)[path]


READS: dict[str, tuple[Callable[[Segment], Any], Any]] = {
    "a value": (lambda pid: pid["3"], "1"),
    "as sent": (lambda pid: pid.raw("3"), "1^^^A"),
    "a null": (lambda pid: pid.is_null("5"), True),
    "no null": (lambda pid: pid.is_null("3"), False),
    "whether it is there": (lambda pid: pid.holds("5"), True),
    "whether it is not": (lambda pid: pid.holds("6"), False),
    "repetitions": (lambda pid: [each["1"] for each in pid.repeats("3")], ["1"]),
    "the first repetition": (lambda pid: pid.first("3")["4"], "A"),
    "each with its place": (lambda pid: [where for where, _ in pid.each("3")], ["PID-3"]),
}


@pytest.mark.parametrize("case", READS)
def test_whatever_is_read_first_of_a_segment_is_found(case: str) -> None:
    """A segment is split when its first field is read."""
    read, expected = READS[case]
    message = parse('MSH|^~\\&|A|B|C|D|20260501||ADT^A31|1|P|2.5\rPID|1||1^^^A||""\r')
    assert read(message["PID"]) == expected


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_any_line_end_is_read_and_cr_is_written(end: bytes) -> None:
    message = parse(A31.replace(b"\r", end))
    assert message.encode() == A31
    assert [repair.rule for repair in message.repairs] == ([] if end == b"\r" else ["line-ends"])


def test_repairs_are_recorded() -> None:
    message = parse(b"\xef\xbb\xbf\r\n\x0b" + A31.replace(b"OBX|2", b"\rOBX|2") + b"\x1c\r")
    assert message.encode() == A31
    assert {repair.rule for repair in message.repairs} >= {"leading-space", "framing", "blank-lines"}
    assert all(repair.severity == "information" for repair in message.repairs)


def test_byte_order_mark() -> None:
    message = parse(b"\xef\xbb\xbf" + A31)
    assert [repair.rule for repair in message.repairs] == ["byte-order-mark"]
    assert parse(A31.decode().encode("utf-16"))["PID-5"] == "Jon&es"


def test_any_delimiters() -> None:
    message = parse(b"MSH$*:!@$A$B\rPID$$$1***NHS*NH:2***X@Y$$Jon!F!es!S!!T!!R!!E!\r")
    assert message["PID-3[2].4.2"] == "Y"
    assert message["PID-5"] == "Jon$es*@:!"
    assert parse(b"MSH|^\rPID|a~b&c^d\r")["PID-1.1"] == "a~b&c"


def test_five_encoding_characters() -> None:
    old, new = (parse(b"MSH|^~\\&#|A|||||||1|P|" + v + b"\rPID|||a\\P\\b\r") for v in (b"2.5", b"2.7"))
    assert old["PID-3"] == new["PID-3"] == "a#b"
    assert old["MSH-3"] == "A"
    assert [repair.rule for repair in old.repairs] == ["encoding-characters"]
    assert new.repairs == ()


@pytest.mark.parametrize(
    "body", [b"", b"PID|1\r", b"MSH", b"MSHAAAA|x", b"MSH|^^^^|a\r", b"MSH|\r", b"FHS|^~\\&|\r", b"junk MSH|^~\\&|"]
)
def test_no_msh_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"\E\F\E\ ".strip(), "\\F\\"),
        (r"\H\F\N\ ".strip(), r"\H\F\N" + "\\"),
        (r"C:\dir\S\x", r"C:\dir^x"),
        (r"\X41C3A9\ ".strip(), "Aé"),
        (r"\X4\ ".strip(), r"\X4" + "\\"),
        (r"\XE9\ ".strip(), "\u00e9"),  # not valid in the character set of the message: latin-1
        (r"\X93\ ".strip(), "\u201c"),  # windows-1252
        (r"\X81\ ".strip(), "\x81"),  # in neither
        (r"\Zab\\T\ ".strip(), r"\Zab" + "\\&"),
        ("\\", "\\"),
    ],
)
def test_escapes(sent: str, meant: str) -> None:
    message = parse(f"MSH|^~\\&|A|||||||||||||||UNICODE UTF-8\rPID|{sent}\r".encode())
    assert message["PID-1"] == meant


WELSH = "MSH|^~\\&|252|||||||C1|P|2.5||||||{}\rPID|||||Siân^Ŵyn\r"


@pytest.mark.parametrize(
    ("declared", "codec", "read_as", "warnings"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8", 0),
        ("8859/14", "iso8859-14", "iso8859-14", 0),
        ("8859/14", "utf-8", "iso8859-14", 1),
        ("", "utf-8", "utf-8", 1),
        ("", "iso8859-14", "iso8859-14", 1),
        ("UNICODE UTF-8", "iso8859-14", "iso8859-14", 1),
        ("ISO IR87", "utf-8", "utf-8", 1),
    ],
)
def test_character_sets(declared: str, codec: str, read_as: str, warnings: int) -> None:
    data = WELSH.format(declared).encode(codec)
    message = parse(data, charset_default="iso8859-14")
    assert message.encoding.charset == read_as
    assert len(message.repairs) == warnings
    assert message.encode() == data
    assert all(issue.where == "MSH-18" and issue.severity == "warning" for issue in message.repairs)
    if codec == read_as:
        assert message["PID-5.2"] == "Ŵyn"


def test_a_character_that_the_set_lacks_makes_it_utf_8_and_says_so() -> None:
    message = parse(WELSH.format("8859/1").replace("Ŵ", "W").encode("latin-1"))
    changed = compose(message, [message["MSH"], replace(message["PID"], {"5": "ŵ"})])
    assert parse(changed.encode())["PID-5"] == "ŵ"
    assert parse(changed.encode())["MSH-18"] == "UNICODE UTF-8"


def test_composing() -> None:
    message = parse(A31)
    pid = message["PID"]
    made = segment("PID", {"3": [pid.repeats("3")[1], ("1", "", "", ("N|S", "x"))], "5": pid.raw("5"), "8": None}, like=message)
    assert made.line == 'PID|||77^^^252&1.2&ISO^PI~1^^^N\\F\\S&x||Jon\\T\\es^Ann^""'
    msh = replace(message["MSH"], {"12": "2.5.1"})
    assert msh.line == message["MSH"].line + ".1"
    assert compose(message, [msh, made]).encode() == f"{msh.line}\r{made.line}\r".encode()
    assert pid.repeats("3")[1].only(1, 4) == "77^^^252&1.2&ISO"
    assert isinstance(pid.raw("5.1"), Raw)
    assert pid.raw("5.1") == "Jon\\T\\es"


def test_groups() -> None:
    message = parse(b"MSH|^~\\&|\rEVN|\rPID|1\rMRG|a\rPID|2\rMRG|b\rPV1|\r")
    assert [[s.where() for s in group] for group in message.groups("PID")] == [["PID", "MRG"], ["PID[2]", "MRG[2]", "PV1"]]


def test_representations_carry_no_values() -> None:
    message = parse(A31)
    shown = repr(message) + repr(message["PID"]) + repr(message["PID"].repeats("3"))
    assert "Jon" not in shown
    assert "999" not in shown


MORE = ["x"]


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (lambda pid: pid["3"], {"PID-3"}),
        (lambda pid: pid["3.2"], {"PID-3"}),
        (lambda pid: pid.raw("5"), {"PID-5"}),
        (lambda pid: pid.fields[2:4], {"PID-0", "PID-1", "PID-2", "PID-3", "PID-4", "PID-5"}),
        (lambda pid: list(pid.fields), {"PID-0", "PID-1", "PID-2", "PID-3", "PID-4", "PID-5"}),
        (lambda pid: (pid.fields + MORE)[6], {"PID-6"}),
        (lambda pid: (pid.fields + MORE)[5], {"PID-5"}),
        (lambda pid: len(pid.fields), set()),
        (lambda pid: pid.name, set()),
    ],
)
def test_a_watched_message_tells_which_fields_were_read(read: Callable[[Segment], object], names: set[str]) -> None:
    watch = Watch(parse(b"MSH|^~\\&|A\rPID|1||2^3||Jones\r"))
    plain = parse(b"MSH|^~\\&|A\rPID|1||2^3||Jones\r")
    assert read(watch.message["PID"]) == read(plain["PID"])
    assert {f"PID-{n}" for n in range(8) if watch.was_read(f"PID-{n}.1")} == names


def test_every_segment_has_its_path() -> None:
    lines = {"MSH": "MSH|^~\\&|A", "PID": "PID|1", "OBX": "OBX|1", "OBX[2]": "OBX|2", "OBX[3]": "OBX|3", "PID[2]": "PID|2"}
    assert segments(parse("\r".join(lines.values()))) == lines
