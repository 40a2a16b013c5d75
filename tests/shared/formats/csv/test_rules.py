"""The rules for the columns of a person: a cell that cannot be read is a finding, and never a fault of the hub."""

import pytest

from shared.formats.csv.row import Row
from shared.formats.csv.rules import cells_of_a_person

CELLS = {"nhs_number": "999 000 0018", "birth_date": "1980-01-02", "recorded": "2026-05-01T10:11:12+01:00", "gender": "Female"}


def places(**cells: str) -> list[str]:
    return [issue.where for issue in cells_of_a_person(Row({**CELLS, **cells}))]


@pytest.mark.parametrize("cells", [{}, {"gender": ""}, {"birth_date": "02/01/1980"}, {"birth_date": ""}, {"recorded": ""}])
def test_what_can_be_read_passes(cells: dict[str, str]) -> None:
    """Whether a cell may be empty is decided by the profile."""
    assert places(**cells) == []


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("nhs_number", "999 000 0019"),
        ("nhs_number", "9990000"),
        ("birth_date", "31/02/1980"),
        ("birth_date", "Sian"),
        ("recorded", "2026-05-01"),
        ("recorded", "2026-05-01T10:11:12"),
        ("gender", "F"),
    ],
)
def test_what_cannot_be_read_is_a_finding(column: str, text: str) -> None:
    assert places(**{column: text}) == [column]
