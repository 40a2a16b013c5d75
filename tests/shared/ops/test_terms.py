"""One term, one Welsh word: the texts of the page and of the rules use the terms of docs/welsh-terms.md."""

import re
from pathlib import Path

import pytest

from shared.ops.words import OUTCOMES, WORDS
from shared.voices.texts import actions, rules

LIST = Path(__file__).resolve().parents[3] / "docs" / "welsh-terms.md"
WORD = re.compile(r"[\w'/-]+")
TEXTS = {**WORDS, **{f"outcome {name}": pair for name, pair in OUTCOMES.items()}}
PLAIN = {
    **{f"rule {name}, wrong": (text.wrong["en"], text.wrong["cy"]) for name, text in rules().items()},
    **{f"rule {name}, expected": (text.expected["en"], text.expected["cy"]) for name, text in rules().items()},
    **{f"action {name}": (text["en"], text["cy"]) for name, text in actions().items()},
}


def terms() -> dict[tuple[str, ...], tuple[str, ...]]:
    """English forms -> Welsh forms, in small letters."""
    rows = [line.strip("|").split("|") for line in LIST.read_text("utf-8").splitlines() if line.startswith("| ")]
    return {forms(row[0]): forms(row[1]) for row in rows[1:]}


def forms(cell: str) -> tuple[str, ...]:
    return tuple(form.strip().lower() for form in cell.split(","))


def holds(text: str, word: str) -> bool:
    """Whether a text has the word, whole, or with the Welsh article or preposition that is written with it: ``godau'r``."""
    words = WORD.findall(text.lower().replace("'r ", " 'r "))
    return f" {word} " in f" {' '.join(words)} "


def test_the_list_is_read() -> None:
    assert len(terms()) > 20
    assert terms()[("lane", "lanes")] == ("lôn", "lonydd")


def test_a_text_with_a_term_has_its_welsh_word() -> None:
    missing = [
        f"{name}: {english[0]!r} in {pair[0]!r}, none of {', '.join(welsh)} in {pair[1]!r}"
        for name, pair in {**TEXTS, **PLAIN}.items()
        for english, welsh in terms().items()
        if any(holds(pair[0], word) for word in english) and not any(holds(pair[1], word) for word in welsh)
    ]
    assert missing == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_in_both_languages(name: str) -> None:
    english, welsh = TEXTS[name]
    assert english.strip()
    assert welsh.strip()


def test_no_two_terms_share_a_welsh_form() -> None:
    seen = [form for welsh in terms().values() for form in welsh]
    assert sorted(set(seen)) == sorted(seen)


def test_every_term_is_used() -> None:
    unused = [english for english in terms() if not any(holds(pair[0], word) for pair in TEXTS.values() for word in english)]
    assert unused == []
