"""XCN, CNN, XON, NDL: practitioners and organizations, as resources without an id (who keeps them gives them one)."""

from shared.fhir.resource import Element, Resource, element, resource
from shared.mapping.datatypes.code import id_codeable_concept
from shared.mapping.datatypes.identifier import _assigner, hd_uri, identifier_type
from shared.mapping.datatypes.person import _period, fn_family
from shared.mapping.said import Part, said
from shared.mapping.tables import DEGREE, NAME_TYPE


def xcn_practitioner(xcn: Part) -> Resource:
    """Practitioner from XCN; ``{}`` when there is neither a number nor a name. Source: guide, XCN[Practitioner]."""
    identifier = _number(xcn, "1", "9", "13")
    name = xcn_human_name(xcn)
    if not identifier and not name:
        return {}
    degree = said(xcn, "7")
    qualification = [{"code": id_codeable_concept(degree, DEGREE)}] if degree else []
    return resource("Practitioner", identifier=[identifier], name=[name], qualification=qualification)


def xcn_human_name(xcn: Part) -> Element:
    """HumanName from XCN; ``{}`` when no part of a name was sent."""
    family, given = said(xcn, "2.1"), [said(xcn, "3"), said(xcn, "4")]
    if not family and not any(given):
        return {}
    return element(
        use=NAME_TYPE.get(said(xcn, "10")),
        family=family,
        _family=fn_family(xcn, "2"),
        given=given,
        prefix=[said(xcn, "6")],
        suffix=[said(xcn, "5"), said(xcn, "21")],
        period=_period(xcn, "19", "20", "17"),
    )


def cnn_practitioner(part: Part, component: str = "1") -> Resource:
    """Practitioner from the CNN in a component: its parts are subcomponents. Source: guide, CNN[Practitioner]."""
    number, family, given, second, suffix, prefix, degree = (said(part, f"{component}.{n}") for n in range(1, 8))
    if not number and not family:
        return {}
    authority = tuple(said(part, f"{component}.{n}") for n in (9, 10, 11))
    identifier = element(system=hd_uri(*authority), value=number, assigner=_assigner(*authority)) if number else {}
    name = element(family=family, given=[given, second], prefix=[prefix], suffix=[suffix, degree])
    return resource("Practitioner", identifier=[identifier], name=[name])


def xon_organization(xon: Part) -> Resource:
    """Organization from XON; ``{}`` when there is neither a name nor a number. Source: guide, XON[Organization]."""
    value = said(xon, "10") or said(xon, "3")
    name = said(xon, "1")
    if not value and not name:
        return {}
    authority = (said(xon, "6.1"), said(xon, "6.2"), said(xon, "6.3"))
    identifier = element(
        type=identifier_type(said(xon, "7")), system=hd_uri(*authority), value=value, assigner=_assigner(*authority)
    )
    return resource("Organization", identifier=[identifier] if value else [], name=name)


def xon_string(xon: Part) -> str:
    """The organization's name, else its number. Source: guide, XON[string]."""
    return said(xon, "1") or said(xon, "10")


def hd_organization_resource(namespace: str, universal: str = "", kind: str = "") -> Resource:
    """Organization from HD: the namespace and the universal id as identifiers. Source: guide, HD[Organization]."""
    named = [{"value": namespace}] if namespace else []
    universal_id = [element(system=hd_uri("", universal, kind), value=universal)] if universal else []
    if not named and not universal_id:
        return {}
    return resource("Organization", identifier=named + universal_id, name=namespace)


def cwe_organization(cwe: Part) -> Resource:
    """Organization from CWE: code as identifier, text as name. Source: guide, CWE[Organization]."""
    code, name = said(cwe, "1"), said(cwe, "9") or said(cwe, "2")
    if not code and not name:
        return {}
    return resource("Organization", identifier=[{"value": code}] if code else [], name=name or code)


def _number(part: Part, value: str, authority: str, kind: str) -> Element:
    number = said(part, value)
    if not number:
        return {}
    hd = (said(part, authority + ".1"), said(part, authority + ".2"), said(part, authority + ".3"))
    return element(type=identifier_type(said(part, kind)), system=hd_uri(*hd), value=number, assigner=_assigner(*hd))
