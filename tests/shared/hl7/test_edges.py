"""Protocol edges of HL7 v2, input and exact output: the declared character set, lines of a batch, the clock, delimiters."""

import calendar
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest

from shared import bounds
from shared.hl7 import Message, ParseError, compose, parse
from shared.hl7.batch import BatchReader, _trailer, lines
from shared.hl7.reader import BLOCK_CHARACTER
from shared.hl7.syntax.charset import declared_name
from shared.hl7.syntax.encoding import NONE, Encoding, escape, unescape
from shared.hl7.syntax.path import Path
from shared.hl7.syntax.timestamp import is_date, is_dtm, is_time, local

UP_TO_17 = b"MSH|^~\\&|A|B|C|D|20240501||ADT^A31|C1|P|2.5|||||"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (UP_TO_17 + b"|8859/14\rPID|1\r", "8859/14"),
        (UP_TO_17 + b"|UNICODE UTF-8", "UNICODE UTF-8"),
        (UP_TO_17 + b"|UNICODE UTF-8~8859/1||", "UNICODE UTF-8"),
        (UP_TO_17 + b"|~8859/1|", ""),
        (UP_TO_17 + b"|8859/1^x|", "8859/1"),
        (UP_TO_17 + b"||8859/1|", ""),  # MSH-19
        (UP_TO_17, ""),  # ends with MSH-17
        (UP_TO_17 + b"|", ""),
        (b"\x0b\r\n " + UP_TO_17 + b"|ASCII\n", "ASCII"),
        (UP_TO_17.replace(b"|", b"$") + b"$8859/2$", "8859/2"),
        (UP_TO_17.replace(b"|", b"$") + b"$8859/2|x$", "8859/2"),
        (UP_TO_17 + b"\r|8859/1", ""),  # the next line is not the header
        (b"MSH", ""),
        (b"", ""),
    ],
)
def test_the_declared_character_set_is_the_first_repetition_of_msh_18(body: bytes, name: str) -> None:
    assert declared_name(body) == name


def test_a_second_repetition_does_not_change_how_a_body_is_read() -> None:
    read = parse(UP_TO_17 + b"|8859/14~UNICODE UTF-8\rPID|||||" + "Ŵyn".encode("iso8859-14") + b"\r")
    assert (read.encoding.charset, read["PID-5"]) == ("iso8859-14", "Ŵyn")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"", []),
        (b"\r\r\n\n", []),
        (b"A\rB\nC\r\nD", [b"A", b"B\nC", b"D"]),  # CR ends the lines: what an LF is, the reader of the message decides
        (b"A\rB\nMSH|C\r\nD", [b"A", b"B", b"MSH|C", b"D"]),
        (b"A\nB\rC\r\nD", [b"A", b"B", b"C", b"D"]),
        (b"A\r\r\rB", [b"A", b"B"]),
        (b"\x0bA\rB\r\x1c\r", [b"A", b"B"]),
        (b"\x0bA\r\x1c", [b"A"]),
        (b"\x0bA\r\x1c\r\n", [b"A"]),
        (b"A\r\x1cB\r", [b"A", b"\x1cB"]),  # no end of a block: the byte stands before a text
        (b"A\rB\x1c\r", [b"A", b"B\x1c"]),
        (b"\xef\xbb\xbf\r\n \tA", [b"A"]),
        (b"A\r B\r", [b"A", b" B"]),  # only what stands before the first line is left out
    ],
)
def test_lines_without_their_ends_framing_and_blanks(sent: bytes, read: list[bytes]) -> None:
    assert list(lines(BytesIO(sent))) == read


DECLARED = {  # what the issue about MSH-18 says, by the name that is sent and the bytes of the name of the patient
    "none, UTF-8": ("", "Siân".encode(), "warning", "declares no character set; it was read as utf-8"),
    "none, latin-1": ("", b"Si\xe2n", "warning", "declares no character set; it was read as latin-1"),
    "blank": (" ", "Siân".encode(), "warning", "declares no character set; it was read as utf-8"),
    "unknown": ("ISO IR87", "Siân".encode(), "warning", "declares an unknown character set; it was read as utf-8"),
    "unknown, only ASCII": ("ISO IR87", b"Ann", "information", "declares an unknown character set"),
    "does not fit": (
        "UNICODE UTF-8",
        b"Si\xe2n",
        "warning",
        "declares a character set that does not fit its bytes; it was read as latin-1",
    ),
    "quotes of Windows": (
        "8859/1",
        b"O\x92Neil",
        "warning",
        "declares a character set that does not fit its bytes; it was read as cp1252",
    ),
    "perhaps UTF-8": (
        "8859/14",
        "Siân".encode(),
        "warning",
        "was read as iso8859-14, which it declares, but its bytes are valid UTF-8",
    ),
    "wide, only ASCII": (
        "UNICODE UTF-16",
        b"Ann",
        "warning",
        "declares UTF-16 or UTF-32, but its bytes are ASCII; it was read as ASCII",
    ),
    "fits": ("8859/1", b"Si\xe2n", "", ""),
    "only ASCII": ("", b"Ann", "", ""),
}


