"""FHIR elements as HL7 v2 datatypes: the inverse of the guide. A value is text, a tuple of components, or empty."""

from collections.abc import Iterable

from shared.fhir.resource import Element
from shared.hl7.compose import Component
from shared.mapping.back.values import Field, code_of, concept_cwe, date_time_dtm, extension_value
from shared.mapping.datatypes.authority import URI_SYSTEM
from shared.mapping.datatypes.identifier import GROUP_NUMBER
from shared.mapping.datatypes.person import HL7
from shared.mapping.tables import (
    ADDRESS_TYPE,
    ADDRESS_USE,
    NAME_TYPE,
    TELECOM_USE,
)
from shared.validation.authorities import AUTHORITY_BACK

EQUIPMENT = {"phone": "PH", "fax": "FX", "pager": "BP", "email": "Internet"}
HV = HL7 + "iso21090-AD-use"


def identifier_cx(identifier: Element) -> Field:
    """CX from Identifier.

    >>> identifier_cx({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"})
    ('9990000018', '', '', 'NHS', '', '', '', '')
    """
    period = identifier.get("period", {})
    digit = extension_value(identifier, HL7 + "identifier-checkDigit")
    return (
        identifier.get("value", ""),
        str(digit or ""),
        "",
        authority_hd(identifier),
        type_code(identifier),
        "",
        date_time_dtm(period.get("start", "")),
        date_time_dtm(period.get("end", "")),
    )


def type_code(identifier: Element) -> str:
    """The code of Identifier.type, otherwise its text."""
    kind = identifier.get("type", {})
    codings = kind.get("coding", [{}])
    text = kind.get("text", "")
    return codings[0].get("code", "") or next((code for code, words in GROUP_NUMBER.items() if words == text), text)


def authority_hd(identifier: Element) -> Component:
    """HD from the system and the assigner of an Identifier: a registered code, otherwise an OID, a UUID or a URI."""
    system = identifier.get("system", "")
    assigner = identifier.get("assigner", {})
    namespace = _namespace(assigner)
    if system in AUTHORITY_BACK:
        return AUTHORITY_BACK[system]
    for prefix, kind in (("urn:oid:", "ISO"), ("urn:uuid:", "UUID"), ("", "URI")):
        if system and system.startswith(prefix):
            return (namespace, system[len(prefix) :], kind)
    return namespace


def _namespace(assigner: Element) -> str:
    """The name of an assigner: its identifier, or its display if the identifier is a URI."""
    named = assigner.get("identifier", {})
    return str(named.get("value", "") if named.get("system") != URI_SYSTEM else "") or str(assigner.get("display", ""))


def identifier_ei(identifier: Element) -> Field:
    """EI from Identifier: its authority is components, not subcomponents."""
    authority = authority_hd(identifier) if identifier else ""
    return (identifier.get("value", ""), *(authority if isinstance(authority, tuple) else (authority,)))


def identifiers_eip(identifiers: Iterable[Element], placer: str, filler: str) -> Field:
    """EIP from the placer's and the filler's Identifier."""
    by_type = {type_code(each): each for each in identifiers}
    return tuple(_subcomponents(identifier_ei(by_type.get(code, {}))) for code in (placer, filler))


def _subcomponents(field: Field) -> Component:
    texts = tuple(str(each or "") for each in field)
    return texts if any(texts[1:]) else texts[0]


def human_name_xpn(name: Element) -> Field:
    """XPN from HumanName; other given names are the second component, suffixes in their order.

    >>> human_name_xpn({"family": "Jones", "given": ["Ann", "May"], "prefix": ["Dr"], "use": "official"})
    ('Jones', 'Ann', 'May', '', 'Dr', '', 'L', '', '', '', '', '', '')
    """
    given, suffix = name.get("given", []), name.get("suffix", [])
    period = name.get("period", {})
    return (
        _family(name),
        given[0] if given else "",
        " ".join(given[1:]),
        suffix[0] if suffix else "",
        " ".join(name.get("prefix", [])),
        " ".join(suffix[1:]),
        code_of(name, "use", NAME_TYPE),
        "",
        "",
        "",
        str(extension_value(name, HL7 + "humanname-assembly-order") or ""),
        date_time_dtm(period.get("start", "")),
        date_time_dtm(period.get("end", "")),
    )


def _family(name: Element) -> Component:
    held = name.get("_family", {})
    around = ("own-prefix", "own-name", "partner-prefix", "partner-name")
    parts = tuple(str(extension_value(held, f"{HL7}humanname-{part}") or "") for part in around)
    family = name.get("family") or ("" if name.get("given") else name.get("text", ""))
    return (family, *parts) if any(parts) else family


def address_xad(address: Element) -> Field:
    """XAD from Address."""
    lines = address.get("line", [])
    period = address.get("period", {})
    kind = (
        "HV" if extension_value(address, HV) else code_of(address, "use", ADDRESS_USE) or code_of(address, "type", ADDRESS_TYPE)
    )
    return (
        lines[0] if lines else address.get("text", ""),
        ", ".join(lines[1:]),
        address.get("city", ""),
        address.get("state", ""),
        address.get("postalCode", ""),
        address.get("country", ""),
        kind,
        "",
        address.get("district", ""),
        "",
        "",
        "",
        date_time_dtm(period.get("start", "")),
        date_time_dtm(period.get("end", "")),
    )


def contact_point_xtn(point: Element) -> Field:
    """XTN from ContactPoint.

    >>> contact_point_xtn({"system": "email", "value": "a@example.wales"})
    ('', 'NET', 'Internet', 'a@example.wales', '', '', '', '')
    """
    system, use, value = point.get("system", ""), point.get("use", ""), point.get("value", "")
    parts = [str(extension_value(point, f"{HL7}contactpoint-{name}") or "") for name in ("country", "area", "local", "extension")]
    if system == "email":
        return ("", "NET", "Internet", value, "", "", "", "")
    equipment = "CP" if use == "mobile" else EQUIPMENT.get(system, "")
    return (value, "" if use == "mobile" else code_of(point, "use", TELECOM_USE), equipment, "", *parts)


def practitioner_xcn(practitioner: Element) -> Field:
    """XCN from Practitioner."""
    name = practitioner.get("name", [{}])[0]
    identifier = practitioner.get("identifier", [{}])[0]
    family, given, second, suffix, prefix, _, use, *_ = human_name_xpn(name)
    degree = concept_cwe(practitioner.get("qualification", [{"code": {}}])[0].get("code", {}))
    return (
        identifier.get("value", ""),
        family,
        given,
        second,
        suffix,
        prefix,
        degree[0] or degree[1] if len(degree) > 1 else "",
        "",
        authority_hd(identifier),
        use,
        "",
        "",
        type_code(identifier),
    )


def organization_xon(organization: Element) -> Field:
    """XON from Organization."""
    identifier = organization.get("identifier", [{}])[0]
    number = identifier.get("value", "")
    return (organization.get("name", ""), "", "", "", "", authority_hd(identifier), type_code(identifier), "", "", number)
