"""What each HTTP status means for a message."""

import pytest

from shared.destinations.status import undelivered

MEANING = {
    "transient": (408, 409, 412, 425, 429, 500, 502, 503, 504, 599),
    "permanent": (400, 406, 410, 413, 415, 422),
    "misconfigured": (301, 302, 307, 308, 401, 403, 404, 405),
}


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind, group in MEANING.items() for status in group])
def test_meaning(kind: str, status: int) -> None:
    problem = undelivered(status, detail="their words")
    assert (problem.kind, problem.code, problem.ambiguous) == (kind, f"http-{status}", status in (500, 502, 504))
    assert "their words" not in str(problem) + problem.issues[0].text


def test_the_wait_that_was_asked_for() -> None:
    assert undelivered(503, retry_after="7").retry_after == 7
    assert undelivered(429, retry_after="999999999").retry_after == 86400
    assert undelivered(503, retry_after="Thu, 01 Jan 1970 00:00:00 GMT").retry_after == 0
    assert undelivered(503, retry_after="-3").retry_after == 0
