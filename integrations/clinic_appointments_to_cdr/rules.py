"""What a row of a clinic's list must say so that the right patient is expected at the right time."""

from collections.abc import Callable, Iterator

from integrations.clinic_appointments_to_cdr.codes import GENDER, STATUS
from shared.formats.csv.cells import clock, day, joined
from shared.formats.csv.row import Row
from shared.hl7.syntax.timestamp import is_date, is_time
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import destination, quality, safety

LONGEST = 24 * 60  # minutes
ODS = range(3, 11)  # characters of an organisation's code
POLICIES = {
    "nhs-number-check-digit": safety("the appointment would go to no one, or to someone else", "9990000019"),
    "dates-and-times": safety("the patient would be expected at another time", "05/13/2026, 25:00, 1/5/26"),
    "minutes-are-a-number": destination("the end of the appointment is computed from it", "half an hour"),
    "status-is-known": safety("a cancelled appointment could stay booked", "Status is Moved"),
    "birth-before-appointment": safety("the patient or the date is another one", "date is before birth_date"),
    "organisation-code": safety("the numbers of two organisations could be confused", "organisation is Bron Glais"),
    "gender-is-known": quality("the Patient is created without a gender", "gender is X1"),
}


def nhs_number_check_digit(row: Row) -> Iterator[Issue]:
    """The NHS Number has ten digits and passes its check digit; spaces between the digits are allowed."""
    if row["nhs_number"] and not is_nhs_number(joined(row["nhs_number"])):
        yield error("nhs_number", "not an NHS Number: ten digits, of which the last is a check digit")


def dates_and_times(row: Row) -> Iterator[Issue]:
    """Dates are YYYY-MM-DD or DD/MM/YYYY and exist; the time is HH:MM."""
    for column in ("date", "birth_date"):
        if row[column] and not valid(day, row[column], is_date):
            yield error(column, "not a date of the form YYYY-MM-DD or DD/MM/YYYY")
    if row["time"] and not valid(clock, row["time"], is_time):
        yield error("time", "not a time of the form HH:MM")


def minutes_are_a_number(row: Row) -> Iterator[Issue]:
    """The length of the appointment is a number of minutes, at most one day."""
    text = row["minutes"]
    if text and not (text.isascii() and text.isdigit() and len(text) <= 4 and 0 < int(text) <= LONGEST):
        yield error("minutes", f"not a number of minutes from 1 to {LONGEST}")


def status_is_known(row: Row) -> Iterator[Issue]:
    """The status is one of those agreed: Booked, Confirmed, Arrived, Attended, Did not attend (DNA), Cancelled."""
    if row["status"] and row["status"].lower() not in STATUS:
        yield error("status", "not one of the agreed statuses", code="code-invalid")


def birth_before_appointment(row: Row) -> Iterator[Issue]:
    """The patient was born before the appointment."""
    born, seen = (valid(day, row[column], bool) for column in ("birth_date", "date"))
    if born and seen and born > seen:
        yield error("birth_date", "after the date of the appointment")


def organisation_code(row: Row) -> Iterator[Issue]:
    """The organisation is an ODS code: letters and digits."""
    code = row["organisation"]
    if code and not (code.isascii() and code.isalnum() and len(code) in ODS):
        yield error("organisation", "not an ODS code", code="code-invalid")


def gender_is_known(row: Row) -> Iterator[Issue]:
    """The gender, if there is one, is F, M, Female, Male, Other or Unknown."""
    if row["gender"] and row["gender"].lower() not in GENDER:
        yield error("gender", "not one of the agreed codes", code="code-invalid")


def valid(read: Callable[[str], str], text: str, exists: Callable[[str], bool]) -> str:
    """The meaning of a cell; ``""`` if it is of another form or does not exist."""
    try:
        meant = read(text)
    except ValueError:
        return ""
    return meant if exists(meant) else ""


def error(where: str, text: str, code: str = "value") -> Issue:
    return Issue(severity="error", code=code, where=where, text=text)


RULES = (
    nhs_number_check_digit,
    dates_and_times,
    minutes_are_a_number,
    status_is_known,
    birth_before_appointment,
    organisation_code,
    gender_is_known,
)
# Column -> why it reaches nothing (mapping_sheet.md)
DROPPED: dict[str, str] = {}
