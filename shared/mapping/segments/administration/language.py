"""Languages of a person, as the codes of BCP 47 that FHIR requires."""

from shared.fhir.resource import Element, element
from shared.mapping.datatypes.code import TRIPLETS, cwe_codeable_concept
from shared.mapping.texts import Part, text_at

BCP_47 = "urn:ietf:bcp:47"


LANGUAGE = {"ENG": "en", "WEL": "cy", "CYM": "cy"}  # ISO 639-2 codes that Welsh systems send, and their BCP 47 codes


def language(cwe: Part) -> Element:
    """CodeableConcept of a language: each of its codes in BCP 47, and the others as sent.

    Without a code in BCP 47 it stays as text: FHIR allows no other code alone. Source: guide, PrimaryLanguage.
    """
    known = [
        (code, element(system=BCP_47, version=text_at(cwe, triplet[3]), code=name))
        for triplet in TRIPLETS
        if (name := _bcp_47(code := text_at(cwe, triplet[0])))
    ]
    if not known:
        return element(text=text_at(cwe, "9") or text_at(cwe, "2") or text_at(cwe, "1") or text_at(cwe, "5") or text_at(cwe, "4"))
    others = [each for each in cwe_codeable_concept(cwe).get("coding", ()) if each.get("code") not in dict(known)]
    words = text_at(cwe, "9") or text_at(cwe, "2") or text_at(cwe, "5")
    codings = [each for number, (_, each) in enumerate(known) if each not in [one for _, one in known[:number]]]
    return element(coding=[*codings, *others], text=words)


def _bcp_47(code: str) -> str:
    """The code of a language in BCP 47; ``""`` for any other code.

    >>> _bcp_47("WEL"), _bcp_47("EN"), _bcp_47("en-GB"), _bcp_47("4")
    ('cy', 'en', 'en-GB', '')
    """
    name = LANGUAGE.get(code.upper(), code.lower() if len(code) == 2 else code)
    return name if name[:2].isalpha() and len(name) in (2, 5) else ""
