"""What a lane hash and a digest depend on, and what they do not."""

import pytest

from shared.privacy import digest, lane_hash
from shared.validation.nhs_number import is_nhs_number


def test_a_lane_hash_names_the_version_of_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lane_hash("A")
    monkeypatch.setenv("HUB_HASH_KEY_VERSION", "7")
    assert lane_hash("A") == f"7-{first.partition('-')[2]}"
    assert lane_hash("A") != lane_hash("B")


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_line_ends_make_no_new_message(end: bytes) -> None:
    assert digest(b"MSH|1" + end + b"PID|2" + end) == digest(b"MSH|1\nPID|2")
    assert digest(b"MSH|1" + end + b"PID|3" + end) != digest(b"MSH|1\nPID|2")


@pytest.mark.parametrize("place", range(10))
def test_a_digit_of_another_script_is_in_no_nhs_number(place: int) -> None:
    """Whatever the last digit: the bytes of such a digit must not pass for a sum that fits."""
    for last in "0123456789":
        text = f"999000001{last}"
        other = chr(0x0660 + int(text[place]))
        assert not is_nhs_number(text[:place] + other + text[place + 1 :])
