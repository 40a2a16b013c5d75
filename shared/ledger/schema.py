"""Rows of other versions of the hub: those of an earlier one are read, those of a newer one are left alone.

Two versions run side by side while one is deployed. tests/shared/ledger/rows holds what each earlier version wrote.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

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
# What a waiting row of an earlier version may not have, as it is to be read
WAITING: Mapping[str, Any] = MappingProxyType(
    {
        "state": "waiting",
        "due": 0.0,
        "attempts": 0,
        "sent": 0,
        "ambiguous": False,
        "replays": 0,
        "code": "",
        "mark": "",
        "blob": "",
        "after": "",
        "after_n": 0,
        "correlation_id": "",
        "traceparent": "",
        "rules": "",
    }
)


def is_newer(*rows: Row | None) -> bool:
    """Whether a newer version wrote one of the rows: then its meaning is not known here."""
    return any(row is not None and isinstance(row["schema"], int) and row["schema"] > names.SCHEMA for row in rows)


def waiting(row: Row) -> Row:
    """A waiting message, with what its version did not write; the first one did not know ``since``."""
    return Row(row.partition, row.key, row.etag, {**WAITING, "since": row["at"], **row.values})


def known(integration: str, place: str, hub: Hub, *rows: Row | None) -> None:
    """Nothing, when this version knows the rows. Raises ``Unavailable``, reported: a newer version must do it."""
    if is_newer(*rows):
        lane = next(row.partition for row in rows if row is not None)
        left_alone(integration, place, lane, hub)
        raise Unavailable(NEWER)


def left_alone(integration: str, place: str, lane: str, hub: Hub) -> None:
    """Report that a row of a newer version was left alone."""
    hub.tell("hub.skipped", integration=integration, stage=place, lane=lane, error_code=NEWER.rule)
