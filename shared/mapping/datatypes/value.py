"""NM, SN, NR, NA, CQ, ED, RP, TX, FT: what was measured, seen or written."""

from binascii import a2b_hex, b2a_base64
from functools import lru_cache

from shared.fhir.resource import Decimal, Element, element
from shared.mapping.datatypes.code import coding_system
from shared.mapping.said import Part, said

COMPARATORS = ("<", "<=", ">", ">=")
MEDIA = {"AP": "application", "AU": "audio", "IM": "image", "TEXT": "text", "TX": "text", "FT": "text", "SD": "image"}
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
ORIGINAL_TEXT = "http://hl7.org/fhir/StructureDefinition/originalText"


@lru_cache(maxsize=4096)
def nm_decimal(text: str) -> Decimal:
    """decimal from NM, every digit kept. ValueError: not a number. Source: HL7 v2.5.1 section 2.A.46.

    >>> nm_decimal("7.40").text
    '7.40'
    """
    return Decimal(text.strip())


@lru_cache(maxsize=1024)
def _unit(code: str, text: str, system: str) -> tuple[tuple[str, str], ...]:
    coded = code and system
    parts = (("unit", text or code), ("system", coding_system(system) if coded else ""), ("code", code if coded else ""))
    return tuple((name, value) for name, value in parts if value)


def cwe_unit(cwe: Part) -> Element:
    """Unit, system and code of a Quantity from CE or CWE: a code only with its system. Source: guide, CWE[Quantity]."""
    return dict(_unit(said(cwe, "1"), said(cwe, "2"), said(cwe, "3")))


def cq_quantity(cq: Part) -> Element:
    """Quantity from CQ; ``{}`` when there is none. ValueError: CQ-1 is no number. Source: guide, CQ[Quantity]."""
    number = said(cq, "1")
    if not number:
        return {}
    unit = dict(_unit(said(cq, "2.1"), said(cq, "2.2"), said(cq, "2.3")))
    return {"value": nm_decimal(number), **unit}


def nr_range(nr: Part, unit: Element | None = None) -> Element:
    """Range from NR. ValueError: not numbers. Source: guide, NR[Range]."""
    return element(low=_quantity(said(nr, "1"), unit), high=_quantity(said(nr, "2"), unit))


def sn_value(sn: Part, unit: Element | None = None) -> Element:
    """``valueQuantity``, ``valueRange``, ``valueRatio`` or ``valueString`` from SN, by its separator and comparator.

    ValueError: a number is none. Source: guide, OBX[Observation] rows for SN; SN[Quantity], SN[Range], SN[Ratio].

    >>> sn_value({"1": "<", "2": "10", "3": "", "4": ""})
    {'valueQuantity': {'value': 10.0, 'comparator': '<'}}
    """
    comparator, first, separator, second = (said(sn, path) for path in ("1", "2", "3", "4"))
    if comparator == "<>" or separator == "+" or (separator and not first):
        return {"valueString": " ".join(filter(None, (comparator, first, separator, second)))}
    if separator in (":", "/") and second:
        return {"valueRatio": {"numerator": _quantity(first, unit, comparator), "denominator": _quantity(second, unit)}}
    if separator == "-" and second:
        return {"valueRange": {"low": _quantity(first, unit), "high": _quantity(second, unit)}}
    return {"valueQuantity": _quantity(first, unit, comparator)} if first else {}


def _quantity(number: str, unit: Element | None, comparator: str = "") -> Element:
    if not number:
        return {}
    value: Element = {"value": nm_decimal(number)}
    if comparator in COMPARATORS:
        value["comparator"] = comparator
    return value | unit if unit else value


def na_sampled_data(texts: list[str]) -> Element:
    """SampledData from NA: the numbers in their order. Source: guide, NA[SampledData]; origin and period were not sent."""
    return {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": " ".join(text or "E" for text in texts)}


def media_type(kind: str, subtype: str) -> str:
    """The MIME type that ED-2 and ED-3 (or RP-3 and RP-4) name; ``""`` when they name none.

    >>> media_type("AP", "PDF"), media_type("Application", "pdf"), media_type("TEXT", "")
    ('application/pdf', 'application/pdf', 'text/plain')
    """
    if "/" in subtype or "/" in kind:
        return (subtype if "/" in subtype else kind).lower()
    if subtype.upper() in SUBTYPES:
        return SUBTYPES[subtype.upper()]
    main = MEDIA.get(kind.upper(), kind.lower())
    return f"{main}/{subtype.lower()}" if main and subtype else "text/plain" if main == "text" else ""


def ed_attachment(ed: Part) -> Element:
    """Attachment from ED: base64 stays as it is, hexadecimal and plain text become base64.

    ``{}`` when there is no data. ValueError: the data is not what ED-4 says. Source: guide, ED[Attachment].
    """
    data = said(ed, "5")
    if not data:
        return {}
    encoding = said(ed, "4").upper()
    if encoding == "HEX":
        data = base64(a2b_hex(data))
    elif encoding != "BASE64":
        data = base64(data.encode())
    return element(contentType=media_type(said(ed, "2"), said(ed, "3")), data=_unbroken(data))


def rp_attachment(rp: Part) -> Element:
    """Attachment from RP: where the document lies. ``{}`` when there is no pointer. Source: guide, RP[Attachment]."""
    pointer = said(rp, "1")
    return element(contentType=media_type(said(rp, "3"), said(rp, "4")), url=pointer) if pointer else {}


def base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def _unbroken(data: str) -> str:
    return "".join(data.split()) if any(c in data for c in " \r\n\t") else data
