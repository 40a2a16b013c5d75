"""HD: an assigning authority as a system, an organization or identifiers."""

import re
from collections.abc import Mapping
from functools import lru_cache

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.code import is_uri
from shared.mapping.tables import V2_SYSTEM
from shared.validation.authorities import ARC, NHS_NUMBER, NHS_NUMBER_OID, OLD_ARC

OID = re.compile(r"(?=.{6})[0-2](\.(0|[1-9]\d*)){2,}", re.ASCII)  # shorter ones are refused by FHIR's reference validator
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
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
Authorities = Mapping[str, str]
NONE: Authorities = {}


def hd_uri(namespace: str, universal: str = "", kind: str = "", known: Authorities = NONE) -> str:
    """The FHIR system of an HD: a known authority for this kind of number, an OID, a UUID or a URI.

    ``""`` if it has none. Source: guide, HD[uri]. A namespace is not a URI, so it stays the assigner.

    >>> from shared.validation.authorities import PATIENT_AUTHORITY
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
