"""NM, SN, NR, NA, CQ, ED, RP, TX, FT: values of observations and text."""

import re
from binascii import a2b_hex, b2a_base64
from functools import lru_cache
from math import isfinite

from shared import base64_pieces
from shared.base64_pieces import Base64, is_base64
from shared.fhir.resource import Decimal, Element, element
from shared.hl7.long_lines import LongRepetition
from shared.hl7.repetition import Repetition
from shared.long_texts import LongText
from shared.mapping.datatypes.code import ORIGINAL_TEXT, coding_system
from shared.mapping.tables import V2_SYSTEM
from shared.mapping.texts import Part, text_at, texts_at

BOM = "\ufeff"  # a byte-order mark inside a text counts as a space
COMPARATORS = ("<", "<=", ">", ">=")
MEDIA = {"AP": "application", "AU": "audio", "IM": "image", "TEXT": "text", "TX": "text", "FT": "text", "SD": "image"}
MIME = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)
ALTERNATE_CODES = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
TYPES_OF_DATA = ("AP", "AU", "FT", "IM", "multipart", "NS", "SD", "SI", "TEXT", "TX")
SUBTYPES = {
    "PDF": "application/pdf",
    "DICOM": "application/dicom",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "RTF": "text/rtf",
    "HTML": "text/html",
    "XML": "text/xml",
    "PLAIN": "text/plain",
}


@lru_cache(maxsize=4096)
def nm_decimal(text: str) -> Decimal:
    """decimal from NM with every digit. ValueError: not a number. Source: HL7 v2.5.1 section 2.A.46.

    >>> nm_decimal("7.40").text
    '7.40'
    """
    number = Decimal(text.strip())
    if not isfinite(number):
        raise ValueError("the number does not fit a FHIR decimal")
    return number


