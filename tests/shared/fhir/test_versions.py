"""Which entries of a transaction replace a resource of one type."""

import pytest

from shared.fhir.versions import add_if_match, is_older, versioned_entries


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({"method": "PUT", "url": "DocumentReference/d1"}, {0: "d1"}),
        ({"method": "PUT", "url": "Patient/d1"}, {}),
        ({"method": "PUT", "url": "DocumentReferenceX/d1"}, {}),
        ({"method": "POST", "url": "DocumentReference/d1"}, {}),
        ({"url": "DocumentReference/d1"}, {}),
        (None, {}),
    ],
)
def test_only_a_put_of_the_type_is_versioned(request_: dict[str, str] | None, found: dict[int, str]) -> None:
    entry = {"request": request_} if request_ else {}
    assert versioned_entries({"entry": [entry]}, "DocumentReference") == found


def test_an_update_names_the_version_that_was_read() -> None:
    put = {"fullUrl": "urn:a", "request": {"method": "PUT", "url": "DocumentReference/d1"}}
    bundle = {"type": "transaction", "entry": [put, put, put]}
    versions = {0: {"meta": {"versionId": "3"}}, 1: {"meta": {}}}
    conditional = {**put, "request": {**put["request"], "ifMatch": 'W/"3"'}}
    assert add_if_match(bundle, versions) == {"type": "transaction", "entry": [conditional, put, put]}


@pytest.mark.parametrize(
    ("update", "stored", "older"),
    [
        ("2026-04-20T13:00:00Z", "2026-04-20T13:00:01Z", True),
        ("2026-04-20T13:00:01Z", "2026-04-20T13:00:01Z", False),
        ("2026-04-20T13:00:02Z", "2026-04-20T13:00:01Z", False),
        ("2026-04-20T14:00:00+01:00", "2026-04-20T13:00:01Z", True),
        ("2026-04-20T23:59:60Z", "2026-04-20T23:59:58Z", False),
        ("2026-04-20T13:00:00", "2026-04-20T13:00:01Z", False),
        ("2026-04-19", "2026-04-20T13:00:01Z", False),
        ("", "2026-04-20T13:00:01Z", False),
        ("2026-04-20T13:00:00Z", "", False),
        ("x", "2026-04-20T13:00:01Z", False),
    ],
)
def test_an_update_is_older_if_both_times_can_be_compared(update: str, stored: str, older: bool) -> None:
    assert is_older({"date": update}, {"date": stored}) is older
