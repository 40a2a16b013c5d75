"""A long text takes a shortcut to find a control character: it must find each one, wherever it stands."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.characters import CONTROLS, DOCUMENT, has_control
from shared.formats.json.schema import some_text_has_control

PIECES = st.sampled_from(["\x00", "\x1f", "\x0b", "\t", "\r\n", "\x7f", '"', "\\", "é", "\ud800", "\u2028", "a", ""])
SIZES = st.sampled_from([0, DOCUMENT.start - 3, DOCUMENT.start, DOCUMENT.stop])


@settings(deadline=None)
@given(PIECES, PIECES, SIZES)
@example("\x1f", '"', DOCUMENT.start)
@example("", "\ud800", DOCUMENT.start)
def test_a_control_character_is_found_before_and_after_a_document(before: str, after: str, size: int) -> None:
    text = f"{before}{'QUJD' * (size // 4)}{after}"
    is_found = CONTROLS.search(text) is not None
    assert has_control(text) == is_found
    assert some_text_has_control({"a": ["b", {"c": text}]}) == is_found
