"""Which characters a text may not have. The sets differ on purpose; each has the reason for what it holds and leaves out."""

import re
from unicodedata import category
from urllib.parse import unquote

import orjson

CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f"
"""Control characters that neither FHIR nor XML allows, as a part of a character class; tab and line ends are allowed.

Source: FHIR R4 2.24.0.1 (string); XML 1.0 section 2.2 (Char).
"""
NOT_XML = rf"{CONTROL}\ufffe\uffff"
"""Those, and the two that XML alone refuses. Source: XML 1.0 section 2.2 (Char)."""
CONTROLS = re.compile(f"[{CONTROL}]")
# In a cell of a table a line end is allowed, and so are the joiners that some scripts need. What has no width or turns the
# direction of a text is refused, among them the byte order mark of a file that was joined to another one: a number with one looks
# right and is another number.
HIDDEN_IN_CELL = re.compile(rf"[{NOT_XML}\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


DOCUMENT = range(4096, 1 << 20)
"""Characters of a text that is probably a document. A longer one is not copied to be looked at."""


def has_control(text: str) -> bool:
    r"""Whether a text has one of ``CONTROLS``.

    JSON escapes each of them. To write a document as JSON takes a fiftieth of the time of ``isprintable``: if that adds the two
    quotes and nothing else, there was nothing to escape.

    >>> has_control("T4\tŵ"), has_control("T4\x0b"), has_control("T4" * 5000), has_control("T4" * 5000 + "\x0b")
    (False, True, False, True)
    """
    if len(text) in DOCUMENT and text.isascii() and len(orjson.dumps(text)) == len(text) + 2:
        return False
    return not text.isprintable() and CONTROLS.search(text) is not None


def can_be_seen(text: str) -> bool:
    r"""Whether each character of a text has a form, or is a space.

    The strictest set, for an identifier: no tab, no line end, no joiner, and nothing that Unicode has not assigned.

    >>> can_be_seen("T4\xa0ŵ"), can_be_seen("T4\u200b"), can_be_seen("T4\t")
    (True, False, False)
    """
    return text.isprintable() or not any(category(each).startswith("C") or category(each) in ("Zl", "Zp") for each in text)


def is_visible(text: str) -> bool:
    r"""Whether a text has only characters that certainly can be seen, also where they are percent-encoded.

    >>> is_visible("T4ŵ"), is_visible("urn:x|T4%E2%80%8B"), is_visible("T4\t")
    (True, False, False)
    """
    return text.isprintable() and ("%" not in text or unquote(text).isprintable())
