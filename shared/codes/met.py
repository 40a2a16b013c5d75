"""The codes of one message that no code table knows, in the form in which the ledger keeps them."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from shared import formats
from shared.hl7 import Message
from shared.issue import Issue
from shared.leaves import place
from shared.privacy import HASHED, holds_nhs_number, keyed
from shared.privacy import place as checked_place

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
LETTERS = re.compile(r"[A-Za-z]{4}")  # in a row: may be a name
MOST_DIGITS = 4  # five and more may be a date, a telephone number or a patient's number
POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]?[._-]?[0-9][A-Za-z]{2}")
NOT_A_CODE = "code-invalid"  # the issue type of a code that is not in its table
LONGEST = 100  # characters of the rule's own words that are kept


class Met(NamedTuple):
    """One code that no table knows.

    Args:
        path: the place in the message, without occurrences: ``PID-3.4``.
        code: the code if it has the form of one, otherwise ``hash-`` and its keyed hash; ``""`` where it could not be read.
        rule: the rule that found it.
        text: the rule's own words, which name the table.
        key: of its row: the same for the same code at the same place, by the same rule.
    """

    path: str
    code: str
    rule: str
    text: str
    key: str


def met(content: Any, issues: Iterable[Issue]) -> list[Met]:
    """The codes that these issues of a message are about, each once; not of an issue without a place."""
    texts: dict[str, str] = {}
    about_codes = (issue for issue in issues if issue.code == NOT_A_CODE and issue.rule and issue.where)
    found = (one(issue, _text_at(content, issue.where, texts)) for issue in about_codes)
    return list({each.key: each for each in found}.values())


def one(issue: Issue, code: str) -> Met:
    """The code of one issue."""
    path = checked_place(place(issue.where))
    return Met(path, kept(code), issue.rule, issue.text[:LONGEST], key(path, issue.rule, code))


def key(path: str, rule: str, code: str) -> str:
    """The key of a code's row: a keyed hash of 20 hexadecimal digits."""
    return keyed("unmapped-code", "\0".join((path, rule, code)))[:20]


def kept(code: str) -> str:
    """The code itself if it looks like one, otherwise its keyed hash: a field of codes may hold free text.

    Shown are at most 20 of ``A-Z a-z 0-9 . _ -`` with at most three letters in a row and at most four digits, so no word of
    four letters, no date, no postcode, no telephone number and no number of a patient.

    >>> kept("Sub"), kept("E11.9"), kept("7A4BV"), kept("")
    ('Sub', 'E11.9', '7A4BV', '')
    >>> [kept(text)[:5] for text in ("Jones", "19800214", "999 000 0018", "CF101AA", "A123456")]
    ['hash-', 'hash-', 'hash-', 'hash-', 'hash-']
    """
    return code if not code or _looks_like_a_code(code) else f"{HASHED}{keyed('code', code)}"


def _looks_like_a_code(text: str) -> bool:
    if not CODE.fullmatch(text) or LETTERS.search(text) or POSTCODE.fullmatch(text):
        return False
    return sum(map(str.isdigit, text)) <= MOST_DIGITS and not holds_nhs_number(text)


def _text_at(content: Any, where: str, texts: dict[str, str]) -> str:
    """The text at the place of an issue; ``""`` where there is none. ``texts`` remembers the places of one document."""
    if isinstance(content, Message):
        try:
            found = content[where]
        except ValueError:
            return ""
        return found if isinstance(found, str) else ""
    if isinstance(content, dict | list):
        return _of_json(content, _parts(where).split("/"))
    if found := formats.text(content, where):
        return found
    if not texts:
        texts.update((_parts(leaf.path), leaf.text) for leaf in formats.leaves(content))
    return texts.get(_parts(where), "")


def _of_json(value: Any, parts: list[str]) -> str:
    """The text of a JSON document at a path; the path of a FHIR resource begins with its type.

    >>> _of_json({"resourceType": "Bundle", "entry": [{"a": "x"}]}, ["Bundle", "entry", "0", "a"]), _of_json([1], ["7"])
    ('x', '')
    """
    if isinstance(value, dict) and parts[0] == value.get("resourceType"):
        parts = parts[1:]
    for part in parts:
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return ""
    return str(value) if isinstance(value, str | int) else ""


def _parts(path: str) -> str:
    """A path in one form: ``a[0].b`` and the JSON pointer ``/a/0/b`` name the same place.

    >>> _parts("a[0].b"), _parts("/a/0/b")
    ('a/0/b', 'a/0/b')
    """
    return path.replace("[", "/").replace("]", "").replace(".", "/").strip("/")
