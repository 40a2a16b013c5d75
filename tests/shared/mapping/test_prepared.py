"""What is put right before a message becomes FHIR: control codes, and the offset that MSH-7 gives to every time."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations import load
from shared.characters import CONTROLS
from shared.hl7 import parse
from shared.hl7.syntax.encoding import Encoding
from shared.mapping import guide, mapping_issues, to_bundle
from shared.mapping.preparation import HEXADECIMAL, _is_suspect, prepared
from tests.shared.mapping.converting import OBR, PID, converted, message, only, resources, rules
from toolkit.samples import samples


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("one\\X000D\\two", "one\ntwo"),
        ("a\x01b", "ab"),
        ("a\x0bb", "a b"),
        ("\\X00\\x\\X41\\", "xA"),
        ("\\X0D0A\\a\\XZZ\\", "a\\XZZ\\"),
    ],
)
def test_control_codes_are_left_out_and_named(sent: str, text: str) -> None:
    found = converted(PID, OBR, f"OBX|1|TX|1^x^L||{sent}||||||F")
    made = only(found, "Observation")
    assert (made["valueString"], made["status"]) == (text, "final")
    assert (("control-code-not-mapped", "OBX-5") in rules(found)) == (sent != "\\X0D0A\\a\\XZZ\\")


ODD = st.lists(st.sampled_from(["\x00", "\x1f", "\\X00\\", "\\X007C\\", "\\X0D\\", "\\", "X", "00", "a", "&", "^"]), max_size=9)


PLACES = ("OBX-5.1.1", "OBX-5.1.2", "OBX-5.2.1", "OBX-5.2.2", "OBX-5.3.1")


@given(ODD.map("".join))
@example("\\X00\x00\\X007C\\")
@example("\\H\\X00\\\x00")
def test_no_control_code_is_left_and_no_field_moves(words: str) -> None:
    """Each text is what was meant but for the codes: none joins what stood on either side of a code."""
    sent = parse(message(f"OBX|1|TX|1^x^L||z{words}||||||F"))
    read = prepared(sent)
    assert not CONTROLS.search("".join(read[place] for place in PLACES))
    assert (read["OBX-3"], read["OBX-11"]) == ("1", "F")
    assert [read[place] for place in PLACES] == [CONTROLS.sub("", sent[place]) for place in PLACES]


@given(ODD.map("".join), st.sampled_from(["", "é", "\ud800", "\x7f", '"', "\t"]), st.sampled_from([0, 4000, 5000]), st.booleans())
@example("\x1f", "", 5000, False)
@example("\x00", '"', 5000, True)
@example("", "\ud800", 5000, False)
def test_a_line_with_a_document_is_searched_like_any_other(words: str, other: str, size: int, is_first: bool) -> None:
    """A long line takes a shortcut, which must find each control code wherever it stands."""
    document = "QUJD" * (size // 4)
    line = f"OBX|1|ED|{words}{document}{other}" if is_first else f"OBX|1|ED|{document}{other}{words}"
    plain = f"OBX|1|ED|{words}{other}"
    assert _is_suspect(line, Encoding()) == _is_suspect(plain, Encoding()) == is_suspect(plain)


def is_suspect(line: str) -> bool:
    return CONTROLS.search(line) is not None or ("\\" in line and HEXADECIMAL.search(line) is not None)


@pytest.mark.parametrize(("characters", "text"), [("^~", "a\\X00\\b"), ("^~\\&", "ab")])
def test_a_message_without_an_escape_character_is_cleaned_too(characters: str, text: str) -> None:
    sent = message("OBX|1|TX|1^x^L||a\x01\\X00\\b||||||F").replace("^~\\&", characters, 1)
    assert (prepared(parse(sent))["OBX-5"], prepared(parse(sent))["OBX-11"]) == (text, "F")


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        ("20260715103000-0500", "2026-07-15T09:30:00-05:00"),
        ("20260715103000+0100", "2026-07-15T09:30:00+01:00"),
        ("20260715103000+0000", "2026-07-15T09:30:00+00:00"),
        ("20260715103000", "2026-07-15T09:30:00+01:00"),
        ("20260115103000+0000", "2026-07-15T09:30:00+01:00"),
    ],
)
def test_times_without_an_offset_have_that_of_the_message(sent: str, time: str) -> None:
    found = converted(PID, OBR, "OBX|1|NM|1^x^L||7|mg/L|||||F|||20260715093000", sent=sent)
    assert only(found, "Observation")["effectiveDateTime"] == time
    is_foreign = ("offset-of-the-message", "MSH-7") in rules(found)
    assert is_foreign == (time[19:] != "+01:00")


def test_every_kind_of_time_has_it_and_no_date_or_own_offset_changes() -> None:
    lines = (
        "PV1|1|I|W1|||||||||||||||||||||||||||||||||||||||||20260715093000|20260716093000+0200",
        "OBX|1|DTM|1^x^L||202607150930~20260715||||||F",
    )
    found = converted(PID, *lines, kind="ADT^A03^ADT_A03", sent="20260715103000-0500")
    assert only(found, "Encounter")["period"] == {"start": "2026-07-15T09:30:00-05:00", "end": "2026-07-16T09:30:00+02:00"}
    values = [each["valueDateTime"] for each in only(found, "Observation")["component"]]
    assert values == ["2026-07-15T09:30:00-05:00", "2026-07-15"]
    assert resources(found, "Patient")[0]["birthDate"] == "1970-01-01"


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ("TS", "202607150930", "202607150930-0500"),
        ("DTM", "202607150930~202607150931", "202607150930-0500~202607150931-0500"),
        ("DR", "202607150930^202607150931", "202607150930-0500^202607150931-0500"),
        ("ST", "202607150930", "202607150930"),
        ("NM", "202607150930", "202607150930"),
        ("DTMX", "202607150930", "202607150930"),
        ("", "202607150930", "202607150930"),
    ],
)
def test_the_value_of_an_observation_has_times_by_its_type(kind: str, sent: str, read: str) -> None:
    found = prepared(parse(message(f"OBX|1|{kind}|1^x^L||{sent}||||||F|||202607150930", sent="20260715103000-0500")))
    assert (found["OBX"].raw("5"), found["OBX-14"]) == (read, "202607150930-0500")


FEATURES = {
    "as sent": lambda text: text,
    "an offset": lambda text: re.sub(r"^((?:[^|]*\|){6})[^|]*", r"\g<1>20260715103000-0500", text),
    "a control code": lambda text: re.sub(r"(\rPID(?:\|[^|\r]*){5})", "\\1\x01", text),
    "an escaped one": lambda text: re.sub(r"(\rPID(?:\|[^|\r]*){5})", r"\1\\X00\\", text),
    "a line break": lambda text: re.sub(r"(\rPID(?:\|[^|\r]*){5})", r"\1\\X0D\\", text),
    "a null": lambda text: re.sub(r"(\rPID(?:\|[^|\r]*){5})", r'\1~""', text),
}
FLOWS = ("pas-adt-to-cdr", "lims-results-to-cdr", "documents-to-cdr", "vaccinations-to-cdr")


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("name", FLOWS)
def test_the_conversion_of_a_message_is_that_of_the_prepared_one(
    name: str, feature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check converts a message as it was sent, a mapping takes that conversion for the prepared one."""
    bodies = [each.body.decode("latin-1") for each in samples(load(name)) if each.body.startswith(b"MSH")]
    for body in bodies:
        text = FEATURES[feature](body.replace("\r\n", "\r").replace("\n", "\r"))
        checked, anew = parse(text), parse(text)
        mapping_issues(checked)
        expected = to_bundle(prepared(anew))
        with monkeypatch.context() as once:
            once.setattr(guide, "convert", None)  # it was converted, and is not again
            assert to_bundle(prepared(checked)) == expected
        assert checked.converted is None
    assert bodies
