"""What each HTTP status means for a message, for every status and every place it can come from."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.destinations.kinds.failures import owner
from shared.destinations.kinds.status import seconds, undelivered
from shared.problems import LONGEST_RETRY_AFTER

MEANING = {
    ("transient", "message"): (409, 412, 423),
    ("transient", "destination"): (408, 425, 429, 503, 507),
    ("transient", "unclear"): (500, 502, 504, 508, 520, 524, 599),
    ("permanent", "message"): (400, 402, 406, 410, 411, 413, 414, 415, 416, 417, 418, 422, 424, 428, 431, 451),
    ("misconfigured", "set-up"): (300, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 407, 421, 426, 501, 505, 511),
}


@pytest.mark.parametrize(("meaning", "status"), [(meaning, status) for meaning, group in MEANING.items() for status in group])
def test_meaning(meaning: tuple[str, str], status: int) -> None:
    problem = undelivered(status, detail="their words")
    assert ((problem.kind, owner(problem)), problem.code) == (meaning, f"http-{status}")
    assert problem.ambiguous == (owner(problem) == "unclear")
    assert "their words" not in str(problem) + problem.issues[0].text


def test_an_entry_of_an_answer_is_never_a_failure_of_the_server() -> None:
    for status in range(600):
        problem = undelivered(status, of="entry")
        assert owner(problem) in ("message", "access"), status
        assert problem.ambiguous == (not 400 <= status < 500), status


def test_a_token_server_never_costs_a_message_anything() -> None:
    for status in range(600):
        problem = undelivered(status, of="token")
        assert owner(problem) in ("destination", "set-up"), status
        assert not problem.ambiguous, status
        assert problem.kind != "permanent", status


def test_the_wait_that_was_asked_for() -> None:
    assert undelivered(503, retry_after="7").retry_after == 7
    assert undelivered(429, retry_after="999999999").retry_after == LONGEST_RETRY_AFTER
    assert undelivered(503, retry_after="Thu, 01 Jan 1970 00:00:00 GMT").retry_after == 0
    assert undelivered(503, retry_after="-3").retry_after == 0


@given(st.text() | st.integers().map(str) | st.datetimes().map(lambda at: f"{at:%a, %d %b %Y %H:%M:%S} GMT"))
@example("0\x1f")
def test_any_retry_after_is_a_wait_within_bounds(text: str) -> None:
    assert 0 <= seconds(text, datetime(2026, 5, 1, tzinfo=UTC)) <= LONGEST_RETRY_AFTER
