"""What a WPAS transaction should keep: forms of numbers and codes, and elements that must agree. All of these are warnings."""

import re
from collections.abc import Iterator

from shared.formats.xml.document import XmlDocument
from shared.issue import Issue
from shared.mapping.wales.codes import coding
from shared.validation.policy import Policy
from shared.validation.policy import quality as warns
from shared.wpas.codes import BOARDS, LANGUAGE_NOT_KNOWN, MARITAL_STATUS, NOT_SENSITIVE, NUMBER_STATUS, TREATMENT_TYPES
from shared.wpas.names import TRANSACTION
from shared.wpas.patient import NUMBER, ethnic_category, in_step
from shared.wpas.transaction import Transaction, transaction, where
from shared.wpas.visit import first_word, site

POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}")
EMAIL = re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}\.[^@\s.]{2,63}")
GP = re.compile(r"G\d{7}")
PRACTICE = re.compile(r"W\d{5}|[A-HJ-NPVY]\d{5}")
LONGEST_NUMBER = 25
TELEPHONES = ("TELEPHONE_DAY", "TELEPHONE_NIGHT", "MOBILE", "PAT_TEL_DAY", "PAT_TEL_NIGHT")
AS_SENT = "sent on as it is"

POLICIES: dict[str, Policy] = {
    "code-of-a-list": warns(
        "sent on as a local code, or left out where the field takes codes of its list only", "DISMETHOD is 9"
    ),
    "inferred-code": warns(
        "the meaning of the digits and letters of WPAS is inferred and not yet confirmed", "MARITAL_STATUS is 5"
    ),
    "form-of-a-number": warns(AS_SENT, "REGISTERED_GP is 1234"),
    "postcode": warns(AS_SENT, "POSTCODE is SA1"),
    "telephone": warns(AS_SENT, "TELEPHONE_DAY has 30 digits"),
    "email": warns(AS_SENT, "EMAIL holds a word and no address"),
    "sensitivity": warns("read as protected", "HIGH_SENSITIVE is P"),
    "alerts-in-step": warns(
        "each list is sent whole, because its items cannot be paired", "EVENT_CODES has two items, EVENT_DESCS one"
    ),
    "agreement": warns("the elements of the transfer are used", "WARD is A, NEW_WARD is B"),
    "last-transfer": warns("the elements of the transfer are used", "the last TRANSFER_WARD is A, NEW_WARD is B"),
    "visit-number": warns("the visit cannot be found again by its number", "UNIQUE_ID is empty in an IPT"),
}


def code_of_a_list(document: XmlDocument) -> Iterator[Issue]:
    """Codes of status, language, marital status, ethnic origin, admission and discharge are in their lists."""
    sent = transaction(document)
    yield from _unless(sent, "NHS_CERTIFICATION", sent["NHS_CERTIFICATION"] in NUMBER_STATUS)
    yield from _unless(sent, "MARITAL_STATUS", sent["MARITAL_STATUS"] in MARITAL_STATUS)
    yield from _unless(sent, "ETHNIC_ORIGIN", bool(ethnic_category(sent["ETHNIC_ORIGIN"])))
    yield from _unless(sent, "PREFERRED_LANGUAGE", sent["PREFERRED_LANGUAGE"] == LANGUAGE_NOT_KNOWN)
    if sent["MSG_ID"] == "IPT":
        yield from _unless(sent, "TRT_TYPE", sent["TRT_TYPE"] in TREATMENT_TYPES)
        for table, name in (
            ("source_of_admission", "SOURCE_ADMISSION"),
            ("admission_method", "SPELL_NO"),
            ("discharge_method", "DISMETHOD"),
            ("discharge_destination", "DISDEST"),
        ):
            yield from _unless(sent, name, bool(coding(table, first_word(sent[name]))))


def _unless(sent: Transaction, name: str, known: bool) -> Iterator[Issue]:
    if sent[name] and not known:
        yield _warning(name, "not in the list that is known", "code-invalid")


def inferred_code(document: XmlDocument) -> Iterator[Issue]:
    """MARITAL_STATUS and ETHNIC_ORIGIN are translated by lists that are inferred, and not yet confirmed by the owner."""
    sent = transaction(document)
    if sent["MARITAL_STATUS"] in MARITAL_STATUS:
        yield _warning("MARITAL_STATUS", "translated by an inferred list", "code-invalid")
    if ethnic_category(sent["ETHNIC_ORIGIN"]):
        yield _warning("ETHNIC_ORIGIN", "translated by an inferred list", "code-invalid")


