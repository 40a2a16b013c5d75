"""How to read an answer: the parts of an acknowledgement in each form, and what to do about them, in English and in Welsh."""

from typing import NamedTuple

from shared import formats
from shared.formats.media import FHIR_JSON
from shared.integration import Integration
from shared.partner_docs.openapi import examples
from shared.partner_docs.openapi.answers import verdict_types
from shared.voices import Language

Row = tuple[str, str, str]  # the part, its meaning in English and in Welsh


class Guide(NamedTuple):
    """How to read one form of answer."""

    title: str
    media: str
    rows: tuple[Row, ...]


ACKNOWLEDGEMENT: tuple[Row, ...] = (
    ("MSA-1", "AA (CA): accepted; the hub delivers it. Go on.", "AA (CA): derbyniwyd; bydd yr hyb yn ei chyflwyno. Ewch ymlaen."),
    (
        "MSA-1",
        "AE (CE): refused. Correct what ERR names and send it again. With HTTP 503: send it again unchanged.",
        "AE (CE): gwrthodwyd. Cywirwch yr hyn y mae ERR yn ei enwi ac anfonwch hi eto. Gyda HTTP 503: anfonwch hi eto fel y mae.",
    ),
    (
        "MSA-1",
        "AR (CR): refused, and can never pass as it is: version, sender, type, or a body that cannot be read.",
        "AR (CR): gwrthodwyd, ac ni all fyth basio fel y mae: fersiwn, anfonwr, math, neu gorff na ellir ei ddarllen.",
    ),
    ("MSA-2", "MSH-10 of your message.", "MSH-10 eich neges."),
    ("ERR-2", "Where: segment, number, field, repetition, component.", "Ble: segment, rhif, maes, ailadroddiad, cydran."),
    ("ERR-3", "The condition (HL7 table 0357).", "Yr amod (tabl HL7 0357)."),
    (
        "ERR-4",
        "E: it refuses the message. W: a warning; the message is accepted. I: information.",
        "E: mae'n gwrthod y neges. W: rhybudd; derbynnir y neges. I: gwybodaeth.",
    ),
    ("ERR-5", "The rule: look it up among the rules.", "Y rheol: chwiliwch amdani ymhlith y rheolau."),
    ("ERR-8", "A short text. It never repeats a value.", "Testun byr. Nid yw byth yn ailadrodd gwerth."),
)
OUTCOME: tuple[Row, ...] = (
    ("HTTP 202, 422", "202: accepted. 422: refused.", "202: derbyniwyd. 422: gwrthodwyd."),
    (
        "issue.severity",
        "fatal, error: it refuses the message. warning, information: the message is accepted.",
        "fatal, error: mae'n gwrthod y neges. warning, information: derbynnir y neges.",
    ),
    ("issue.details.coding.code", "The rule: look it up among the rules.", "Y rheol: chwiliwch amdani ymhlith y rheolau."),
    (
        "issue.details.text",
        "A short text; with Accept-Language: cy in Welsh, with the English one in an extension.",
        "Testun byr; gyda Accept-Language: cy yn Gymraeg, a'r un Saesneg mewn estyniad.",
    ),
    ("issue.expression", "Where: the path in your message.", "Ble: y llwybr yn eich neges."),
)
FAULT: tuple[Row, ...] = (
    ("AckResponse/Status", "AA: accepted.", "AA: derbyniwyd."),
    (
        "Client.Validation",
        "Refused (SOAP 1.2: Sender, subcode Validation). Each Issue of the detail has Rule, Where and Text.",
        "Gwrthodwyd (SOAP 1.2: Sender, subcode Validation). Mae gan bob Issue yn y manylion Rule, Where a Text.",
    ),
    ("Client", "The envelope or the request cannot be read.", "Ni ellir darllen yr amlen na'r cais."),
    (
        "Client.Authorization",
        "You are not recognised, or may not send for this sender.",
        "Nid ydych yn cael eich adnabod, neu ni chewch anfon ar ran yr anfonwr hwn.",
    ),
    (
        "Server",
        "The hub cannot take it now: send it again unchanged.",
        "Ni all yr hyb ei derbyn nawr: anfonwch hi eto fel y mae.",
    ),
)
TABLE: tuple[Row, ...] = (
    ("line 2", "About the file: AA if every row was accepted.", "Am y ffeil: AA os derbyniwyd pob rhes."),
    (
        "row",
        "The number that a spreadsheet shows: the header is row 1.",
        "Y rhif y mae taenlen yn ei ddangos: y pennawd yw rhes 1.",
    ),
    ("acknowledgement", "AE: the row was refused. AA: it was accepted.", "AE: gwrthodwyd y rhes. AA: fe'i derbyniwyd."),
    ("rule, column", "The rule that the cell breaks, and where it is.", "Y rheol y mae'r gell yn ei thorri, a ble mae hi."),
    ("what_to_do", "What to do about this line.", "Beth i'w wneud am y llinell hon."),
)
BY_FORM = {"hl7v2": ACKNOWLEDGEMENT, "hl7_xml": ACKNOWLEDGEMENT, "soap": FAULT, "csv": TABLE}
NAMES = {"hl7v2": "HL7 v2: MSA, ERR", "hl7_xml": "HL7 v2 XML: MSA, ERR", "soap": "SOAP", "csv": "CSV"}


def guides(integration: Integration) -> list[Guide]:
    """A guide for each form of answer that this integration gives."""
    forms = [form for form in formats.of(integration.source) if form.name in BY_FORM]
    found = [Guide(NAMES[form.name], form.answers[0], BY_FORM[form.name]) for form in forms]
    if FHIR_JSON in formats.answers(integration.source):
        found.append(Guide("OperationOutcome", FHIR_JSON, OUTCOME))
    return found


def rows(guide: Guide, language: Language) -> list[tuple[str, str]]:
    """Each part with its meaning in a language."""
    place = 2 if language == "cy" else 1
    return [(row[0], row[place]) for row in guide.rows]


def shown(integration: Integration, guide: Guide) -> dict[str, str]:
    """Real answers to samples, as a person reads them: ``accepted`` and ``rejected``, each where there is one."""
    found: dict[str, str] = {}
    for status in verdict_types(integration):
        given = examples.answers(integration, status, guide.media).get("examples", {})
        for name, each in given.items():
            found.setdefault(name, examples.readable(each["value"]))
    return found
