"""FHIR elements as HL7 v2 datatypes: the inverse of the guide. A value is text, a tuple of components, or empty."""

import decimal
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from shared.fhir.resource import Decimal, Element
from shared.hl7.compose import Component
from shared.mapping.back.reading import forget
from shared.mapping.datatypes.date import uk_offset
from shared.mapping.datatypes.identifier import GROUP_NUMBER, URI_SYSTEM
from shared.mapping.datatypes.person import HL7
from shared.mapping.tables import (
    ADDRESS_TYPE,
    ADDRESS_USE,
    CODE_SYSTEM_BACK,
    LOCAL_SYSTEM,
    NAME_TYPE,
    TELECOM_USE,
    V2_SYSTEM,
    Table,
)
from shared.validation.authorities import AUTHORITY_BACK

Field = tuple[Component, ...]
NOTHING: Mapping[str, str] = {}
EQUIPMENT = {"phone": "PH", "fax": "FX", "pager": "BP", "email": "Internet"}
HV = HL7 + "iso21090-AD-use"


def code_of(element: Element, name: str, table: Table, more: Mapping[str, str] = NOTHING) -> str:
    """The v2 code of a FHIR code; ``""`` if absent, or if there is none: then the element counts as not read.

    Args:
        more: codes that the guide's table does not map back, or not as version 2.5.1 defines them.
    """
    value = str(element.get(name, ""))
    code = more[value] if value in more else table.back(value)
    if value and not code:
        forget(element, name)
    return code


def date_time_dtm(text: str) -> str:
    """DTM from date, dateTime, instant or time, with an offset unless it is that of the United Kingdom.

    >>> date_time_dtm("2024-07-01T14:05:00+01:00"), date_time_dtm("2024-07-01T14:05:00Z"), date_time_dtm("2024-05")
    ('20240701140500', '20240701140500+0000', '202405')
    """
    date, _, time = text.partition("T")
    if not time:
        return date.replace("-", "").replace(":", "")
    sign = max(time.rfind("+"), time.rfind("-"))
    clock, offset = (time[:sign], time[sign:]) if sign > 0 else (time.rstrip("Z"), "+00:00")
    year, month, day = (int(part) for part in date.split("-"))
    zone = "" if offset == uk_offset(year, month, day, int(clock[:2])) else offset.replace(":", "")
    return date.replace("-", "") + clock.replace(":", "")[:11] + zone  # HHMMSS and up to four digits of a fraction


def system_name(system: str) -> str:
    """The name of a coding system (HL7 table 0396) of a FHIR system.

    >>> system_name("http://loinc.org"), system_name("http://terminology.hl7.org/CodeSystem/v2-0002")
    ('LN', 'HL70002')
    """
    if system.startswith(V2_SYSTEM):
        return "HL7" + system[len(V2_SYSTEM) :]
    if system.startswith(LOCAL_SYSTEM):
        return unquote(system[len(LOCAL_SYSTEM) :])
    return CODE_SYSTEM_BACK.get(system, system)


def concept_cwe(concept: Element, table: Table | None = None) -> Field:
    """CWE from CodeableConcept: the code by the inverse table with the text of the concept, otherwise the codings unchanged.

    >>> concept_cwe({"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb"}]})
    ('718-7', 'Hb', 'LN', '', '', '', '', '', '')
    """
    text = concept.get("text", "")
    codings = list(concept.get("coding", ()))
    if not codings:
        return ("", text)
    if table:
        return _by_table(codings, text, table)
    first = codings[0]
    words = first.get("display", "")
    second: Element = codings[1] if len(codings) > 1 else {}
    own = first.get("system", "").startswith("http://terminology.hl7.org/")
    return (
        first.get("code", ""),
        text if own or not words else words,
        system_name(first.get("system", "")) if words or text or not own else "",
        *_triplet(second),
        first.get("version", ""),
        second.get("version", ""),
        text if words and text != words and not own else "",
    )


def _triplet(coding: Element) -> Field:
    return coding.get("code", ""), coding.get("display", ""), system_name(coding.get("system", ""))


def _by_table(codings: list[Element], text: str, table: Table) -> Field:
    """The code of the v2 table: as sent, otherwise by the inverse table; a code of another system stays unchanged."""
    own = V2_SYSTEM + table.v2
    for coding in codings:
        if coding.get("system") == own and coding.get("code", "") in table:
            return _named(coding["code"], text, table)
    back = table.back(codings[0].get("code", ""))
    if back and table.codes[back][1] == codings[0].get("system"):
        return _named(back, text, table)
    return concept_cwe({"coding": codings, "text": text})


def _named(code: str, text: str, table: Table) -> Field:
    return (code, text, f"HL7{table.v2}") if text else (code,)


def coding_cwe(coding: Element, table: Table | None = None) -> Field:
    """CWE from Coding."""
    return concept_cwe({"coding": [coding]}, table) if coding else ()


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


def number(value: float | None) -> str:
    """NM: the digits as sent, if they are available.

    >>> number(Decimal("7.40")), number(172), number(None)
    ('7.40', '172', '')
    """
    if isinstance(value, Decimal):
        return value.text if "e" not in value.text.lower() else f"{decimal.Decimal(value.text):f}"
    return "" if value is None else str(value)


def quantity_unit(quantity: Element) -> Field:
    """CWE from the unit of a Quantity: its code, its text and the system."""
    code, unit = quantity.get("code", ""), quantity.get("unit", "")
    if not code:
        return (unit,)
    return (code, unit, system_name(quantity.get("system", "")))


def quantity_cq(quantity: Element) -> Field:
    """CQ from Quantity."""
    return (number(quantity.get("value")), tuple(str(each or "") for each in quantity_unit(quantity)))


def extension_value(held: Element, url: str) -> object:
    """The value of an extension; ``None`` without that extension."""
    for each in held.get("extension", ()):
        if each.get("url") == url:
            return next((value for name, value in each.items() if name.startswith("value")), each.get("extension"))
    return None


def is_absent(held: Element) -> bool:
    """Whether an element only states that its value is unknown."""
    return extension_value(held, HL7 + "data-absent-reason") is not None