@pytest.mark.parametrize("case", DECLARED)
def test_the_issue_says_how_the_declared_character_set_and_the_bytes_differ(case: str) -> None:
    name, patient, severity, text = DECLARED[case]
    read = parse(UP_TO_17 + b"|" + name.encode() + b"\rPID|||||" + patient + b"\r")
    found = [(issue.severity, issue.text.removeprefix("the message "), issue.where) for issue in read.repairs]
    assert found == ([(severity, text, "MSH-18")] if text else [])


@pytest.mark.parametrize(
    ("default", "charset", "read"),
    [
        ("latin-1", "latin-1", "Siân"),
        ("iso8859-14", "iso8859-14", "Siân"),
        ("cp437", "cp437", "SiΓn"),
        ("ascii", "latin-1", "Siân"),
    ],
)
def test_bytes_that_are_in_no_set_that_was_named_are_read_as_latin_1(default: str, charset: str, read: str) -> None:
    found = parse(UP_TO_17 + b"\rPID|||||Si\xe2n\r", default)
    assert (found["PID-5"], found.encoding.charset) == (read, charset)
    (issue,) = found.repairs
    assert issue.text == f"the message declares no character set; it was read as {charset}"


@pytest.mark.parametrize(
    ("sent", "default", "charset", "read"),
    [
        (b"O\x92Neil", "latin-1", "cp1252", "O\u2019Neil"),
        (b"O\x92Neil", "iso8859-14", "iso8859-14", "O\x92Neil"),
        ("Si\x85n".encode(), "latin-1", "utf-8", "Si\x85n"),
        (b"O\x81\x92Neil", "latin-1", "latin-1", "O\x81\x92Neil"),  # 81 is no character of Windows
    ],
)
def test_control_codes_are_quotes_of_windows_only_where_latin_1_was_the_guess(
    sent: bytes, default: str, charset: str, read: str
) -> None:
    found = parse(UP_TO_17 + b"\rPID|||||" + sent + b"\r", default)
    assert (found["PID-5"], found.encoding.charset) == (read, charset)


@pytest.mark.parametrize(("ends", "is_framing"), [(0, True), (1, True), (7, True), (8, False), (100, False)])
@pytest.mark.parametrize("end", ["\r", "\n", " "])
def test_an_end_of_a_block_and_a_few_line_ends_after_it_are_framing(ends: int, end: str, is_framing: bool) -> None:
    """Further back it is a character in the text: a receiver on MLLP would take it for the end of the message."""
    found = parse(UP_TO_17.decode() + "\rPID|1\r\x1c" + end * ends)
    rules = {issue.rule for issue in found.repairs}
    assert ("framing" in rules, BLOCK_CHARACTER in found.repairs) == (is_framing, not is_framing)


