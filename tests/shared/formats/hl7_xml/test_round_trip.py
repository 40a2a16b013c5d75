"""The law of the XML encoding: ER7 to XML and back is the same message, for every sample and for generated messages."""

from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.formats.hl7_xml.reader import read
from shared.formats.hl7_xml.writer import write
from shared.hl7 import Message, ParseError, parse
from shared.hl7.leaves import hl7_leaves
from shared.xml.parse import parse as parse_xml

ROOT = Path(__file__).resolve().parents[4]
SIGNS = ["|", "|", "~", "^", "&", "a", "Jones", "20240501", "ŵ", ".", '""', "<", "\\F\\", "\\S\\", "\\E\\", "\\.br\\", "\\H\\"]
STRAYS = ["\\", "\\X0D\\", "\\Zx\\", "\n", "\x01", " ", "]]>", "\\C1\\"]
FIELDS = st.lists(st.sampled_from(SIGNS + STRAYS), max_size=30).map("".join)
NAMES = st.sampled_from(["PID", "OBX", "NTE", "ZZZ", "PR1", "ROL", "IN1", "IN2", "PV1"])
SEGMENT = st.tuples(NAMES, FIELDS).map("|".join)
MSH = "MSH|{}|A|B|C|D|20240501||ADT^A31^ADT_A05|1|P|2.5"
DELIMITERS = st.sampled_from([str.maketrans("|^", "|^"), str.maketrans("|^", "!$"), str.maketrans("|^~", "#*@")])
MESSAGE = st.tuples(DELIMITERS, st.lists(SEGMENT, max_size=6)).map(
    lambda parts: "\r".join((MSH.format("^~\\&"), *parts[1])).translate(parts[0]) + "\r"
)


def messages() -> list[Path]:
    """Every HL7 v2 message of the samples that is readable."""
    found = [*ROOT.glob("integrations/*/samples/*.hl7"), *ROOT.glob("tests/shared/*/samples/*.hl7")]
    return sorted(path for path in found if _is_message(path))


def _is_message(path: Path) -> bool:
    try:
        return all(parse(path.read_bytes()).names)
    except ParseError:
        return False


def there_and_back(message: Message) -> Message:
    return read(parse_xml(write(message)))


def values(message: Message) -> list[tuple[str, str]]:
    """Every value with its place, with escape sequences resolved."""
    return [(leaf.path, message[leaf.path]) for leaf in hl7_leaves(message)]


@pytest.mark.parametrize("path", messages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_sample_is_the_same_after_xml(path: Path) -> None:
    message = parse(path.read_bytes())
    back = there_and_back(message)
    assert back.lines == [line.replace("\n", "\\.br\\") for line in message.lines]
    assert {issue.rule for issue in back.repairs} <= {issue.rule for issue in parse("\r".join(back.lines)).repairs}
    assert write(back) == write(message)


@settings(max_examples=400)
@given(MESSAGE)
@example(MSH.format("^~\\&") + "\rPID|~|^|&|a~|~b|a^|^b^|a&|&|\\|a\\b\\c|\\E\\\rPID\rPID|\r")
def test_a_generated_message_is_the_same_after_xml(text: str) -> None:
    """Absent, empty and null places, repetitions, components and subcomponents are what they were.

    Only the spelling of an escape may change: an escape character that begins no sequence is escaped, and a line end or control
    character becomes a sequence.
    """
    message = parse(text)
    assume(all(message.names))  # a text with a line feed can be a line that is not a segment
    back = there_and_back(message)
    assert back.names == message.names
    assert values(back) == values(message)
    if not any(sign in text for sign in ("\\", "\n", "\x01")):
        assert back.lines == message.lines
    assert there_and_back(back).lines == back.lines
    assert write(back) == write(message)


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("|^~\\&<>'\""), max_size=40))
def test_any_text_is_kept(text: str) -> None:
    from shared.hl7.compose import compose, segment

    like = parse(MSH.format("^~\\&"))
    message = compose(like, [like["MSH"], segment("PID", {"5": (text, ("", text)), "8": text}, like)])
    back = there_and_back(message)
    assert (back["PID-5.1"], back["PID-5.2.2"], back["PID-8"]) == (text, text, text)
