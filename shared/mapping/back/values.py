"""FHIR codes, times and quantities as HL7 v2 datatypes: the inverse of the guide."""

import decimal
from collections.abc import Mapping
from urllib.parse import unquote

from shared.fhir.resource import Decimal, Element
from shared.hl7.compose import Component
from shared.mapping.back.reading import forget, leave_out, peek
from shared.mapping.datatypes.date import uk_offset
from shared.mapping.datatypes.person import HL7
from shared.mapping.tables import (
    CODE_SYSTEM_BACK,
    LOCAL_SYSTEM,
    V2_SYSTEM,
    Table,
)

Field = tuple[Component, ...]
NOTHING: Mapping[str, str] = {}


def code_of(element: Element, name: str, table: Table, more: Mapping[str, str] = NOTHING) -> str:
    """The v2 code of a FHIR code; ``""`` if absent, or if there is none: then the element counts as not read.

    Args:
        more: codes that the guide's table does not map back, or not as version 2.5.1 defines them.
    """
    value = str(element.get(name, ""))
    code = more[value] if value in more else table.back(value)
    if value and not code:
        forget(element, name)
    return code


def date_time_dtm(text: str) -> str:
    """DTM from date, dateTime, instant or time, with an offset unless it is that of the United Kingdom.

    >>> date_time_dtm("2024-07-01T14:05:00+01:00"), date_time_dtm("2024-07-01T14:05:00Z"), date_time_dtm("2024-05")
    ('20240701140500', '20240701140500+0000', '202405')
    """
    date, _, time = text.partition("T")
    if not time:
        return date.replace("-", "").replace(":", "")
    sign = max(time.rfind("+"), time.rfind("-"))
    clock, offset = (time[:sign], time[sign:]) if sign > 0 else (time.rstrip("Z"), "+00:00")
    year, month, day = (int(part) for part in date.split("-"))
    zone = "" if offset == uk_offset(year, month, day, int(clock[:2])) else offset.replace(":", "")
    return date.replace("-", "") + clock.replace(":", "")[:11] + zone  # HHMMSS and up to four digits of a fraction


def system_name(system: str) -> str:
    """The name of a coding system (HL7 table 0396) of a FHIR system.

    >>> system_name("http://loinc.org"), system_name("http://terminology.hl7.org/CodeSystem/v2-0002")
    ('LN', 'HL70002')
    """
    if system.startswith(V2_SYSTEM):
        return "HL7" + system[len(V2_SYSTEM) :]
    if system.startswith(LOCAL_SYSTEM):
        return unquote(system[len(LOCAL_SYSTEM) :])
    return CODE_SYSTEM_BACK.get(system, system)


def concept_cwe(concept: Element, table: Table | None = None) -> Field:
    """CWE from CodeableConcept: the code by the inverse table with the text of the concept, otherwise the codings unchanged.

    >>> concept_cwe({"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb"}]})
    ('718-7', 'Hb', 'LN', '', '', '', '', '', '')
    """
    text = concept.get("text", "")
    codings = list(concept.get("coding", ()))
    if not codings:
        return ("", text)
    if table:
        return _by_table(codings, text, table)
    first = codings[0]
    words = first.get("display", "")
    second: Element = codings[1] if len(codings) > 1 else {}
    own = first.get("system", "").startswith("http://terminology.hl7.org/")
    return (
        first.get("code", ""),
        text if own or not words else words,
        system_name(first.get("system", "")) if words or text or not own else "",
        *_triplet(second),
        first.get("version", ""),
        second.get("version", ""),
        text if words and text != words and not own else "",
    )


def _triplet(coding: Element) -> Field:
    return coding.get("code", ""), coding.get("display", ""), system_name(coding.get("system", ""))


def _by_table(codings: list[Element], text: str, table: Table) -> Field:
    """The code of the v2 table: as sent, otherwise by the inverse table; a code of another system stays unchanged."""
    own = V2_SYSTEM + table.v2
    for coding in codings:
        if coding.get("system") == own and coding.get("code", "") in table:
            return _named(coding["code"], text, table)
    back = table.back(codings[0].get("code", ""))
    if back and table.codes[back][1] == codings[0].get("system"):
        return _named(back, text, table)
    return concept_cwe({"coding": codings, "text": text})


def _named(code: str, text: str, table: Table) -> Field:
    return (code, text, f"HL7{table.v2}") if text else (code,)


def concept_code(concept: Element, table: Table | None = None) -> str:
    """The code of a concept, for a field that has nothing but a code: its other codings count as not read.

    >>> concept_code({"coding": [{"code": "A"}, {"code": "B"}]}), concept_code({"text": "words"})
    ('A', '')
    """
    code = str(concept_cwe(concept, table)[0])
    codings = concept.get("coding", [])
    used = next((each for each in codings if peek(each, "code") == code), None) or (codings[0] if codings else None)
    leave_out([each for each in codings if each is not used])
    return code


def first_code(concept: Element) -> str:
    """The code of the first coding of a concept; ``""`` without one."""
    codings: list[Element] = concept.get("coding", [])
    return str(codings[0].get("code", "")) if codings else ""


def words_or_code(concept: Element) -> str:
    """The text of a concept, otherwise the code of its first coding.

    >>> words_or_code({"coding": [{"code": "A"}]}), words_or_code({"coding": [{"display": "words"}]})
    ('A', '')
    """
    return str(concept.get("text") or first_code(concept))


def coding_cwe(coding: Element, table: Table | None = None) -> Field:
    """CWE from Coding."""
    return concept_cwe({"coding": [coding]}, table) if coding else ()


def number(value: float | None) -> str:
    """NM: the digits as sent, if they are available.

    >>> number(Decimal("7.40")), number(172), number(None)
    ('7.40', '172', '')
    """
    if isinstance(value, Decimal):
        return value.text if "e" not in value.text.lower() else f"{decimal.Decimal(value.text):f}"
    return "" if value is None else str(value)


def quantity_unit(quantity: Element) -> Field:
    """CWE from the unit of a Quantity: its code, its text and the system."""
    code, unit = quantity.get("code", ""), quantity.get("unit", "")
    if not code:
        return (unit,)
    return (code, unit, system_name(quantity.get("system", "")))


def quantity_cq(quantity: Element) -> Field:
    """CQ from Quantity."""
    return (number(quantity.get("value")), tuple(str(each or "") for each in quantity_unit(quantity)))


def extension_value(held: Element, url: str) -> object:
    """The value of an extension; ``None`` without that extension."""
    for each in held.get("extension", ()):
        if each.get("url") == url:
            return next((value for name, value in each.items() if name.startswith("value")), each.get("extension"))
    return None


def extension_element(held: Element, url: str) -> Element:
    """The value of an extension that is not a primitive; ``{}`` without that extension, and for a value of another kind."""
    value = extension_value(held, url)
    return value if isinstance(value, dict) else {}


def is_absent(held: Element) -> bool:
    """Whether an element only states that its value is unknown."""
    return extension_value(held, HL7 + "data-absent-reason") is not None


def code_by(codes: Mapping[str, str], element: Element, name: str) -> str:
    """The v2 code of a FHIR code; ``""`` if there is none: then the element counts as not read."""
    code = codes.get(element.get(name, ""), "")
    if not code:
        forget(element, name)
    return code
