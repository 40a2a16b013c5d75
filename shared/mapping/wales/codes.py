"""Code systems of NHS Wales; the data is ``codes.json``, which names its source."""

from pathlib import Path
from typing import Any

import orjson

from shared.fhir.resource import Element, element

_DATA: dict[str, Any] = orjson.loads(Path(__file__).with_name("codes.json").read_bytes())
MARITAL_V3: dict[str, str] = _DATA["marital_v3"]
V3_MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
BCP_47 = "urn:ietf:bcp:47"
UK_LANGUAGE = "https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage"
EVERYDAY_TITLES = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Rev", "Sir")
LANGUAGE_WORDS = {"cy": "Welsh", "en": "English"}


def coding(table: str, code: str) -> Element:
    """The coding of a Welsh code; ``{}`` if it is not in the table.

    >>> coding("ethnic_category", "T")["display"], coding("ethnic_category", "?")
    ('Arab', {})
    """
    held = _DATA[table]
    return {"system": held["system"], "code": code, "display": held["codes"][code]} if code in held["codes"] else {}


def is_title(text: str) -> bool:
    """Whether a word is a title: in the Welsh list, or one of those in everyday use."""
    return text.rstrip(".") in _DATA["title"]["codes"] or text.rstrip(".") in EVERYDAY_TITLES


def concept(table: str, code: str, text: str = "") -> Element:
    """The CodeableConcept of a Welsh code, or only its text; ``{}`` without both."""
    found = coding(table, code)
    return element(coding=[found], text="" if found else text or code)


def verification(status: str) -> Element:
    """PID-32 -> the status of the NHS Number, with or without ``NSTS`` before it.

    >>> verification("NSTS01")["coding"][0]["code"]
    '01'
    """
    return concept("nhs_number_status", status.removeprefix("NSTS")) if status else {}


def marital_status(code: str) -> Element:
    """A two-digit Welsh code: in the Welsh system, and in v3 if it has an equivalent; ``{}`` if it is not one."""
    found = coding("marital_status", code)
    if not found:
        return {}
    v3 = {"system": V3_MARITAL, "code": MARITAL_V3[code]} if code in MARITAL_V3 else {}
    return element(coding=[v3, found])


def language(code: str) -> Element:
    """A language in BCP 47, and as coded by UK Core."""
    words = LANGUAGE_WORDS.get(code, "")
    return {"coding": [element(system=each, code=code, display=words) for each in (BCP_47, UK_LANGUAGE)]}
