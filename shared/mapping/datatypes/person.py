"""XPN, FN, XAD, SAD, XTN: names, addresses, telephone numbers and e-mail addresses of people."""

from functools import lru_cache

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.code import ORIGINAL_TEXT
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.tables import ADDRESS_TYPE, ADDRESS_USE, NAME_TYPE, TELECOM_EQUIPMENT, TELECOM_USE, V2_SYSTEM, V2_TABLES
from shared.mapping.texts import Part, text_at, texts_at

HL7 = "http://hl7.org/fhir/StructureDefinition/"
OWN_NAMES = [HL7 + f"humanname-{part}" for part in ("own-prefix", "own-name", "partner-prefix", "partner-name")]
SAID_EXACTLY = ("", "H", "M")  # XAD-7: home is a use, mailing a type
XPN = texts_at("1.1", "2", "3", "4", "5", "6", "7", "11", "14", "1.2", "1.3", "1.4", "1.5", "12", "13", "10.1", "10.2")
XTN = texts_at("1", "2", "3", "4", "18", "13", "14", "12", "9", "5", "6", "7", "8")
XAD = texts_at("3", "4", "5", "6", "7", "9", "10", "1.1", "1.2", "1.3", "2", "19", "13", "14", "12.1", "12.2")


def xpn_human_name(xpn: Part) -> Element:
    """HumanName from XPN. ``{}`` if absent. ValueError: a date is not valid. Source: guide, XPN[HumanName].

    >>> from shared.hl7 import parse
    >>> xpn_human_name(parse("MSH|^~\\\\&|\\rPID|||||Jones^Ann^May^^Dr^^L")["PID"].repeats("5")[0])
    {'use': 'official', 'family': 'Jones', 'given': ['Ann', 'May'], 'prefix': ['Dr']}
    """
    family, given, second, suffix, prefix, degree, kind, order, professional, *more = XPN(xpn)
    return element(
        extension=assembly_order(order),
        use=NAME_TYPE.get(kind),
        family=family,
        _family=fn_family(*more[:4]),
        given=[given, second],
        prefix=[prefix],
        suffix=[suffix, degree, professional],
        period=period(*more[4:]),
    )


def assembly_order(order: str) -> list[Element]:
    """The order of the parts of a name (HL7 table 0444), as an extension of the name."""
    return [{"url": HL7 + "humanname-assembly-order", "valueCode": order}] if order in ("G", "F") else []


def xpn_nickname(xpn: Part) -> Element:
    """The name that a person uses (XPN-15), as a separate name. Source: guide, XPN[HumanName]."""
    called = text_at(xpn, "15")
    return {"use": "nickname", "given": [called]} if called else {}


def xpn_string(xpn: Part) -> str:
    """A name as one text: prefix, given, family, suffix. Source: guide, XPN[string]."""
    return " ".join(filter(None, (text_at(xpn, path) for path in ("5", "2", "3", "1.1", "4"))))


def fn_family(*names: str) -> Element:
    """The other parts of a family name (FN-2 to FN-5): own and partner's names and prefixes. Source: guide, FN[HumanName]."""
    if not any(names):
        return {}
    return element(extension=[{"url": url, "valueString": text} for url, text in zip(OWN_NAMES, names, strict=True) if text])


def xad_address(xad: Part) -> Element:
    """Address from XAD or AD. ``{}`` if absent. ValueError: a date is not valid. Source: guide, XAD[Address].

    >>> from shared.hl7 import parse
    >>> xad_address(parse("MSH|^~\\\\&|\\rPID|||||||||||1 High St^^Swansea^^SA1 1AA^GBR^H")["PID"].repeats("11")[0])
    {'use': 'home', 'line': ['1 High St'], 'city': 'Swansea', 'postalCode': 'SA1 1AA', 'country': 'GBR'}
    """
    city, state, postcode, country, kind, county, tract, *more = XAD(xad)
    return element(
        extension=_address_kind(kind) if kind not in SAID_EXACTLY else [],
        use=ADDRESS_USE.get(kind),
        type=ADDRESS_TYPE.get(kind),
        **_lines(more[:5], tract and _words(xad, "10")),
        city=city,
        district=county and _words(xad, "9"),
        state=state,
        postalCode=postcode,
        country=country,
        period=period(*more[5:]),
    )


def _address_kind(kind: str) -> list[Element]:
    """XAD-7 if ``use`` and ``type`` do not mean exactly the same: a holiday home, otherwise the code as sent.

    The guide gives no URL for the second extension: this is HL7's extension for a code of another system.
    """
    if kind == "HV":
        return [{"url": HL7 + "iso21090-AD-use", "valueCode": "HV"}]
    return [{"url": HL7 + "alternate-codes", "valueCodeableConcept": address_type(kind)}]


