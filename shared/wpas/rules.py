"""What a WPAS transaction must keep before it is sent on. The schema has no rule for any value, so all of these are ours."""

from collections.abc import Iterator

from shared.characters import can_be_seen
from shared.formats.xml.document import XmlDocument
from shared.issue import Issue
from shared.validation.authorities import PATIENT_AUTHORITY
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import Policy, destination, quality, safety
from shared.wpas.codes import SEX
from shared.wpas.patient import nhs_number, own_number
from shared.wpas.transaction import Transaction, changed_at, clock, digits, is_day, transaction, where

LONGEST_CONTROL_ID = 20  # MSH-10 in the national standard
NUMBERS = ("TRANSACTION_ID", "UNIT_NUMBER", "NHS_NUMBER", "OLD_UNIT_NUMBER", "NEW_UNIT_NUMBER", "UPI", "SPELL_NO")
SYSTEMS = frozenset(PATIENT_AUTHORITY) - {"NHS"}

POLICIES: dict[str, Policy] = {
    "required-values": destination("the message could not be identified, or its sender", "USER_ID holds two double quotes"),
    "birth-date": safety("it decides who the patient is", "BIRTHDATE is 1980-02-30"),
    "death-date": safety("a living patient would be recorded as dead, or the reverse", "DEATHDATE is before BIRTHDATE"),
    "update-date": safety("it decides which change is newer", "UPDATE_DATE is 2026-05-01"),
    "visit-times": safety("an admission, discharge or transfer would be at another time, or at none", "TRT_TIME is 25:00"),
    "patient-number": safety("the patient could not be found", "UNIT_NUMBER and NHS_NUMBER are empty"),
    "surname": safety("the patient could not be recognised", "SURNAME is empty in an MPI"),
    "sex": safety("the letters of WPAS and of HL7 differ, so another letter has no sure meaning", "SEX is X"),
    "replaced-number": safety("the merge would not name the record to merge, or name the same", "OLD_UNIT_NUMBER is empty"),
    "new-number": safety("two numbers for one patient: it is not clear which is right", "NEW_UNIT_NUMBER is not UNIT_NUMBER"),
    "system": safety("the number of the patient would have an unknown authority", "SYSTEM_ID is 999"),
    "control-id": destination("the national standard has at most 20 characters in MSH-10", "TRANSACTION_ID has 25 characters"),
    "hidden-character": safety(
        "the number looks like another one, and names another patient", "a zero-width space in UNIT_NUMBER"
    ),
    "nulls": quality("WPAS writes two double quotes wherever it holds no value", "MOBILE holds two double quotes"),
    "nhs-number-check-digit": quality("old records fail it", "NHS_NUMBER is 9990000000"),
}


def birth_date(document: XmlDocument) -> Iterator[Issue]:
    """BIRTHDATE is a day that exists and not in the future; a null does not delete it."""
    sent = transaction(document)
    yield from _day(sent, "BIRTHDATE")
    if "BIRTHDATE" in sent.nulls:
        yield _error("BIRTHDATE", "a date of birth cannot be deleted", "value")


def death_date(document: XmlDocument) -> Iterator[Issue]:
    """DEATHDATE is a day that exists, not before BIRTHDATE and not in the future."""
    sent = transaction(document)
    yield from _day(sent, "DEATHDATE")
    born, died = sent["BIRTHDATE"], sent["DEATHDATE"]
    if is_day(born) and is_day(died) and died < born:
        yield _error("DEATHDATE", "before the date of birth", "value")


def update_date(document: XmlDocument) -> Iterator[Issue]:
    """UPDATE_DATE is a time that exists."""
    sent = transaction(document)
    try:
        changed_at(sent["UPDATE_DATE"])
    except ValueError:
        yield _error("UPDATE_DATE", "not a time: yyyy-MM-ddTHH:mm:ss", "value")


def visit_times(document: XmlDocument) -> Iterator[Issue]:
    """The dates and times of admission, discharge and transfer exist, and a time has its date."""
    sent = transaction(document)
    for kind in ("TRT", "DIS", "TRANSFER"):
        day, time = sent[f"{kind}_DATE"], sent[f"{kind}_TIME"]
        if day and not is_day(day):
            yield _error(f"{kind}_DATE", "not a day: yyyy-MM-dd", "value")
        if time and not clock(time):
            yield _error(f"{kind}_TIME", "not a time: HHmm", "value")
        if time and not day:
            yield _error(f"{kind}_DATE", "a time without its date", "required")


def patient_number(document: XmlDocument) -> Iterator[Issue]:
    """UNIT_NUMBER or NHS_NUMBER has a value."""
    sent = transaction(document)
    if not own_number(sent) and not nhs_number(sent):
        yield _error("UNIT_NUMBER", "neither UNIT_NUMBER nor NHS_NUMBER has a value", "required")


