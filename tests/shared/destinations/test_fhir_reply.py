"""Whatever a FHIR server answers is read, or is a failure that the table knows; it is never a fault of ours."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.destinations.fhir_reply import entries_of, found_in, resource_of
from shared.destinations.fhir_server import _current, _version
from shared.destinations.kinds.failures import owner
from shared.destinations.wire.https import Reply
from shared.problems import Undelivered

WORDS = st.sampled_from(
    ["Bundle", "Patient", "OperationOutcome", "match", "200 OK", "412", "error", "replaced-by", "7"]
) | st.text(max_size=4)
KEYS = st.sampled_from(
    [
        "resourceType",
        "entry",
        "response",
        "status",
        "outcome",
        "search",
        "mode",
        "resource",
        "issue",
        "severity",
        "meta",
        "link",
        "type",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 999) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
BUNDLES = st.fixed_dictionaries({"resourceType": st.just("Bundle")}, optional={"entry": JSON, "issue": JSON, "type": JSON})


@given(JSON | BUNDLES, st.sampled_from([200, 201, 299]), st.integers(0, 3))
def test_any_json(content: object, status: int, expected: int) -> None:
    reply = Reply(status, {"content-type": "application/fhir+json"}, orjson.dumps(content))
    with contextlib.suppress(Undelivered):
        entries_of(resource_of(reply), expected)
    with contextlib.suppress(Undelivered):
        for each in _current(found_in(reply.body, "Patient")):
            _version(each)


@pytest.mark.parametrize("entry", [["x"], [{"response": "200"}], [{"response": None}], [{}], None, {}, "x", [[]]])
def test_an_answer_that_does_not_answer_every_entry_may_have_been_done(entry: object) -> None:
    with pytest.raises(Undelivered) as caught:
        entries_of({"resourceType": "Bundle", "entry": entry}, 1)
    assert (caught.value.code, caught.value.ambiguous, owner(caught.value)) == ("reply-odd", True, "unclear")


@pytest.mark.parametrize(
    "body", [b'{"entry": [7]}', b'{"entry": 7}', b"[]", b'{"entry":[{"resource":7}]}', b"[" * 900 + b"]" * 900]
)
def test_a_search_that_cannot_be_read_is_not_a_search_that_found_nothing(body: bytes) -> None:
    with pytest.raises(Undelivered) as caught:
        found_in(body, "Patient")
    assert caught.value.code == "reply-odd"
