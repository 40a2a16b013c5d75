"""The contenders of the reading benchmark do the same work, or its ratios would say nothing."""

import pytest

from toolkit.bench import parse


@pytest.mark.parametrize("name", list(parse.MESSAGES))
def test_the_contenders_read_the_same(name: str) -> None:
    body = parse.MESSAGES[name]
    assert parse.floor(body) == parse.ours(body) == parse.peer(body)
    assert all(parse.ours(body))
