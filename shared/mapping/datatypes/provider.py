"""XCN, CNN, XON, NDL: practitioners and organizations, as resources without an id, which the caller adds."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.mapping.datatypes.authority import hd_identifiers
from shared.mapping.datatypes.code import TRIPLETS, coding_system, id_codeable_concept
from shared.mapping.datatypes.identifier import check_digit, hd, identifier_type, numbered
from shared.mapping.datatypes.person import assembly_order, fn_family, period
from shared.mapping.tables import DEGREE, NAME_TYPE
from shared.mapping.texts import Part, text_at, texts_at
from shared.validation.authorities import PROVIDER_AUTHORITY


def xcn_practitioner(xcn: Part) -> Resource:
    """Practitioner from XCN; ``{}`` without a number and a name. Source: guide, XCN[Practitioner]."""
    authority, kind = hd(xcn, "9.1", "9.2", "9.3"), identifier_type(text_at(xcn, "13"))
    identifier = numbered(text_at(xcn, "1"), authority, kind, PROVIDER_AUTHORITY)
    name = xcn_human_name(xcn)
    _add_check_digit(identifier, text_at(xcn, "11"), text_at(xcn, "12"))
    if not identifier and not name:
        return {}
    degree = text_at(xcn, "7")
    qualification = [{"code": id_codeable_concept(degree, DEGREE)}] if degree else []
    return resource("Practitioner", identifier=[identifier], name=[name], qualification=qualification)


def _add_check_digit(identifier: Element, digit: str, scheme: str) -> None:
    if identifier and (digit or scheme):
        identifier["extension"] = check_digit(digit, scheme)


XCN_PERIOD = texts_at("19", "20", "17.1", "17.2")
XCN_FAMILY = texts_at("2.2", "2.3", "2.4", "2.5")


def xcn_human_name(xcn: Part) -> Element:
    """HumanName from XCN; ``{}`` if no part of a name was sent.

    The order of its parts (XCN-18) is an extension of the name: R4 does not allow it on the family name, as in the guide.
    """
    family, given = text_at(xcn, "2.1"), [text_at(xcn, "3"), text_at(xcn, "4")]
    if not family and not any(given):
        return {}
    return element(
        extension=assembly_order(text_at(xcn, "18")),
        use=NAME_TYPE.get(text_at(xcn, "10")),
        family=family,
        _family=fn_family(*XCN_FAMILY(xcn)),
        given=given,
        prefix=[text_at(xcn, "6")],
        suffix=[text_at(xcn, "5"), text_at(xcn, "7"), text_at(xcn, "21")],
        period=period(*XCN_PERIOD(xcn)),
    )


def cnn_practitioner(part: Part, component: str = "1") -> Resource:
    """Practitioner from the CNN in a component: its parts are subcomponents. Source: guide, CNN[Practitioner]."""
    number, family, given, second, suffix, prefix, degree = (text_at(part, f"{component}.{n}") for n in range(1, 8))
    if not number and not family:
        return {}
    authority = hd(part, *(f"{component}.{n}" for n in (9, 10, 11)))
    name = element(family=family, given=[given, second], prefix=[prefix], suffix=[suffix, degree])
    return resource("Practitioner", identifier=[numbered(number, authority, {}, PROVIDER_AUTHORITY)], name=[name])


def xon_organization(xon: Part) -> Resource:
    """Organization from XON; ``{}`` without a name and a number. Source: guide, XON[Organization]."""
    value = text_at(xon, "10") or text_at(xon, "3")
    name = text_at(xon, "1")
    if not value and not name:
        return {}
    authority, kind = hd(xon, "6.1", "6.2", "6.3"), identifier_type(text_at(xon, "7"))
    identifier = numbered(value, authority, kind, PROVIDER_AUTHORITY)
    _add_check_digit(identifier, text_at(xon, "4"), text_at(xon, "5"))
    return resource("Organization", identifier=[identifier], name=name)


def xon_string(xon: Part) -> str:
    """The organization's name, otherwise its number. Source: guide, XON[string]."""
    return text_at(xon, "1") or text_at(xon, "10")


def hd_organization_resource(namespace: str, universal: str = "", kind: str = "") -> Resource:
    """Organization from HD: the namespace and the universal id as identifiers. Source: guide, HD[Organization]."""
    identifiers = hd_identifiers(namespace, universal, kind)
    return resource("Organization", identifier=identifiers, name=namespace) if identifiers else {}


def cwe_device(cwe: Part) -> Resource:
    """Device from CWE: its codes as identifiers, its words as names. Source: guide, CWE[Device]."""
    pairs = (("1", "3"), ("4", "6"), ("10", "12"))
    identifiers = [element(system=coding_system(text_at(cwe, of)), value=text_at(cwe, n)) for n, of in pairs if text_at(cwe, n)]
    words = dict.fromkeys(text for n in ("2", "5", "11", "9") if (text := text_at(cwe, n)))
    names = [{"name": text, "type": "user-friendly-name"} for text in words]
    return resource("Device", identifier=identifiers, deviceName=names) if identifiers or names else {}


def cwe_organization(cwe: Part) -> Resource:
    """Organization from CWE: its codes as identifiers, its words as name and aliases. Source: guide, CWE[Organization]."""
    codes = [(text_at(cwe, code), text_at(cwe, system)) for code, _, system, _ in TRIPLETS if text_at(cwe, code)]
    words = list(dict.fromkeys(text for n in ("9", "2", "5", "11") if (text := text_at(cwe, n))))
    if not codes and not words:
        return {}
    identifiers = [element(system=coding_system(system), value=code) for code, system in codes]
    return resource("Organization", identifier=identifiers, name=words[0] if words else codes[0][0], alias=words[1:])
