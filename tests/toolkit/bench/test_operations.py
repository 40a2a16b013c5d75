"""What one message costs in storage operations and in round trips one after the other: exact numbers, nothing is timed."""

import asyncio

import pytest

from integrations import load
from toolkit.bench import operations, path


@pytest.fixture(scope="module")
def found() -> operations.Path:
    return asyncio.run(path._operations())


def test_a_message_that_is_delivered_at_its_first_attempt_costs_these_operations(found: operations.Path) -> None:
    assert found.counts == {"commit": 6, "get": 1}


def test_round_trips_one_after_the_other(found: operations.Path) -> None:
    assert found.acknowledged == 2, "before the acknowledgement"
    assert found.delivered - found.acknowledged == 1, "from the acknowledgement to the delivery"
    assert found.recorded - found.delivered == 1, "from the delivery until it is recorded and the lane is free"
    assert found.ended - found.recorded == 1, "to tidy up after that"


def test_a_killed_first_attempt_is_made_by_another_process_within_15_seconds() -> None:
    seconds = asyncio.run(path._recovery())
    assert len(seconds) == 20 * 4, "one for each half second since the last look of the timer, and of the host into its queue"
    assert max(seconds) <= 15


def test_the_operations_are_listed_without_a_key_of_the_message(found: operations.Path) -> None:
    text = "\n".join(found.lines())
    assert "commit  ledger  lane" in text
    assert "BENCH" not in text
    assert not any(len(word) > 20 for line in text.splitlines() for word in line.split())


def test_what_does_not_wait_for_each_other_is_one_round_trip() -> None:
    class Store:
        async def get(self, *where: str) -> None:
            """There is nothing."""

    async def work() -> operations.Counting:
        counting = operations.Counting(Store(), load(path.NAME).name)
        await asyncio.gather(counting.get("t", "p", "1"), counting.get("t", "p", "2"))
        await counting.get("t", "p", "3")
        return counting

    assert [step.turn for step in asyncio.run(work()).steps] == [1, 1, 2]
