"""XCN, CNN, XON, NDL: practitioners and organizations, as resources without an id, which the caller adds."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.mapping.datatypes.code import TRIPLETS, coding_system, id_codeable_concept
from shared.mapping.datatypes.identifier import check_digit, hd, hd_identifiers, identifier_type, numbered
from shared.mapping.datatypes.person import assembly_order, fn_family, period
from shared.mapping.said import Part, said, saying
from shared.mapping.tables import DEGREE, NAME_TYPE
from shared.validation.authorities import PROVIDER_AUTHORITY


def xcn_practitioner(xcn: Part) -> Resource:
    """Practitioner from XCN; ``{}`` without a number and a name. Source: guide, XCN[Practitioner]."""
    authority, kind = hd(xcn, "9.1", "9.2", "9.3"), identifier_type(said(xcn, "13"))
    identifier = numbered(said(xcn, "1"), authority, kind, PROVIDER_AUTHORITY)
    name = xcn_human_name(xcn)
    _add_check_digit(identifier, said(xcn, "11"), said(xcn, "12"))
    if not identifier and not name:
        return {}
    degree = said(xcn, "7")
    qualification = [{"code": id_codeable_concept(degree, DEGREE)}] if degree else []
    return resource("Practitioner", identifier=[identifier], name=[name], qualification=qualification)


def _add_check_digit(identifier: Element, digit: str, scheme: str) -> None:
    if identifier and (digit or scheme):
        identifier["extension"] = check_digit(digit, scheme)


XCN_PERIOD = saying("19", "20", "17.1", "17.2")
XCN_FAMILY = saying("2.2", "2.3", "2.4", "2.5")


def xcn_human_name(xcn: Part) -> Element:
    """HumanName from XCN; ``{}`` if no part of a name was sent.

    The order of its parts (XCN-18) is an extension of the name: R4 does not allow it on the family name, as in the guide.
    """
    family, given = said(xcn, "2.1"), [said(xcn, "3"), said(xcn, "4")]
    if not family and not any(given):
        return {}
    return element(
        extension=assembly_order(said(xcn, "18")),
        use=NAME_TYPE.get(said(xcn, "10")),
        family=family,
        _family=fn_family(*XCN_FAMILY(xcn)),
        given=given,
        prefix=[said(xcn, "6")],
        suffix=[said(xcn, "5"), said(xcn, "7"), said(xcn, "21")],
        period=period(*XCN_PERIOD(xcn)),
    )


def cnn_practitioner(part: Part, component: str = "1") -> Resource:
    """Practitioner from the CNN in a component: its parts are subcomponents. Source: guide, CNN[Practitioner]."""
    number, family, given, second, suffix, prefix, degree = (said(part, f"{component}.{n}") for n in range(1, 8))
    if not number and not family:
        return {}
    authority = hd(part, *(f"{component}.{n}" for n in (9, 10, 11)))
    name = element(family=family, given=[given, second], prefix=[prefix], suffix=[suffix, degree])
    return resource("Practitioner", identifier=[numbered(number, authority, {}, PROVIDER_AUTHORITY)], name=[name])


def xon_organization(xon: Part) -> Resource:
    """Organization from XON; ``{}`` without a name and a number. Source: guide, XON[Organization]."""
    value = said(xon, "10") or said(xon, "3")
    name = said(xon, "1")
    if not value and not name:
        return {}
    authority, kind = hd(xon, "6.1", "6.2", "6.3"), identifier_type(said(xon, "7"))
    identifier = numbered(value, authority, kind, PROVIDER_AUTHORITY)
    _add_check_digit(identifier, said(xon, "4"), said(xon, "5"))
    return resource("Organization", identifier=[identifier], name=name)


def xon_string(xon: Part) -> str:
    """The organization's name, otherwise its number. Source: guide, XON[string]."""
    return said(xon, "1") or said(xon, "10")


def hd_organization_resource(namespace: str, universal: str = "", kind: str = "") -> Resource:
    """Organization from HD: the namespace and the universal id as identifiers. Source: guide, HD[Organization]."""
    identifiers = hd_identifiers(namespace, universal, kind)
    return resource("Organization", identifier=identifiers, name=namespace) if identifiers else {}


def cwe_device(cwe: Part) -> Resource:
    """Device from CWE: its codes as identifiers, its words as names. Source: guide, CWE[Device]."""
    pairs = (("1", "3"), ("4", "6"), ("10", "12"))
    identifiers = [element(system=coding_system(said(cwe, of)), value=said(cwe, n)) for n, of in pairs if said(cwe, n)]
    words = dict.fromkeys(text for n in ("2", "5", "11", "9") if (text := said(cwe, n)))
    names = [{"name": text, "type": "user-friendly-name"} for text in words]
    return resource("Device", identifier=identifiers, deviceName=names) if identifiers or names else {}


def cwe_organization(cwe: Part) -> Resource:
    """Organization from CWE: its codes as identifiers, its words as name and aliases. Source: guide, CWE[Organization]."""
    codes = [(said(cwe, code), said(cwe, system)) for code, _, system, _ in TRIPLETS if said(cwe, code)]
    words = list(dict.fromkeys(text for n in ("9", "2", "5", "11") if (text := said(cwe, n))))
    if not codes and not words:
        return {}
    identifiers = [element(system=coding_system(system), value=code) for code, system in codes]
    return resource("Organization", identifier=identifiers, name=words[0] if words else codes[0][0], alias=words[1:])
