"""Which entries of a transaction replace a resource of one type."""

import pytest

from shared.fhir.versions import versioned_entries


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
