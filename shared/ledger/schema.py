"""Rows of other versions of the hub: those of an earlier one are read, those of a newer one are left alone.

Two versions run side by side while one is deployed. tests/shared/ledger/rows holds what each earlier version wrote.
"""

from collections.abc import Iterable
from itertools import takewhile

from shared.hub import Hub
from shared.issue import Issue
from shared.problems import Unavailable
from shared.storage import names
from shared.storage.store import Row

NEWER = Issue(
    severity="error",
    code="transient",
    text="a newer version of the hub has this lane: send it again",
    rule="newer-version",
    hl7="207",
)


class Newer(Exception):
    """A newer version wrote the row: its meaning is not known here."""


def is_newer(*rows: Row | None) -> bool:
    """Whether a newer version wrote one of the rows: then its meaning is not known here."""
    return any(row is not None and isinstance(row["schema"], int) and row["schema"] > names.SCHEMA for row in rows)


def readable(row: Row | None) -> Row | None:
    """The row. Raises ``Newer``."""
    if is_newer(row):
        raise Newer
    return row


def not_newer(rows: Iterable[Row]) -> list[Row]:
    """The rows before the first one that a newer version wrote."""
    return list(takewhile(lambda row: not is_newer(row), rows))


def known(integration: str, place: str, hub: Hub, *rows: Row | None) -> None:
    """Nothing, when this version knows the rows. Raises ``Unavailable``, reported: a newer version must do it."""
    if is_newer(*rows):
        lane = next(row.partition for row in rows if row is not None)
        left_alone(integration, place, lane, hub)
        raise Unavailable(NEWER)


def left_alone(integration: str, place: str, lane: str, hub: Hub) -> None:
    """Report that a row of a newer version was left alone."""
    hub.emit("hub.skipped", integration=integration, stage=place, lane=lane, error_code=NEWER.rule)
