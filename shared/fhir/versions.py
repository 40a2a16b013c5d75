"""Versions of one resource that may come in either order: an older one never takes the place of a newer one."""

from collections.abc import Mapping
from datetime import datetime

from shared.fhir.resource import Resource


def versioned(bundle: Resource, kind: str) -> dict[int, str]:
    """The entries of a transaction that put a resource of this type under its id: their place, and the id.

    >>> put = {"method": "PUT", "url": "DocumentReference/d1"}
    >>> versioned({"entry": [{"request": {"method": "POST", "url": "Patient"}}, {"request": put}]}, "DocumentReference")
    {1: 'd1'}
    """
    asked = {place: entry.get("request", {}) for place, entry in enumerate(bundle["entry"])}
    start = f"{kind}/"
    return {
        place: request["url"].removeprefix(start)
        for place, request in asked.items()
        if request.get("method") == "PUT" and request["url"].startswith(start)
    }


def is_older(told: Resource, held: Resource) -> bool:
    """Whether what is told was recorded (``date``, an instant) before what is held; not so when one does not say when.

    >>> is_older({"date": "2026-04-20T14:05:00+01:00"}, {"date": "2026-04-20T13:30:00Z"}), is_older({}, {"date": "2026-04-20"})
    (True, False)
    """
    said, known = _moment(told), _moment(held)
    return said is not None and known is not None and said < known


def _moment(resource: Resource) -> datetime | None:
    """``None`` for one that cannot be compared: absent, or without an offset."""
    try:
        moment = datetime.fromisoformat(resource.get("date", "").replace(":60", ":59"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def bound(bundle: Resource, held: Mapping[int, Resource]) -> Resource:
    """The transaction with each update that replaces what was read bound to that version (``If-Match``)."""
    entries = [_bound(entry, held[place]) if place in held else entry for place, entry in enumerate(bundle["entry"])]
    return {**bundle, "entry": entries}


def _bound(entry: Resource, held: Resource) -> Resource:
    version = held.get("meta", {}).get("versionId")
    return {**entry, "request": {**entry["request"], "ifMatch": f'W/"{version}"'}} if version else entry