def surname(document: XmlDocument) -> Iterator[Issue]:
    """SURNAME has a value in a registration or a change of demographics."""
    sent = transaction(document)
    if sent["MSG_ID"] in ("MPI", "MPA") and not sent["SURNAME"]:
        yield _error("SURNAME", "required", "required")


def sex(document: XmlDocument) -> Iterator[Issue]:
    """SEX, where it has a value, is F, M, U or Z."""
    if (sent := transaction(document)["SEX"]) and sent not in SEX:
        yield _error("SEX", "not one of F, M, U and Z", "code-invalid")


def replaced_number(document: XmlDocument) -> Iterator[Issue]:
    """OLD_UNIT_NUMBER has a value in a change of number, and is not the new one."""
    sent = transaction(document)
    if sent["MSG_ID"] != "MPR":
        return
    if not sent["OLD_UNIT_NUMBER"]:
        yield _error("OLD_UNIT_NUMBER", "required", "required")
    elif sent["OLD_UNIT_NUMBER"] == own_number(sent):
        yield _error("OLD_UNIT_NUMBER", "the same as the number that replaces it", "value")


def new_number(document: XmlDocument) -> Iterator[Issue]:
    """A change of number has the new one, and NEW_UNIT_NUMBER and UNIT_NUMBER are equal where both have a value."""
    sent = transaction(document)
    new, own = sent["NEW_UNIT_NUMBER"], sent["UNIT_NUMBER"]
    if sent["MSG_ID"] == "MPR" and new and own and new != own:
        yield _error("NEW_UNIT_NUMBER", "differs from UNIT_NUMBER", "value")
    if sent["MSG_ID"] == "MPR" and not new and not own:
        yield _error("NEW_UNIT_NUMBER", "required", "required")


def system(document: XmlDocument) -> Iterator[Issue]:
    """SYSTEM_ID is an assigning authority of NHS Wales."""
    sent = transaction(document)["SYSTEM_ID"]
    if sent and sent not in SYSTEMS:
        yield _error("SYSTEM_ID", "not a known authority", "code-invalid")


def required_values(document: XmlDocument) -> Iterator[Issue]:
    """TRANSACTION_ID, MSG_ID, USER_ID and SYSTEM_ID are not nulls."""
    sent = transaction(document)
    for name in ("TRANSACTION_ID", "MSG_ID", "USER_ID", "SYSTEM_ID"):
        if name in sent.nulls:
            yield _error(name, "required", "required")


def control_id(document: XmlDocument) -> Iterator[Issue]:
    """SYSTEM_ID and TRANSACTION_ID together have at most 20 characters."""
    sent = transaction(document)
    if len(sent["SYSTEM_ID"] + sent["TRANSACTION_ID"]) > LONGEST_CONTROL_ID:
        yield _error("TRANSACTION_ID", f"longer than {LONGEST_CONTROL_ID} characters with SYSTEM_ID", "too-long")


def hidden_character(document: XmlDocument) -> Iterator[Issue]:
    """No number has a control character, or one that cannot be seen."""
    sent = transaction(document)
    for name in NUMBERS:
        if not can_be_seen(sent[name]):
            yield _error(name, "a control character, or one that cannot be seen, in an identifier", "value")


def nhs_number_check_digit(document: XmlDocument) -> Iterator[Issue]:
    """NHS_NUMBER has ten digits and passes the check digit. A warning: old records fail it."""
    number = nhs_number(transaction(document))
    if number and not is_nhs_number(number):
        yield _error("NHS_NUMBER", "the check digit of the NHS Number is wrong", "value")


def nulls(document: XmlDocument) -> Iterator[Issue]:
    """Two double quotes are read as "not filled" and not sent on, except a death that an MPA withdraws."""
    sent = transaction(document)
    count = len(sent.nulls) - (sent["MSG_ID"] == "MPA" and "DEATHDATE" in sent.nulls)
    if count:
        text = f"{count} elements hold two double quotes, which are read as not filled"
        yield Issue(severity="information", code="informational", where="TRANSACTION", text=text)


def _day(sent: Transaction, name: str) -> Iterator[Issue]:
    if not (text := sent[name]):
        return
    if not is_day(text):
        yield _error(name, "not a day: yyyy-MM-dd", "value")
    elif sent.received and digits(text) > sent.received[:8]:
        yield _error(name, "in the future", "value")


def _error(name: str, text: str, code: str) -> Issue:
    return Issue(severity="error", code=code, where=where(name), text=text)


ALL = (
    required_values,
    birth_date,
    death_date,
    update_date,
    visit_times,
    patient_number,
    surname,
    sex,
    replaced_number,
    new_number,
    system,
    control_id,
    hidden_character,
    nhs_number_check_digit,
    nulls,
)
