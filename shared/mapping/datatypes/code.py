"""CE, CWE, CNE, CF, ID, IS: codes. A code that is not in its table stays as text, never as a different code."""

import re
from functools import lru_cache
from urllib.parse import quote

from shared.fhir.definitions.primitives import URI
from shared.fhir.resource import Element, element
from shared.mapping.tables import CODE_SYSTEM, LOCAL_SYSTEM, V2_SYSTEM, V2_TABLES, Table
from shared.mapping.texts import Part, text_at

ORIGINAL_TEXT = "http://hl7.org/fhir/StructureDefinition/originalText"
# An OID of at least six characters, as FHIR's reference validator requires; a UUID.
URN = re.compile(r"urn:oid:(?=.{6})[0-2](?:\.(?:0|[1-9]\d*)){2,}|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
TRIPLETS = (("1", "2", "3", "7"), ("4", "5", "6", "8"), ("10", "11", "12", "13"))


class Component:
    """A component read as a field: its subcomponents are its components, and each is its own first part.

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
    """FHIR system from the name of a coding system (HL7 table 0396); a local name stays a local system.

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
    """Whether a text is an absolute URI for FHIR: a known scheme, no spaces, an OID or UUID in its correct form."""
    if text.startswith(("urn:oid:", "urn:uuid:")):
        return URN.fullmatch(text) is not None
    return text.startswith(("http://", "https://", "urn:")) and URI(text)


Triplet = tuple[str, str, str, str]  # components: code, text, coding system, version of the system


def _sent(cwe: Part) -> list[Triplet]:
    """The triplets that have a code, in order."""
    return [triplet for triplet in TRIPLETS if text_at(cwe, triplet[0])]


def _claims(cwe: Part, triplet: Triplet, table: Table) -> bool:
    """Whether a code is in the table of a field: it names the table, or is the first code and names no system."""
    name = text_at(cwe, triplet[2])
    return not _foreign(name, table) if name else triplet == next(iter(_sent(cwe)), None)


def _mapped(cwe: Part, table: Table | None) -> tuple[Element, Triplet]:
    """The first code with a FHIR code in the table, and its component; ``{}`` if there is none."""
    for triplet in _sent(cwe) if table else ():
        target = table.target(text_at(cwe, triplet[0])) if table and _claims(cwe, triplet, table) else None
        if target and target.code:
            version = text_at(cwe, triplet[3])
            return element(system=target.system, version=version, code=target.code, display=target.display), triplet
    return {}, TRIPLETS[0]


def cwe_coding(cwe: Part, table: Table | None = None) -> Element:
    """Coding from the first code of a CWE, by the table if it has one of the codes.

    Empty if absent, or if the code is not in its table (it is then in the text of the concept).
    """
    return _mapped(cwe, table)[0] or next((coding for _, coding in _codings(cwe, table)), {})


def _codings(cwe: Part, table: Table | None) -> list[tuple[Triplet, Element]]:
    """Each code as sent, in its system."""
    found = [(each, _coding(cwe, *each, owner=table if table and _claims(cwe, each, table) else None)) for each in _sent(cwe)]
    return [(triplet, coding) for triplet, coding in found if coding]


def cwe_codeable_concept(cwe: Part, table: Table | None = None) -> Element:
    """CodeableConcept from CE, CWE, CNE or CF. With a code table, by the first code that is in the table.

    The FHIR code of the table is first, then the codes as sent if they differ; a code of an unknown system stays as text. ``{}``
    if absent. Source: guide, datatype map CWE[CodeableConcept].

    >>> cwe_codeable_concept({"1": "718-7", "2": "Haemoglobin", "3": "LN"} | dict.fromkeys(PATHS[3:], ""))
    {'coding': [{'system': 'http://loinc.org', 'code': '718-7', 'display': 'Haemoglobin'}]}
    """
    mapped, of = _mapped(cwe, table)
    pairs = [(of, mapped)] if mapped else []
    pairs += [(triplet, coding) for triplet, coding in _codings(cwe, table) if not (mapped and _same(coding, mapped))]
    first = pairs[0][1] if table and pairs else {}  # a field with a table has the sender's text, even if it has a display
    shown = {coding.get("display", "") for _, coding in pairs if coding is not first}
    text = text_at(cwe, "9") or (_text(cwe, of[1], shown) if pairs else _words_alone(cwe))
    _keep_words(cwe, pairs, {text, *shown})
    return element(coding=[coding for _, coding in pairs], text=text)


def _text(cwe: Part, words: str, shown: set[str]) -> str:
    """The text of the sender if no coding has it: the display of a table's code is not from the sender."""
    without_code = [each[1] for each in TRIPLETS if not text_at(cwe, each[0])]
    return next((text for path in (words, "2", *without_code) if (text := text_at(cwe, path)) and text not in shown), "")


def _words_alone(cwe: Part) -> str:
    """The text if no code has a known system."""
    return next(filter(None, (text_at(cwe, path) for path in ("2", "1", "5", "4", "11", "10"))), "")


def _keep_words(cwe: Part, pairs: list[tuple[Triplet, Element]], shown: set[str]) -> None:
    """The texts of a code (CWE-2, 5, 11) that are neither a display nor the text of the concept.

    A code of HL7 or of a table has its own display, so the text of the sender is an extension of the coding.
    """
    for (_, path, _, _), coding in pairs:
        words = text_at(cwe, path)
        if words and words not in shown and words != coding.get("display"):
            coding["extension"] = [{"url": ORIGINAL_TEXT, "valueString": words}]
            shown.add(words)


PATHS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13")


def is_known(cwe: Part, table: Table) -> bool:
    """Whether the table maps a code as sent, or each code is of another system and needs no mapping."""
    return bool(_mapped(cwe, table)[0]) or not any(_claims(cwe, each, table) for each in _sent(cwe))


def id_codeable_concept(code: str, table: Table) -> Element:
    """CodeableConcept of a code without a text (ID, IS): by its table, otherwise as text.

    >>> id_codeable_concept("LAB", Table("DiagnosticServiceSectionID"))["coding"][0]["code"]
    'LAB'
    """
    target = table.target(code)
    if not code or (target and target.code):
        return element(coding=[element(system=target.system, code=target.code, display=target.display)]) if target else {}
    return {"text": code}


def _coding(cwe: Part, code: str, display: str, system: str, version: str, owner: Table | None = None) -> Element:
    value, name = text_at(cwe, code), text_at(cwe, system)
    url = coding_system(name or (f"HL7{owner.v2}" if owner and owner.v2 else ""))
    if not value or (url.startswith(V2_SYSTEM) and not _belongs(value, url[len(V2_SYSTEM) :])):
        return {}
    words = text_at(cwe, display) if not url.startswith("http://terminology.hl7.org/") else ""
    code = " ".join(value.replace("\ufeff", " ").split())  # a FHIR code has at most one space between words
    return element(system=url, version=text_at(cwe, version), code=code, display=words) if code else {}


def _belongs(code: str, table: str) -> bool:
    """Whether a code is in its v2 table; true for a table that the guide does not list."""
    return table not in V2_TABLES or code in V2_TABLES[table]


def _foreign(system: str, table: Table) -> bool:
    return bool(system) and not (system.upper().startswith("HL7") and system[3:].zfill(4) == table.v2)


def _same(coding: Element, mapped: Element) -> bool:
    return coding.get("code") == mapped.get("code") and (coding.get("system") == mapped.get("system") or not coding.get("system"))
