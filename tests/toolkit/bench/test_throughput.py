"""The bench of throughput runs, and its figures are those of virtual time: the same on every machine."""

import asyncio

import pytest

from toolkit.bench import throughput
from toolkit.bench.stand_in import Storage, now, run


def test_every_load_is_delivered() -> None:
    for load in (throughput.spread, throughput.hot, throughput.batch):
        found = load(count=5)
        assert found.rate > 0
        assert found.requests > 0
    assert throughput.spread(hosts=2, count=6).rate > 0


def test_a_run_is_the_same_again() -> None:
    first, again = (throughput.spread(rate=100, count=5) for _ in range(2))
    assert first == again


def test_what_came_in_an_outage_is_delivered_after_it() -> None:
    found = throughput.outage(count=3)
    assert found.first >= 0
    assert found.rest >= 0


def test_the_lines_of_one_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_BENCH_MESSAGES", "4")
    monkeypatch.setenv("HUB_BENCH_BATCH", "4")
    lines = throughput._lines(0.0)
    assert [line.split("  ")[1] for line in lines] == ["many patients", "one patient", "a batch", lines[-1].strip()]


@pytest.mark.parametrize(("rate", "seconds"), [(0.0, 0.5), (4.0, 0.75)], ids=["any number", "four a second"])
def test_requests_take_the_latency_or_wait_for_their_turn(rate: float, seconds: float) -> None:
    async def work() -> float:
        storage, began = Storage(latency=0.5, rate=rate), now()
        await asyncio.gather(*(storage.get("t", "p", f"{n}") for n in range(3)))
        return now() - began

    assert run(work()) == pytest.approx(seconds)
