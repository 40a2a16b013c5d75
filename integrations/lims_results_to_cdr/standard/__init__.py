"""The national ORU_R01 standard (version 2.0.0) as rules: one row each, under its own id."""

from collections.abc import Iterator

from integrations.lims_results_to_cdr.standard import header, patient, report, result, visit
from shared.hl7 import Message
from shared.issue import Issue

PARTS = (header, patient, visit, report, result)
ROWS = tuple(row for part in PARTS for row in part.ROWS)
SAID = {row_id: why for part in PARTS for row_id, why in part.SAID.items()}


def oru_standard(message: Message) -> Iterator[Issue]:
    """Every row of the standard that this message breaks, in the order of the standard."""
    for row in ROWS:
        yield from row.issues(message)