@lru_cache(maxsize=64)
def address_type(kind: str) -> Element:
    """CodeableConcept of XAD-7 (HL7 table 0190); any other text stays as text. Never change the result: it is cached."""
    known = kind in V2_TABLES["0190"]
    return {"coding": [{"system": V2_SYSTEM + "0190", "code": kind}]} if known else {"text": kind}


def _lines(lines: list[str], tract: str) -> Element:
    """Address.line, with the census tract (XAD-10) on the first one: R4 has its extension for a line, not for an address."""
    sent = [line for line in lines if line]
    if not tract:
        return {"line": sent}
    first = {"extension": [{"url": HL7 + "iso21090-ADXP-censusTract", "valueString": tract}]}
    return {"line": sent or [None], "_line": [first, *[None] * (len(sent) - 1)]}


def _words(part: Part, component: str) -> str:
    """The text of a component that may be a code with a text (CWE). Source: guide, CWE[string]."""
    return next(filter(None, (text_at(part, f"{component}.{n}") for n in (9, 2, 1))), "")


def xtn_contact_points(xtn: Part, use: str = "") -> list[Element]:
    """ContactPoints from XTN, one for its number and one for its address; ``use`` is that of the field unless XTN-2 gives it.

    ``[]`` if absent. Without XTN-3 a number is a phone (XTN-1 is a telephone number by its type); the guide's "unknown" is not
    in R4's required binding. ValueError: a date is not valid. Source: guide, XTN[ContactPoint].

    >>> from shared.hl7 import parse
    >>> xtn_contact_points(parse("MSH|^~\\\\&|\\rPID|||||||||||||01792 555555^PRN^PH")["PID"].repeats("13")[0])
    [{'system': 'phone', 'value': '01792 555555', 'use': 'home'}]
    """
    old, usage, equipment, sent_address, rank, begins, ends, unformatted, any_text, *parts = XTN(xtn)
    is_address = "@" in old
    number = unformatted or _composed(*parts) or ("" if is_address else old)
    address = sent_address or (old if is_address else "")
    common = element(
        use=TELECOM_USE.get(usage) or use,
        rank=int(rank) if len(rank) < 10 and rank.isdecimal() and int(rank) else None,
        period=period(begins, ends),
    )
    found = []
    if number:
        mobile = {"use": "mobile"} if equipment == "CP" else {}
        extensions = element(extension=_number_parts(parts)) if any(parts) else {}
        found.append({**extensions, "system": _number_system(number, equipment), "value": number, **common, **mobile})
    if address:
        found.append({"system": _address_system(address, equipment), "value": address, **common})
    return _with_text(found, any_text, common)


def _with_text(points: list[Element], words: str, common: Element) -> list[Element]:
    """XTN-9, any text, on the first of the contact points of the field; a text without them is a contact point itself.

    The guide does not map it: this is FHIR's extension for a text of the sender.
    """
    if not words or any(each["value"] == words for each in points):
        return points
    if not points:
        return [{"system": "other", "value": words, **common}]
    said_of_it = [*points[0].get("extension", ()), {"url": ORIGINAL_TEXT, "valueString": words}]
    return [{**points[0], "extension": said_of_it}, *points[1:]]


def _number_system(number: str, equipment: str) -> str:
    if equipment in ADDRESSED:
        return "url" if "://" in number else "phone" if any(map(str.isdigit, number)) else "other"
    return "phone" if equipment in ("", "CP") else TELECOM_EQUIPMENT.get(equipment, "other")


def _address_system(address: str, equipment: str) -> str:
    return "url" if "://" in address else "email" if "@" in address or equipment in ADDRESSED else "other"


ADDRESSED = ("Internet", "X.400")  # XTN-3 of a type with an address and no number


def _composed(country: str, area: str, local: str, extension: str) -> str:
    """A number from XTN-5 to 8; ``""`` without a local number."""
    if not local:
        return ""
    number = " ".join(filter(None, (f"+{country}" if country else "", area, local)))
    return f"{number} X{extension}" if extension else number


def _number_parts(sent: list[str]) -> list[Element]:
    parts = zip(("country", "area", "local", "extension"), sent, strict=True)
    return [{"url": f"{HL7}contactpoint-{name}", "valueString": text} for name, text in parts if text]


def period(begins: str, ends: str, since: str = "", until: str = "") -> Element:
    """Start and end, each from its own component; otherwise from the older range that has both."""
    if not begins and not ends:
        begins, ends = since, until
    return element(start=dtm_date_time(begins), end=dtm_date_time(ends)) if begins or ends else {}
