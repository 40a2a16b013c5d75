"""Splitting: a document among few delimiters is split by leaps, and comes out as ``str.split`` would have it."""

import pytest

from shared.hl7.syntax.encoding import split


@pytest.mark.parametrize("pieces", [1, 2, 63, 64, 65, 66, 200])
@pytest.mark.parametrize("length", [0, 1, 100, 5000])
def test_a_long_text_is_split_as_a_short_one(pieces: int, length: int) -> None:
    for text in (each := "^".join(["x" * length] * pieces), f"^{each}", f"{each}^"):
        assert split(text, "^") == text.split("^")
