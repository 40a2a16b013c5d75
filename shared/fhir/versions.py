"""Versions of one resource that may arrive in any order: an older version never replaces a newer one."""

from collections.abc import Mapping
from datetime import datetime

from shared.fhir.resource import Resource


def versioned_entries(bundle: Resource, kind: str) -> dict[int, str]:
    """The entries of a transaction that ``PUT`` a resource of this type: their index and the id of the resource.

    >>> put = {"method": "PUT", "url": "DocumentReference/d1"}
    >>> versioned_entries({"entry": [{"request": {"method": "POST", "url": "Patient"}}, {"request": put}]}, "DocumentReference")
    {1: 'd1'}
    """
    requests = {place: entry.get("request", {}) for place, entry in enumerate(bundle["entry"])}
    start = f"{kind}/"
    return {
        place: request["url"].removeprefix(start)
        for place, request in requests.items()
        if request.get("method") == "PUT" and request["url"].startswith(start)
    }


def is_older(update: Resource, stored: Resource) -> bool:
    """Whether an update was recorded (``date``, an instant) before the stored resource; ``False`` if either has no such date.

    >>> is_older({"date": "2026-04-20T14:05:00+01:00"}, {"date": "2026-04-20T13:30:00Z"}), is_older({}, {"date": "2026-04-20"})
    (True, False)
    """
    new, old = _recorded(update), _recorded(stored)
    return new is not None and old is not None and new < old


def _recorded(resource: Resource) -> datetime | None:
    """``None`` for a date that cannot be compared: absent, or without an offset."""
    try:
        moment = datetime.fromisoformat(resource.get("date", "").replace(":60", ":59"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def add_if_match(bundle: Resource, stored: Mapping[int, Resource]) -> Resource:
    """The transaction where each update of a stored resource has ``If-Match`` with the version that was read."""
    entries = [_if_match(entry, stored[place]) if place in stored else entry for place, entry in enumerate(bundle["entry"])]
    return {**bundle, "entry": entries}


def _if_match(entry: Resource, stored: Resource) -> Resource:
    version = stored.get("meta", {}).get("versionId")
    return {**entry, "request": {**entry["request"], "ifMatch": f'W/"{version}"'}} if version else entry