def form_of_a_number(document: XmlDocument) -> Iterator[Issue]:
    """Codes of practitioners, practices, boards and sites have their form."""
    sent = transaction(document)
    checks = {
        "REGISTERED_GP": GP.fullmatch(sent["REGISTERED_GP"]) is not None,
        "GP_PRACTICE": PRACTICE.fullmatch(sent["GP_PRACTICE"]) is not None,
        "DHA_CODE": sent["DHA_CODE"] in BOARDS,
        "CURLOC_PROVIDER_CODE": bool(site(sent["CURLOC_PROVIDER_CODE"])),
    }
    for name, is_right in checks.items():
        if sent[name] and not is_right:
            yield _warning(name, "not of the usual form")


def postcode(document: XmlDocument) -> Iterator[Issue]:
    """Postcodes have the form of a postcode of the United Kingdom."""
    sent = transaction(document)
    for name in ("POSTCODE", "CONTACT_ADDRESS_6"):
        if sent[name] and not POSTCODE.fullmatch(sent[name].upper()):
            yield _warning(name, "not of the form of a postcode")


def telephone(document: XmlDocument) -> Iterator[Issue]:
    """A telephone number begins the element and has at most 25 characters; words go into component 9."""
    sent = transaction(document)
    for name in TELEPHONES:
        found = NUMBER.match(sent[name])
        if sent[name] and (found is None or len(found[0].strip()) > LONGEST_NUMBER):
            yield _warning(name, f"no number, or one longer than {LONGEST_NUMBER} characters")


def email(document: XmlDocument) -> Iterator[Issue]:
    """EMAIL looks like an address."""
    sent = transaction(document)
    if sent["EMAIL"] and not EMAIL.fullmatch(sent["EMAIL"]):
        yield _warning("EMAIL", "not of the form of an address")


def sensitivity(document: XmlDocument) -> Iterator[Issue]:
    """HIGH_SENSITIVE is Y or N; anything else protects the record."""
    sent = transaction(document)["HIGH_SENSITIVE"].upper()
    if sent and sent not in ("Y", *NOT_SENSITIVE):
        yield _warning("HIGH_SENSITIVE", "neither Y nor N: read as protected", "code-invalid")


def alerts_in_step(document: XmlDocument) -> Iterator[Issue]:
    """EVENT_CODES, KEY_NOTE_TYPES, EVENT_DESCS and EVENT_VALUES have as many items as each other."""
    if not in_step(transaction(document)):
        yield _warning("EVENT_CODES", "the lists of alerts differ in length")


def agreement(document: XmlDocument) -> Iterator[Issue]:
    """Ward and consultant of a transfer agree with those that it names as new."""
    sent = transaction(document)
    if sent["MSG_ID"] != "IPT":
        return
    pairs = {"NEW_WARD": "WARD", "NEW_CONS": "CONS", "NEW_CONS_GMC": "CONS_GMC", "NEW_CONS_NAME": "CONS_NAME"}
    for new, current in pairs.items():
        if sent[new] and sent[current] and sent[new] != sent[current]:
            yield _warning(new, f"differs from {current}")


def last_transfer(document: XmlDocument) -> Iterator[Issue]:
    """The last of the transfers is to the new ward."""
    sent = transaction(document)
    transfers = document.elements(f"{TRANSACTION}/TRANSFERS/TRANSFER")
    if not transfers or sent["MSG_ID"] != "IPT":
        return
    ward = document.text(f"{TRANSACTION}/TRANSFERS/TRANSFER[{len(transfers)}]/TRANSFER_WARD")
    if ward and sent["NEW_WARD"] and ward != sent["NEW_WARD"]:
        place = f"{TRANSACTION}/TRANSFERS/TRANSFER/TRANSFER_WARD"
        yield Issue(severity="information", code="informational", where=place, text="the last transfer is to another ward")


def visit_number(document: XmlDocument) -> Iterator[Issue]:
    """A transfer has the number of its visit (UNIQUE_ID)."""
    sent = transaction(document)
    if sent["MSG_ID"] == "IPT" and not sent["UNIQUE_ID"]:
        yield _warning("UNIQUE_ID", "required", "required")


def _warning(name: str, text: str, code: str = "value") -> Issue:
    return Issue(severity="warning", code=code, where=where(name), text=text)


ALL = (
    code_of_a_list,
    inferred_code,
    form_of_a_number,
    postcode,
    telephone,
    email,
    sensitivity,
    alerts_in_step,
    agreement,
    last_transfer,
    visit_number,
)