class Trickle(BytesIO):
    """A stream that gives one byte at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(1)


@pytest.mark.parametrize("sent", [b"\x0bA\r\x1c\r", b"\xef\xbb\xbf\r\nA\nB", b"A\rB\rC"])
def test_lines_are_the_same_in_pieces_of_one_byte(sent: bytes) -> None:
    assert list(lines(Trickle(sent))) == list(lines(BytesIO(sent)))


FILE = b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rBTS|1\rFTS|1\r"


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (b"\x0b" + FILE + b"\x1c\r", []),
        (FILE + b"\x1c", []),
        (FILE + b"\x1a", ["batch-segment"]),
        (b"\x0bBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\r\x1c\r", ["batch-trailer"]),
    ],
)
def test_framing_is_no_part_of_a_batch(body: bytes, rules: list[str]) -> None:
    reader = BatchReader(body)
    assert [member.body for member in reader] == [b"MSH|^~\\&|A\rPID|1\r"]
    assert [issue.rule for issue in reader.issues] == rules


@pytest.mark.parametrize(("length", "written"), [(0, 0), (79, 79), (80, 80), (81, 80), (200, 80)])
def test_the_comment_of_a_trailer_has_80_characters_at_most(length: int, written: int) -> None:
    """BTS-2 of HL7 v2.5.1 has 80 characters at most. The issues that were reported before are not in it."""
    issues = [SimpleNamespace(text=text) for text in ("reported before", "x" * length)]
    reader = SimpleNamespace(issues=issues, file_header=None, batch_headers=[])
    assert _trailer("BTS", 3, reader, 1) == b"BTS|3" + (b"|" + b"x" * written if written else b"") + b"\r"  # type: ignore[arg-type]


# Summer time in the United Kingdom, as it was announced year by year: from 01:00 UTC to 01:00 UTC.
ANNOUNCED = {
    2021: ("03-28", "10-31"),
    2022: ("03-27", "10-30"),
    2023: ("03-26", "10-29"),
    2024: ("03-31", "10-27"),
    2025: ("03-30", "10-26"),
    2026: ("03-29", "10-25"),
    2027: ("03-28", "10-31"),
}


def last_sunday(year: int, month: int) -> datetime:
    return datetime(year, month, max(week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month)), 1)


@pytest.mark.parametrize("year", ANNOUNCED)
def test_the_announced_days_are_last_sundays(year: int) -> None:
    """What the next test counts with is right."""
    assert tuple(f"{last_sunday(year, month):%m-%d}" for month in (3, 10)) == ANNOUNCED[year]


@pytest.mark.parametrize("year", range(1996, 2060))
def test_the_clock_changes_at_one_on_the_last_sunday(year: int) -> None:
    """Every year, so that each day of the week ends March and October: just before, at and just after each change."""
    begins, ends, second = last_sunday(year, 3), last_sunday(year, 10), timedelta(seconds=1)
    for at, hours in (
        (datetime(year, 1, 1), 0),
        (begins - second, 0),
        (begins, 1),
        (begins + second, 1),
        (ends - second, 1),
        (ends, 0),
        (ends + second, 0),
        (datetime(year, 12, 31, 23, 59, 59), 0),
    ):
        shown = f"{at + timedelta(hours=hours):%Y%m%d%H%M%S}"
        assert local(f"{at.isoformat()}Z", offset=True) == f"{shown}+0{hours}00"
        assert local(f"{at.isoformat()}.999Z") == shown


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (b"|^~\\&", True),
        (b"$^~\\&", False),
        (b"|*~\\&", False),
        (b"|^*\\&", False),
        (b"|^~*&", False),
        (b"|^~\\*", False),
    ],
)
def test_a_segment_in_other_delimiters_is_never_put_under_a_header_that_does_not_declare_them(other: bytes, fits: bool) -> None:
    """Each of the five alone: what it separates would be read as text, or text as separators."""
    message = parse(b"MSH|^~\\&|A|B|||||||P|2.5\r")
    field = other[:1]
    foreign = parse(b"MSH" + other + field + b"A\rPID" + field + b"1" + field * 2 + b"77\r")
    if fits:
        made = compose(message, [message["MSH"], foreign["PID"]])
        assert made.encode() == b"MSH|^~\\&|A|B|||||||P|2.5\rPID|1||77\r"
    else:
        with pytest.raises(ValueError, match="delimiters"):
            compose(message, [message["MSH"], foreign["PID"]])


PLAIN = Encoding(charset="utf-8")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("|", "\\F\\"),
        ("^", "\\S\\"),
        ("~", "\\R\\"),
        ("\\", "\\E\\"),
        ("&", "\\T\\"),
        ("a\nb", "a\\.br\\b"),
        ("a\rb", "a\\X0D\\b"),
        ("a\r\nb", "a\\.br\\b"),
        ("\r\r\n\n", "\\X0D\\\\.br\\\\.br\\"),
        ("|^~\\&", "\\F\\\\S\\\\R\\\\E\\\\T\\"),
        ("\\F\\", "\\E\\F\\E\\"),
        ("ŵ", "ŵ"),
        ("", ""),
    ],
)
def test_each_character_that_is_escaped(text: str, sent: str) -> None:
    assert escape(text, PLAIN) == sent
    assert unescape(sent, PLAIN) == text.replace("\r\n", "\n")  # one line break, whichever way it was written


def test_a_message_without_a_segment_in_front_is_none() -> None:
    message = parse(b"MSH|^~\\&|A\rPID|1\r")
    for segments in ([], [message["PID"]], [message["PID"], message["MSH"]]):
        with pytest.raises(ValueError, match="begins with MSH"):
            compose(message, segments)
    assert isinstance(compose(message, [message["MSH"]]), Message)


@pytest.mark.parametrize(
    ("text", "date", "moment", "clock"),
    [
        ("2024", True, True, True),
        ("202405", True, True, True),
        ("20240501", True, True, False),
        ("20240229", True, True, False),
        ("20230229", False, False, False),
        ("20240532", False, False, False),
        ("2024050112", False, True, False),
        ("20240501120000.1234", False, True, False),
        ("20240501120000.12345", False, False, False),
        ("2024+0100", False, True, True),
        ("0000", False, False, True),
        ("23", False, False, True),
        ("24", False, False, False),
        ("2359", True, True, True),
        ("2360", True, True, False),
        ("120000.5+0100", False, False, True),
        ("+0100", False, False, False),
        ("1", False, False, False),
        ("", False, False, False),
        ("2024050a", False, False, False),
    ],
)
def test_what_is_a_date_a_moment_and_a_time_of_day(text: str, date: bool, moment: bool, clock: bool) -> None:
    assert (is_date(text), bool(is_dtm(text)), bool(is_time(text))) == (date, moment, clock)


@pytest.mark.parametrize(
    ("path", "erl", "eld"),
    [
        ("PID", "PID^1", "PID^1"),
        ("PID-3", "PID^1^3", "PID^1^3"),
        ("OBX[12]-5", "OBX^12^5", "OBX^12^5"),
        ("PID-3[2]", "PID^1^3^2", "PID^1^3"),
        ("PID-3.4", "PID^1^3^1^4", "PID^1^3"),
        ("PID-3[2].4.1", "PID^1^3^2^4^1", "PID^1^3"),
        ("OBX[2]", "OBX^2", "OBX^2"),
    ],
)
def test_a_path_as_an_err_segment_writes_it(path: str, erl: str, eld: str) -> None:
    read = Path.parse(path)
    assert (str(read), read.erl(), read.eld()) == (path, erl, eld)


@pytest.mark.parametrize(
    "text", ["", "pid", "PID-", "PID-0", "PID-3[0]", "PID[0]", "PID-3.", "PID-3.4.1.2", "PIDX", "PID-x", "PID 3"]
)
def test_any_other_spelling_of_a_path_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        Path.parse(text)


SEGMENT = "MSH|^~\\&|A\rPID|1||a&b^c&d~e&f^g&h||x"


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("PID-1", "1"),
        ("PID-2", ""),
        ("PID-3", "a&b^c&d~e&f^g&h"),
        ("PID-3[1]", "a&b^c&d"),
        ("PID-3[2]", "e&f^g&h"),
        ("PID-3[3]", ""),
        ("PID-3.1", "a&b"),
        ("PID-3.2", "c&d"),
        ("PID-3.3", ""),
        ("PID-3[2].2", "g&h"),
        ("PID-3.1.1", "a"),
        ("PID-3.1.2", "b"),
        ("PID-3[2].2.2", "h"),
        ("PID-3[2].2.3", ""),
        ("PID-5", "x"),
        ("PID-6", ""),
        ("PID-60", ""),
    ],
)
def test_each_part_of_a_segment_as_it_was_sent(path: str, raw: str) -> None:
    assert str(parse(SEGMENT).raw(path)) == raw


def test_without_an_escape_character_nothing_is_escaped() -> None:
    read = parse("MSH|^~\\&|A\rPID|1||a")
    bare = Encoding(escape=NONE)
    assert escape("a|b^c", bare) == "a|b^c"
    assert unescape("a\\F\\b", bare) == "a\\F\\b"
    assert unescape("a\\F\\b", read.encoding) == "a|b"


@pytest.mark.parametrize(
    ("delimiter", "most", "what"),
    [
        ("|", bounds.FIELDS, "fields"),
        ("~", bounds.REPETITIONS, "repetitions"),
        ("^", bounds.COMPONENTS, "components"),
        ("&", bounds.COMPONENTS, "subcomponents"),
    ],
)
def test_a_line_may_have_so_many_parts_and_no_more(delimiter: str, most: int, what: str) -> None:
    header = "MSH|^~\\&|A\rPID|"
    long = "x" * bounds.UNCOUNTED  # a short body is not counted
    used = 1 if delimiter == "|" else 0
    parse(f"{header}{delimiter * (most - used)}{long}")
    with pytest.raises(ParseError) as refused:
        parse(f"{header}{delimiter * (most - used + 1)}{long}")
    assert (str(refused.value), refused.value.rule, refused.value.where) == (
        f"line 2 has more than {most} {what}",
        "too-much",
        "",
    )
