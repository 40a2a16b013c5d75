"""CX, EI, EIP, HD, PLN, DLN: identifiers and their assigners."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.code import Component, coding_system, cwe_codeable_concept, is_uri
from shared.mapping.datatypes.date import dtm_date_time
from shared.mapping.said import Part, said, saying
from shared.mapping.tables import IDENTIFIER_TYPE, PRACTITIONER_ID_TYPE, V2_SYSTEM, Table
from shared.validation.authorities import ARC, NHS_NUMBER, NHS_NUMBER_OID, OLD_ARC, PATIENT_AUTHORITY, PROVIDER_AUTHORITY

OID = re.compile(r"(?=.{6})[0-2](\.(0|[1-9]\d*)){2,}", re.ASCII)  # shorter ones are refused by FHIR's reference validator
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CHECK_DIGIT = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
CHECK_DIGIT_SCHEME = "http://hl7.org/fhir/StructureDefinition/namingsystem-checkDigit"
URI_SYSTEM = "urn:ietf:rfc:3986"  # of an identifier whose value is a URI
UNIVERSAL_ID_TYPES = (
    "CAP",
    "CLIA",
    "CLIP",
    "DNS",
    "EUI64",
    "GUID",
    "HCD",
    "HL7",
    "ISO",
    "L",
    "M",
    "N",
    "NPI",
    "Random",
    "URI",
    "UUID",
    "x400",
    "x500",
)
GROUP_NUMBER = {"PGN": "placer group number", "FGN": "filler group number"}


Authorities = Mapping[str, str]
NONE: Authorities = {}


def hd_uri(namespace: str, universal: str = "", kind: str = "", known: Authorities = NONE) -> str:
    """The FHIR system of an HD: a known authority for this kind of number, an OID, a UUID or a URI.

    ``""`` if it has none. Source: guide, HD[uri]. A namespace is not a URI, so it stays the assigner.

    >>> hd_uri("NHS", known=PATIENT_AUTHORITY), hd_uri("", "1.2.840.1", "ISO"), hd_uri("RYR")
    ('https://fhir.nhs.uk/Id/nhs-number', 'urn:oid:1.2.840.1', '')
    """
    if namespace in known and not universal:
        return known[namespace]
    for name in filter(None, (universal, namespace)):
        if OID.fullmatch(name):
            return _registered(name, known)
        if UUID.fullmatch(name):
            return "urn:uuid:" + name.lower()
        if is_uri(name):
            return name
    return known.get(namespace, "")


def _registered(oid: str, known: Authorities) -> str:
    """The system of an OID: that of the Welsh register if it is known, otherwise the OID."""
    if oid == NHS_NUMBER_OID and known:
        return NHS_NUMBER
    for arc in (ARC, OLD_ARC):
        if oid.startswith(arc):
            return known.get(oid[len(arc) :], "urn:oid:" + oid)
    return "urn:oid:" + oid


def hd_organization(namespace: str, universal: str = "", kind: str = "") -> Element:
    """The organization of an HD, as a logical reference, which resolves without a resource.

    Source: guide, HD[Organization].

    >>> hd_organization("RYR"), hd_organization("RYR", "2.16.840.1", "ISO")["identifier"]["value"]
    ({'type': 'Organization', 'identifier': {'value': 'RYR'}, 'display': 'RYR'}, 'urn:oid:2.16.840.1')
    """
    identifiers = hd_identifiers(namespace, universal, kind)
    return element(type="Organization", identifier=identifiers[-1], display=namespace) if identifiers else {}


def hd_identifiers(namespace: str, universal: str = "", kind: str = "") -> list[Element]:
    """The names in an HD: the namespace, and the universal id with its type.

    FHIR requires a URI in the system of URIs, so an OID and a UUID are written as ``urn:oid:`` and ``urn:uuid:``; any other
    text stays with its type. Source: guide, HD[Organization], HD[Device], HD[Identifier].

    >>> hd_identifiers("LAB", "2.16.840.1", "ISO")[1]["value"], hd_identifiers("LAB", "lab.example", "DNS")[1]["value"]
    ('urn:oid:2.16.840.1', 'lab.example')
    """
    found: list[Element] = [{"value": namespace}] if namespace else []
    if universal:
        uri = hd_uri("", universal, kind)
        system = URI_SYSTEM if uri else ""
        found.append(element(type=universal_id_type(kind), system=system, value=uri or universal))
    return found


@lru_cache(maxsize=64)
def universal_id_type(kind: str) -> Element:
    """Identifier.type of a universal id (HL7 table 0301); any other text stays as text. Never change the result: it is cached."""
    if kind in UNIVERSAL_ID_TYPES:
        return {"coding": [{"system": V2_SYSTEM + "0301", "code": kind}]}
    return {"text": kind} if kind else {}


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


HD = saying("1", "2", "3")


class Authority(NamedTuple):
    """An HD: the assigner of a number."""

    namespace: str
    universal: str
    kind: str


def hd(part: Part, namespace: str, universal: str, kind: str) -> Authority:
    """The three parts of an HD at these paths."""
    return Authority(said(part, namespace), said(part, universal), said(part, kind))


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


CX = saying("1", "2", "3", "4.1", "4.2", "4.3", "5", "7", "8")


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


EI = saying("1", "2", "3", "4")


def ei_identifier(ei: Part, kind: str = "") -> Element:
    """Identifier from EI, with the type of the guide (PLAC, FILL). ``{}`` if absent.

    Source: guide, EI[Identifier-System] and EI[Identifier-Organization].
    """
    number, *authority = EI(ei)
    return numbered(number, Authority(*authority), v2_0203(kind) if kind else {})


def eip_identifiers(eip: Part, placer: str = "PGN", filler: str = "FGN") -> list[Element]:
    """Identifiers from EIP: the placer's and the filler's. Source: guide, EIP[Identifier-...AssignedIdentifier]."""
    found = [
        numbered(said(eip, n), hd(eip, n + ".2", n + ".3", n + ".4"), v2_0203(kind)) for n, kind in (("1", placer), ("2", filler))
    ]
    return [each for each in found if each]


def pln_identifier(pln: Part) -> Element:
    """Identifier from PLN (a practitioner's licence or number). Source: guide, PLN[Identifier]."""
    value = said(pln, "1")
    if not value:
        return {}
    return element(
        type=_pln_type(pln),
        system=PROVIDER_AUTHORITY.get(said(pln, "2"), ""),
        value=value,
        period=element(end=dtm_date_time(said(pln, "4"))),
    )


def _pln_type(pln: Part) -> Element:
    """PLN-2: a bare code, or since v2.7 a CWE with its system and other codes."""
    if any(said(pln, f"2.{n}") for n in range(2, 14)):
        return cwe_codeable_concept(Component(pln, "2"), PRACTITIONER_ID_TYPE)
    return identifier_type(said(pln, "2"), PRACTITIONER_ID_TYPE)


def dln_identifier(dln: Part) -> Element:
    """Identifier from DLN (a driver's licence): the issuer is the assigner and the system, named by the hub unless a URI.

    Source: guide, DLN[Identifier].
    """
    value = said(dln, "1")
    if not value:
        return {}
    issuer = said(dln, "2.1") or said(dln, "2.4")
    system = hd_uri("", issuer) or coding_system(issuer)
    words = said(dln, "2.9") or said(dln, "2.2") or issuer
    return element(
        type=v2_0203("DL"),
        system=system,
        value=value,
        period=element(end=dtm_date_time(said(dln, "3"))),
        assigner=element(display=words),
    )
