"""CE, CWE, CNE, CF, ID, IS: codes. A code that its table does not know stays as text, never as a code it is not."""

import re
from functools import lru_cache
from urllib.parse import quote

from shared.fhir.primitives import URI
from shared.fhir.resource import Element, element
from shared.mapping.said import Part, said
from shared.mapping.tables import CODE_SYSTEM, LOCAL_SYSTEM, V2_SYSTEM, V2_TABLES, Table, Target

ORIGINAL_TEXT = "http://hl7.org/fhir/StructureDefinition/originalText"
# An OID, of six characters at least, as FHIR's reference validator takes it; a UUID.
URN = re.compile(r"urn:oid:(?=.{6})[0-2](?:\.(?:0|[1-9]\d*)){2,}|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
TRIPLETS = (("1", "2", "3", "7"), ("4", "5", "6", "8"), ("10", "11", "12", "13"))


class Component:
    """A component read as if it were a field: its subcomponents are its components, and each is its own first part.

    >>> cq = Component({"1.1": "5", "1.2": "mL"}, "1")
    >>> cq["1"], cq["2"], cq["2.1"]
    ('5', 'mL', 'mL')
    """

    __slots__ = ("part", "path")

    def __init__(self, part: Part, path: str) -> None:
        self.part, self.path = part, path

    def __getitem__(self, path: str) -> str:
        first, _, below = path.partition(".")
        return self.part[f"{self.path}.{first}"] if below in ("", "1") else ""


@lru_cache(maxsize=1024)
def coding_system(name: str) -> str:
    """FHIR system from the name of a coding system (HL7 table 0396); a sender's own name stays one of its own.

    >>> coding_system("LN"), coding_system("HL70001"), coding_system("2.16.840.1"), coding_system("L")
    ('http://loinc.org', 'http://terminology.hl7.org/CodeSystem/v2-0001', 'urn:oid:2.16.840.1', 'urn:x-hub:coding-system:L')
    """
    if not name or name in CODE_SYSTEM:
        return CODE_SYSTEM.get(name, "")
    if name.upper().startswith("HL7") and name[3:].isdigit():
        return V2_SYSTEM + name[3:].zfill(4)
    if URN.fullmatch("urn:oid:" + name):
        return "urn:oid:" + name
    return name if is_uri(name) else LOCAL_SYSTEM + quote(name, safe="", errors="replace")


def is_uri(text: str) -> bool:
    """Whether a text is an absolute URI that FHIR takes: of a known scheme, without blanks, an OID or UUID in its form."""
    if text.startswith(("urn:oid:", "urn:uuid:")):
        return URN.fullmatch(text) is not None
    return text.startswith(("http://", "https://", "urn:")) and URI(text)


def cwe_coding(cwe: Part, table: Table | None = None) -> Element:
    """Coding from the first triplet of a CWE; by the table when there is one and it knows the code.

    Empty when nothing was sent, or when the code is not one of its table (it then lives in the concept's text).
    """
    target = table.target(said(cwe, "1")) if table else None
    if target and target.code:
        return element(system=target.system, version=said(cwe, "7"), code=target.code, display=_display(cwe, target))
    return _coding(cwe, *TRIPLETS[0], owner=table)


def cwe_codeable_concept(cwe: Part, table: Table | None = None) -> Element:
    """CodeableConcept from CE, CWE, CNE or CF, by a code table for its first code when there is one.

    The FHIR code of the table comes first, the code as sent beside it when it differs; a code that belongs to no
    known system stays as text. ``{}`` when nothing was sent. Source: guide, datatype map CWE[CodeableConcept].

    >>> cwe_codeable_concept({"1": "718-7", "2": "Haemoglobin", "3": "LN"} | dict.fromkeys(PATHS[3:], ""))
    {'coding': [{'system': 'http://loinc.org', 'code': '718-7', 'display': 'Haemoglobin'}]}
    """
    mapped = cwe_coding(cwe, table) if table else {}
    sent = [_coding(cwe, *triplet, owner=table if triplet is TRIPLETS[0] else None) for triplet in TRIPLETS]
    codings = [mapped] if mapped else []
    codings += [coding for coding in sent if coding and not (mapped and _same(coding, mapped))]
    text = said(cwe, "9")
    if text and codings:
        _keep_words(cwe, codings, text)
    return element(coding=codings, text=text or _text(cwe, mapped, codings))


def _keep_words(cwe: Part, codings: list[Element], text: str) -> None:
    """The words of a code (CWE-2, 5, 11) that no display may carry, where the text of the concept is the original text.

    A code of HL7's or of a table has its own display, so the sender's words are an extension of the coding.
    """
    shown = {text, *(coding.get("display", "") for coding in codings)}
    by_code = {said(cwe, code): said(cwe, words) for code, words, _, _ in reversed(TRIPLETS)}
    first = said(cwe, "2")
    for number, coding in enumerate(codings):
        words = first if number == 0 else by_code.get(coding.get("code", ""), "")
        if words and words not in shown:
            coding["extension"] = [{"url": ORIGINAL_TEXT, "valueString": words}]
            shown.add(words)


PATHS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13")


def is_known(cwe: Part, table: Table) -> bool:
    """Whether the table gives the code as sent a FHIR code, or the code belongs to another system and needs none."""
    code, system = said(cwe, "1"), said(cwe, "3")
    return not code or bool(table.get(code)) or _foreign(system, table)


def cwe_code(cwe: Part) -> str:
    """The code alone: the identifier, or the alternate one. Source: guide, CWE[code]."""
    return said(cwe, "1") or said(cwe, "4")


def cwe_string(cwe: Part) -> str:
    """The words: original text, else the text of the first code, else the code. Source: guide, CWE[string]."""
    return said(cwe, "9") or said(cwe, "2") or said(cwe, "1")


def id_codeable_concept(code: str, table: Table) -> Element:
    """CodeableConcept of a bare code (ID, IS): by its table, else as text.

    >>> id_codeable_concept("LAB", Table("DiagnosticServiceSectionID"))["coding"][0]["code"]
    'LAB'
    """
    target = table.target(code)
    if not code or (target and target.code):
        return element(coding=[element(system=target.system, code=target.code, display=target.display)]) if target else {}
    return {"text": code}


def _coding(cwe: Part, code: str, display: str, system: str, version: str, owner: Table | None = None) -> Element:
    value, name = said(cwe, code), said(cwe, system)
    url = coding_system(name or (f"HL7{owner.v2}" if owner and owner.v2 else ""))
    if not value or (url.startswith(V2_SYSTEM) and not _belongs(value, url[len(V2_SYSTEM) :])):
        return {}
    words = said(cwe, display) if not url.startswith("http://terminology.hl7.org/") else ""
    code = " ".join(value.replace("\ufeff", " ").split())  # FHIR's code has one blank between words at most
    return element(system=url, version=said(cwe, version), code=code, display=words) if code else {}


def _belongs(code: str, table: str) -> bool:
    """Whether a code is one of its v2 table; a table that the guide does not list is given the benefit of the doubt."""
    return table not in V2_TABLES or code in V2_TABLES[table]


def _foreign(system: str, table: Table) -> bool:
    return bool(system) and not (system.upper().startswith("HL7") and system[3:].zfill(4) == table.v2)


def _same(coding: Element, mapped: Element) -> bool:
    return coding.get("code") == mapped.get("code") and (coding.get("system") == mapped.get("system") or not coding.get("system"))


def _display(cwe: Part, target: Target) -> str:
    """The table's own words: a sender's words are no display of somebody else's code, they go to the text."""
    return target.display


def _text(cwe: Part, mapped: Element, codings: list[Element]) -> str:
    """The sender's words where no coding carries them: a display by a table is the table's, not the sender's."""
    words = said(cwe, "2") or ("" if codings else said(cwe, "1") or said(cwe, "5") or said(cwe, "4"))
    return "" if any(words == coding.get("display") for coding in codings if coding is not mapped) else words
