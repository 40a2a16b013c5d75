"""Stand-ins for values: of the same shape, never the same text, and the same one for the same text."""

import hashlib
import re
from collections.abc import Container, Iterable, Iterator
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from shared.validation.nhs_number import check_digit, is_nhs_number

UPPER, LOWER, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
TRIES = 12
DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
ISO_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
ISO_CLOCK = re.compile(r"T\d\d:\d\d(?::\d\d(?:\.\d+)?)?")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WORDS = re.compile(r"\w+|\W+")


def stand_ins(text: str, known: Iterable[str] = (), words: Container[str] = ()) -> Iterator[str]:
    """What may be put in the place of a text, the best first.

    A number of the test range for an NHS Number, a text that is known to be synthetic, a date for a date, an id for an id, then
    texts of the same shape; ``words`` are parts of an address that may stay, such as the type in ``Patient/123``.
    """
    turns = [str(turn) for turn in range(TRIES)]
    if is_nhs_number(text):
        yield from (nhs_number(text + turn) for turn in turns)
    elif len(text) == 10 and text.isdecimal():  # its check digit is wrong, and stays so
        yield from (wrong for turn in turns if not is_nhs_number(wrong := "999" + shaped(text, turn)[3:]))
    yield from known
    if DAY.match(text) or ISO_DAY.match(text):
        yield from (moment(text, turn) for turn in turns)
    if UUID.search(text):
        yield from (UUID.sub(partial(_uuid, turn), text) for turn in turns)
    if ("/" in text or ":" in text) and len(text.split()) == 1:  # in a sentence, any word may be someone's name
        yield from ("".join(part if part in words else shaped(part, turn) for part in WORDS.findall(text)) for turn in turns)
    yield from (shaped(text, turn) for turn in turns)
    if text.isdecimal():
        yield from (str(digit) * len(text) for digit in range(10))


def _uuid(turn: str, found: re.Match[str]) -> str:
    return str(uuid5(NAMESPACE_URL, found[0] + turn))


def nhs_number(seed: str) -> str:
    """An NHS Number of the range that is never given out, 999..., with its check digit.

    >>> nhs_number("a").startswith("999"), is_nhs_number(nhs_number("a"))
    (True, True)
    """
    for turn in range(100):
        nine = f"999{_number(f'{seed}/{turn}') % 1_000_000:06}"
        if digit := check_digit(nine):
            return nine + digit
    raise ValueError("no number of the test range")


def moment(text: str, turn: str) -> str:
    """Another date, and another time where one was sent, in the same form; the offset from UTC stays.

    >>> len(moment("19800102", "0")), moment("1980-01-02T10:11:12+01:00", "0")[10:]
    (8, 'T09:30:00+01:00')
    """
    new = day(text + turn)
    if found := ISO_DAY.match(text):
        rest = ISO_CLOCK.sub("T09:30:00", text[found.end() :])
        return f"{new[:4]}-{new[4:6]}-{new[6:]}{rest}"
    digits = len(text[8:]) - len(text[8:].lstrip("0123456789"))
    return new + "093000000"[:digits] + text[8 + digits :]


def day(seed: str) -> str:
    """A day in the years 1930 to 1999, as ``YYYYMMDD``."""
    number = _number(seed)
    return f"{1930 + number % 70}{number // 70 % 12 + 1:02}{number // 840 % 28 + 1:02}"


def shaped(text: str, turn: str = "") -> str:
    """A text of the same length: a letter for a letter in its case, a digit for a digit, everything else unchanged.

    >>> len(shaped("O'Neil 12")), shaped("O'Neil 12")[1], shaped("a") == shaped("a")
    (9, "'", True)
    """
    stream = hashlib.shake_256(f"{turn}/{text}".encode(errors="surrogatepass")).digest(len(text) or 1)
    return "".join(_like(character, byte) for character, byte in zip(text, stream, strict=False))


def _like(character: str, byte: int) -> str:
    """Another character of the same kind; the one that was there is never chosen."""
    if character.isdecimal():
        return _other(DIGITS, character, byte)
    if character.isalpha():
        return _other(UPPER if character.isupper() else LOWER, character, byte)
    return character


def _other(alphabet: str, character: str, byte: int) -> str:
    others = alphabet.replace(character, "")
    return others[byte % len(others)]


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode(errors="surrogatepass")).digest()[:8], "big")
