"""CX, EI, EIP, HD, PLN, DLN: identifiers and their assigners."""

from functools import cache, lru_cache
from typing import NamedTuple

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.authority import NONE, OID, Authorities, hd_organization, hd_uri
from shared.mapping.datatypes.code import Component, coding_system, cwe_codeable_concept
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.tables import IDENTIFIER_TYPE, PRACTITIONER_ID_TYPE, V2_SYSTEM, Table
from shared.mapping.texts import Part, text_at, texts_at
from shared.validation.authorities import PATIENT_AUTHORITY, PROVIDER_AUTHORITY

CHECK_DIGIT = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
CHECK_DIGIT_SCHEME = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit"
GROUP_NUMBER = {"PGN": "placer group number", "FGN": "filler group number"}


@lru_cache(maxsize=512)
def identifier_type(code: str, table: Table = IDENTIFIER_TYPE) -> Element:
    """Identifier.type from CX-5 and similar; a code outside table 0203 stays as text. Never change the result: it is cached.

    >>> identifier_type("MR")
    {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/v2-0203', 'code': 'MR'}]}
    """
    target = table.target(code)
    if not code or (target and target.code):
        return {"coding": [{"system": target.system, "code": target.code}]} if target else {}
    return {"text": code}


@cache
def v2_0203(code: str) -> Element:
    """An identifier type that the guide names: PLAC, FILL, VN; group numbers have no code in R4, so they have a text."""
    if code in GROUP_NUMBER:
        return {"text": GROUP_NUMBER[code]}
    return {"coding": [{"system": V2_SYSTEM + "0203", "code": code}]}


HD = texts_at("1", "2", "3")


class Authority(NamedTuple):
    """An HD: the assigner of a number."""

    namespace: str
    universal: str
    kind: str


def hd(part: Part, namespace: str, universal: str, kind: str) -> Authority:
    """The three parts of an HD at these paths."""
    return Authority(text_at(part, namespace), text_at(part, universal), text_at(part, kind))


def numbered(value: str, authority: Authority, kind: Element, known: Authorities = NONE) -> Element:
    """Identifier of a number, an authority and a type; ``{}`` without a number."""
    if not value:
        return {}
    return element(type=kind, system=hd_uri(*authority, known), value=value, assigner=assigner(*authority, known))


def check_digit(digit: str, scheme: str) -> list[Element]:
    """Extensions of an Identifier: its check digit, and the scheme of the check digit (HL7 table 0061).

    The guide names an extension of NamingSystem for the scheme; R4 has none for an identifier.
    """
    sent = ((CHECK_DIGIT, digit), (CHECK_DIGIT_SCHEME, scheme))
    return [{"url": url, "valueString": text} for url, text in sent if text]


CX = texts_at("1", "2", "3", "4.1", "4.2", "4.3", "5", "7", "8")


def cx_identifier(cx: Part, known: Authorities = PATIENT_AUTHORITY) -> Element:
    """Identifier of a patient from CX: value, system or assigner, type, period and check digit.

    ``{}`` without an ID number. ValueError: CX-7 or CX-8 is not a date. Source: guide, CX[Identifier].

    >>> from shared.hl7 import parse
    >>> message = parse("MSH|^~\\\\&|\\rPID|||9990000018^^^NHS^NH")
    >>> cx_identifier(message["PID"].repeats("3")[0])["system"]
    'https://fhir.nhs.uk/Id/nhs-number'
    """
    number, digit, scheme, *authority, kind, starts, ends = CX(cx)
    found = numbered(number, Authority(*authority), identifier_type(kind), known)
    if found and (starts or ends):
        found["period"] = element(start=dtm_date_time(starts), end=dtm_date_time(ends))
    if found and (digit or scheme):
        found["extension"] = check_digit(digit, scheme)
    return found


def cx_number(cx: Part) -> Element:
    """Identifier from CX of a visit or an account, not a patient: the authority is only its assigner."""
    return cx_identifier(cx, NONE)


def assigner(namespace: str, universal: str, kind: str, known: Authorities = NONE) -> Element:
    """The assigner, unless the system identifies it."""
    if not namespace or namespace in known or OID.fullmatch(namespace):
        return {}
    return hd_organization(namespace, universal, kind)


EI = texts_at("1", "2", "3", "4")


def ei_identifier(ei: Part, kind: str = "") -> Element:
    """Identifier from EI, with the type of the guide (PLAC, FILL). ``{}`` if absent.

    Source: guide, EI[Identifier-System] and EI[Identifier-Organization].
    """
    number, *authority = EI(ei)
    return numbered(number, Authority(*authority), v2_0203(kind) if kind else {})


def eip_identifiers(eip: Part, placer: str = "PGN", filler: str = "FGN") -> list[Element]:
    """Identifiers from EIP: the placer's and the filler's. Source: guide, EIP[Identifier-...AssignedIdentifier]."""
    found = [
        numbered(text_at(eip, n), hd(eip, n + ".2", n + ".3", n + ".4"), v2_0203(kind))
        for n, kind in (("1", placer), ("2", filler))
    ]
    return [each for each in found if each]


def pln_identifier(pln: Part) -> Element:
    """Identifier from PLN (a practitioner's licence or number). Source: guide, PLN[Identifier]."""
    value = text_at(pln, "1")
    if not value:
        return {}
    return element(
        type=_pln_type(pln),
        system=PROVIDER_AUTHORITY.get(text_at(pln, "2"), ""),
        value=value,
        period=element(end=dtm_date_time(text_at(pln, "4"))),
    )


def _pln_type(pln: Part) -> Element:
    """PLN-2: a bare code, or since v2.7 a CWE with its system and other codes."""
    if any(text_at(pln, f"2.{n}") for n in range(2, 14)):
        return cwe_codeable_concept(Component(pln, "2"), PRACTITIONER_ID_TYPE)
    return identifier_type(text_at(pln, "2"), PRACTITIONER_ID_TYPE)


def dln_identifier(dln: Part) -> Element:
    """Identifier from DLN (a driver's licence): the issuer is the assigner and the system, named by the hub unless a URI.

    Source: guide, DLN[Identifier].
    """
    value = text_at(dln, "1")
    if not value:
        return {}
    issuer = text_at(dln, "2.1") or text_at(dln, "2.4")
    system = hd_uri("", issuer) or coding_system(issuer)
    words = text_at(dln, "2.9") or text_at(dln, "2.2") or issuer
    return element(
        type=v2_0203("DL"),
        system=system,
        value=value,
        period=element(end=dtm_date_time(text_at(dln, "3"))),
        assigner=element(display=words),
    )
