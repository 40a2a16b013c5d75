"""Delimiters of MSH-1 and MSH-2, and escape sequences. HL7 v2.5.1 chapter 2, sections 2.5.4 and 2.7."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

NEVER = re.compile("(?!)")
FEW = 64
LONG = 4096  # characters; a longer text is probably a document
NONE = "\x00"  # in place of a delimiter that MSH-2 does not declare; it does not occur in text


class Encoding(NamedTuple):
    """The delimiters of one message and its character set."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = NONE
    charset: str = "ascii"

    @property
    def characters(self) -> str:
        """MSH-2 as it was declared."""
        return "".join(self[1:6]).rstrip(NONE)


@lru_cache(maxsize=256)
def declared_encoding(field: str, characters: str, charset: str = "ascii") -> Encoding:
    """The encoding that MSH-1 and MSH-2 declare; ``ValueError`` if two delimiters are the same or one is not allowed."""
    delimiters = (field + characters[:5]).ljust(6, NONE)
    sent = delimiters.rstrip(NONE)
    if len(sent) < 2 or len(set(sent)) < len(sent) or any(c.isalnum() or c in '\r\n "' for c in sent):
        raise ValueError("MSH-1 and MSH-2 are not valid delimiters")
    return Encoding._make((*delimiters, charset))


def split(text: str, delimiter: str) -> list[str]:
    """``str.split``, many times faster for a document with few delimiters.

    ``str.split`` reads every character, ``str.find`` skips ahead. If there are many delimiters, the rest is split as usual.

    >>> split("a^^b", "^"), split("x" * 5000 + "^", "^")[1:]
    (['a', '', 'b'], [''])
    """
    if len(text) < LONG:
        return text.split(delimiter)
    parts: list[str] = []
    start = 0
    while len(parts) < FEW and (end := text.find(delimiter, start)) >= 0:
        parts.append(text[start:end])
        start = end + 1
    return parts + text[start:].split(delimiter) if len(parts) == FEW else [*parts, text[start:]]


def unescape(text: str, encoding: Encoding) -> str:
    r"""The text with standard escape sequences resolved, once, left to right; any other sequence stays as sent.

    >>> unescape(r"Bed \T\ Breakfast \E\F\E\ \H\x\N\ a\.br\b", Encoding())
    'Bed & Breakfast \\F\\ \\H\\x\\N\\ a\nb'
    """
    if encoding.escape not in text:
        return text
    plain, pattern, resolve = _unescaper(encoding)
    parts = text.split(encoding.escape)
    if len(parts) == 3 and parts[1] in plain:  # one sequence, nearly always: a third of the time
        return f"{parts[0]}{plain[parts[1]]}{parts[2]}"
    return pattern.sub(resolve, text)


def escape(text: str, encoding: Encoding) -> str:
    r"""The text with its delimiters escaped, for a subcomponent; a line break becomes ``\.br\``.

    >>> escape("x10^9/L & a\\b", Encoding())
    'x10\\S\\9/L \\T\\ a\\E\\b'
    """
    if text.isalnum():
        return text
    pattern, replace, _ = _escaper(encoding)
    return pattern.sub(replace, text)


def needs_escape(text: str, encoding: Encoding) -> bool:
    r"""Whether joined components have a character to escape that is not the delimiter between components.

    >>> needs_escape("Jones^Ann", Encoding()), needs_escape("Jones^A&E", Encoding())
    (False, True)
    """
    return _escaper(encoding)[2].search(text) is not None


Replace = Callable[[re.Match[str]], str]


@lru_cache(maxsize=64)
def _unescaper(encoding: Encoding) -> tuple[dict[str, str], re.Pattern[str], Replace]:
    """What each sequence for one character means, the pattern of all sequences, and how they are resolved."""
    e = re.escape(encoding.escape)
    plain = {"F": encoding.field, "S": encoding.component, "R": encoding.repetition, "E": encoding.escape}
    plain |= {"T": encoding.subcomponent, "P": encoding.truncation, ".br": "\n"}
    plain = {name: character for name, character in plain.items() if character != NONE}
    known = "|".join(re.escape(name) for name in plain)
    # Match the sequences that are not resolved too: otherwise their closing character could open a new sequence.
    kept = r"H|N|X[0-9A-Fa-f]*|[CMZ][^\r\n" + e + r"]*|\.[a-z]{2}[+-]?\d*"
    pattern = re.compile(f"{e}(?:({known})|X((?:[0-9A-Fa-f]{{2}})+)|{kept}){e}")

    def resolve(found: re.Match[str]) -> str:
        name, digits = found.groups()
        if name:
            return plain[name]
        return _hexadecimal(digits, encoding.charset) if digits else found[0]

    return plain, pattern, resolve


@lru_cache(maxsize=64)
def _escaper(encoding: Encoding) -> tuple[re.Pattern[str], Replace, re.Pattern[str]]:
    """What is escaped, and how; and what is escaped inside a component, other than the delimiter between components."""
    e = encoding.escape
    if e == NONE:
        return NEVER, lambda found: found[0], NEVER
    names = {encoding.field: "F", encoding.component: "S", encoding.repetition: "R", e: "E", encoding.subcomponent: "T"}
    names |= {encoding.truncation: "P", "\n": ".br", "\r\n": ".br", "\r": "X0D"}
    names.pop(NONE, None)
    longest_first = sorted(names, key=len, reverse=True)
    inside = "".join(re.escape(name) for name in names if name != encoding.component)
    return (
        re.compile("|".join(map(re.escape, longest_first))),
        lambda found: f"{e}{names[found[0]]}{e}",
        re.compile(f"[{inside}]"),
    )


def _hexadecimal(digits: str, charset: str) -> str:
    """The characters of an ``\\X..\\`` sequence. Codes 80 to 9F that are not letters in the character set are windows-1252."""
    data = bytes.fromhex(digits)
    text = _decoded(data, charset) or data.decode("latin-1")
    if any("\x80" <= character <= "\x9f" for character in text):
        return _decoded(data, "cp1252") or text
    return text


def _decoded(data: bytes, charset: str) -> str:
    """``""`` if the bytes are not valid in the character set."""
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        return ""
