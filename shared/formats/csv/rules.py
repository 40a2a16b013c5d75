"""Rules for the columns of a person: ``nhs_number``, ``birth_date``, ``recorded``, ``gender``."""

from collections.abc import Iterator

from shared.formats.csv.cells import day, joined
from shared.formats.csv.row import Row
from shared.formats.json.schema import is_date_time
from shared.hl7.syntax.timestamp import is_date
from shared.issue import Issue
from shared.validation.nhs_number import is_nhs_number
from shared.validation.policy import safety

GENDERS = ("", "male", "female", "other", "unknown")  # FHIR R4, AdministrativeGender
POLICIES = {"cells-of-a-person": safety("the row could not be sent, or would be another person's", "birth_date is 31/02/1980")}


def cells_of_a_person(row: Row) -> Iterator[Issue]:
    """The NHS Number passes its check digit, dates exist, and the gender is a code of FHIR."""
    for column, is_right, text in (
        ("nhs_number", is_nhs_number(joined(row["nhs_number"])), "not an NHS Number: ten digits with their check digit"),
        ("birth_date", is_day(row["birth_date"]), "not an existing day"),
        ("recorded", is_date_time(row["recorded"]), "not a date and time with its offset, such as 2026-05-01T10:15:00+01:00"),
        ("gender", row["gender"].lower() in GENDERS, "not one of male, female, other, unknown"),
    ):
        if row[column] and not is_right:
            yield Issue(severity="error", code="value", where=column, text=text, rule="cells-of-a-person")


def is_day(text: str) -> bool:
    """Whether a cell has a date in a form that ``day`` reads, and the day exists.

    >>> is_day("1980-01-02"), is_day("31/02/1980"), is_day("Sian")
    (True, False, False)
    """
    try:
        return is_date(day(text))
    except ValueError:
        return False


RULES = (cells_of_a_person,)
