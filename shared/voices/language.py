"""``Accept-Language``: which of our languages a caller prefers, in the order of preference."""

import re
from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "cy"]
Texts = Mapping[str, tuple[str, str]]  # each text in English and in Welsh
WEIGHT = re.compile(r"(q=(?P<q>0(\.\d{0,3})?|1(\.0{0,3})?))?", re.ASCII)
LONGEST = 200  # characters of the header that are read


def languages(accept: str) -> tuple[Language, ...]:
    """The languages of an answer, the preferred one first; empty unless the caller accepts Welsh.

    A caller who does not name Welsh gets the short English texts that it always got.
    Source: RFC 9110 section 12.5.4.

    >>> languages("cy, en;q=0.8"), languages("en-GB, cy;q=0.5"), languages("en-GB,en;q=0.9"), languages("")
    (('cy', 'en'), ('en', 'cy'), (), ())
    >>> languages("cy;q=0, en")
    ()
    """
    header = accept[:LONGEST].lower()
    if "cy" not in header:  # nearly every caller
        return ()
    english, welsh = (_quality(header, each) for each in ("en", "cy"))
    if not welsh:
        return ()
    return ("cy", "en") if welsh >= english else ("en", "cy")


def in_language(texts: Texts, language: Language) -> dict[str, str]:
    """Every text in one language.

    >>> in_language({"time": ("Time", "Amser")}, "cy")
    {'time': 'Amser'}
    """
    place = 1 if language == "cy" else 0
    return {key: both[place] for key, both in texts.items()}


def _quality(accept: str, preferred: str) -> float:
    """The highest quality that a header gives to a language or one of its regions; 0 if it does not name it."""
    found = [0.0]
    for part in accept.split(","):
        name, _, quality = part.partition(";")
        if name.strip().partition("-")[0] == preferred:
            weight = WEIGHT.fullmatch(quality.strip())
            found.append(float(weight["q"] or 1) if weight else 0.0)
    return max(found)