def positive(text: str) -> int | None:
    """positiveInt from SI or NM; ``None`` for any text that is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 and 0 < int(text) < 1 << 31 else None


TRANSLATION = "http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation"
UNIT = texts_at(*(str(n) for n in range(1, 13)))
UNIT_OF_CQ = texts_at(*(f"2.{n}" for n in range(1, 13)))


@lru_cache(maxsize=1024)
def _unit(*sent: str, original_first: bool = False) -> Element:
    """Unit, system and code from the twelve components of a CWE; its other codes are translations, in an extension.

    ``original_first``: whether the original text is the unit, as in the guide for CQ, or an extension. Never change the result:
    it is cached.
    """
    triplets = [_named_unit(*sent[n : n + 3]) for n in (0, 3, 9)]
    units = [each for each in triplets if each]
    original, first = sent[8], units[0] if units else {}
    if original and (original_first or not first):
        first, original = {**first, "unit": original}, units[0]["unit"] if units else ""
    others = [{"url": TRANSLATION, "valueQuantity": each} for each in units[1:]]
    words = [{"url": ORIGINAL_TEXT, "valueString": original}] if original and original != first["unit"] else []
    return element(extension=[*others, *words], **first)


def _named_unit(code: str, text: str, system: str) -> Element:
    """One unit. A long number is an identifier that is not a unit, and stays as a text.

    >>> [sorted(_named_unit(code, "", "L")) for code in ("1234567890", "123456789", "millimoles-each-litre")]
    [['unit'], ['code', 'system', 'unit'], ['code', 'system', 'unit']]
    """
    code = " ".join(code.replace(BOM, " ").split())
    coded = code and system and not (code.isdigit() and len(code) > 9)  # a number that is not a unit
    return element(unit=text or code, system=coding_system(system) if coded else "", code=code if coded else "")


def cwe_unit(cwe: Part) -> Element:
    """Unit, system and code of a Quantity from CE or CWE; a code needs its system. Source: guide, CWE[Quantity]."""
    return _unit(*UNIT(cwe))


def cq_quantity(cq: Part) -> Element:
    """Quantity from CQ; ``{}`` if absent. ValueError: CQ-1 is not a number. Source: guide, CQ[Quantity]."""
    number = text_at(cq, "1")
    return measured({"value": nm_decimal(number)}, _unit(*UNIT_OF_CQ(cq), original_first=True)) if number else {}


def measured(amount: Element, unit: Element | None) -> Element:
    """A Quantity: a value and comparator in its unit, and the same value in each other code of that unit."""
    if not unit or "extension" not in unit:
        return {**amount, **(unit or {})}
    others = [
        {**each, "valueQuantity": {**amount, **each["valueQuantity"]}} if "valueQuantity" in each else each
        for each in unit["extension"]
    ]
    return {"extension": others, **amount, **{name: value for name, value in unit.items() if name != "extension"}}


def nr_range(nr: Part, unit: Element | None = None) -> Element:
    """Range from NR; ``{}`` without limits. ValueError: not numbers, or in the wrong order. Source: guide, NR[Range]."""
    return _range(text_at(nr, "1"), text_at(nr, "2"), unit)


def sn_value(sn: Part, unit: Element | None = None) -> Element:
    """``valueQuantity``, ``valueRange``, ``valueRatio`` or ``valueString`` from SN, by its separator and comparator.

    ``{}`` if absent. ValueError: none of them can represent all parts; ``sn_text`` is the text of all parts.
    Source: guide, OBX[Observation] rows for SN; SN[Quantity], SN[Range], SN[Ratio].

    >>> sn_value({"1": "<", "2": "10", "3": "", "4": ""})
    {'valueQuantity': {'value': 10.0, 'comparator': '<'}}
    """
    comparator, first, separator, second = (text_at(sn, path) for path in ("1", "2", "3", "4"))
    if not (comparator or first or separator or second):
        return {}
    if comparator == "<>" or separator == "+" or (separator and not first):
        return {"valueString": sn_text(sn)}
    if comparator not in ("", "=", *COMPARATORS) or not first or len(_parts(sn)) > 4:
        raise ValueError("neither a quantity nor a range nor a ratio")
    if separator in (":", "/") and second:
        return {"valueRatio": {"numerator": _quantity(first, unit, comparator), "denominator": _quantity(second, unit)}}
    if separator == "-" and second and comparator in ("", "="):
        return {"valueRange": _range(first, second, unit)}
    if separator or second:
        raise ValueError("neither a quantity nor a range nor a ratio")
    return {"valueQuantity": _quantity(first, unit, comparator)}


def sn_text(sn: Part) -> str:
    """Every part of an SN, in order.

    >>> sn_text({"1": "=<", "2": "23", "3": "", "4": ""})
    '=< 23'
    """
    return " ".join(filter(None, _parts(sn)))


def _parts(sn: Part) -> list[str]:
    """The components up to the last one with a value, at least four."""
    last = sn.components if isinstance(sn, Repetition) else 4
    texts = [text_at(sn, str(n)) for n in range(1, last + 1)]
    while len(texts) > 4 and not texts[-1]:
        texts.pop()
    return texts


def _range(low: str, high: str, unit: Element | None) -> Element:
    """ValueError: the low limit is above the high one, which FHIR does not allow."""
    found = element(low=_quantity(low, unit), high=_quantity(high, unit))
    if low and high and found["low"]["value"] > found["high"]["value"]:
        raise ValueError("the low limit of the range is above the high one")
    return found


def _quantity(number: str, unit: Element | None, comparator: str = "") -> Element:
    if not number:
        return {}
    value: Element = {"value": nm_decimal(number)}
    if comparator in COMPARATORS:
        value["comparator"] = comparator
    return measured(value, unit)


def na_sampled_data(texts: list[str], unit: Element | None = None) -> Element:
    """SampledData from NA: the numbers in order, an empty place is E. ValueError: one is not a number.

    Source: guide, NA[SampledData]; HL7 does not send origin and period.
    """
    data = " ".join(nm_decimal(text).text if text else "E" for text in texts)
    return {"origin": measured({"value": 0}, unit), "period": 1, "dimensions": 1, "data": data}


def media_type(kind: str, subtype: str) -> str:
    """The MIME type of ED-2 and ED-3 (or RP-3 and RP-4); ``""`` if they have none.

    >>> media_type("AP", "PDF"), media_type("Application", "pdf"), media_type("TEXT", "")
    ('application/pdf', 'application/pdf', 'text/plain')
    """
    kind, subtype = kind.strip().lower(), subtype.strip().lower()
    if "/" in subtype or "/" in kind:
        named = subtype if "/" in subtype else kind
    elif subtype.upper() in SUBTYPES:
        return SUBTYPES[subtype.upper()]
    else:
        main = MEDIA.get(kind.upper(), kind)
        named = f"{main}/{subtype}" if main and subtype else "text/plain" if main == "text" else ""
    return named if MIME.fullmatch(named) else ""


def ed_attachment(ed: Part) -> Element:
    """Attachment from ED: base64 is unchanged, hexadecimal and plain text become base64.

    ``{}`` without data. ValueError: the data is not in the encoding of ED-4. Source: guide, ED[Attachment].
    """
    data = ed.where_it_is("5") if isinstance(ed, LongRepetition) else text_at(ed, "5")
    if not data:
        return {}
    encoding = text_at(ed, "4").upper()
    if encoding == "HEX":
        data = base64(a2b_hex(str(data)))
    elif encoding != "BASE64":
        data = base64(str(data).encode("utf-8", "replace"))
    main, subtype = text_at(ed, "2"), text_at(ed, "3")
    kind = media_type(main, subtype)
    as_sent = _type_of_data(main) if main and not kind else []
    # FHIR, att-1: data has a type
    return element(extension=as_sent, contentType=kind or "application/octet-stream", data=_base64(data))


def _type_of_data(kind: str) -> list[Element]:
    """ED-2 (HL7 table 0191) where it makes no MIME type; another word stays as text. Source: guide, ED[Attachment]."""
    concept: Element = {"coding": [{"system": V2_SYSTEM + "0191", "code": kind}]} if kind in TYPES_OF_DATA else {"text": kind}
    return [{"url": ALTERNATE_CODES, "valueCodeableConcept": concept}]


def rp_attachment(rp: Part) -> Element:
    """Attachment from RP: the URL of the document. ``{}`` without a pointer. Source: guide, RP[Attachment]."""
    pointer = text_at(rp, "1")
    return element(contentType=media_type(text_at(rp, "3"), text_at(rp, "4")), url=pointer) if pointer else {}


def base64(data: bytes) -> str | LongText:
    """The bytes in base64; a long text is not in memory twice while it is made."""
    made = b2a_base64(data, newline=False)
    return LongText(made, 0, len(made)) if len(made) >= base64_pieces.LONG else made.decode()


def _base64(data: str | LongText) -> str | LongText:
    """The data without line ends. ValueError: not base64."""
    unbroken = "".join(data.split()) if isinstance(data, str) and any(c in data for c in " \r\n\t") else data
    if isinstance(unbroken, str) and len(unbroken) < base64_pieces.LONG:
        return Base64(unbroken)
    if not is_base64(unbroken):  # a long one is not copied: it would be in memory once more
        raise ValueError("not base64")
    return unbroken
