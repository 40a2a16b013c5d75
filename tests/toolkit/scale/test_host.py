"""One simulated host: against queues whose answer is known, and what the bench says of it."""

from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.bench.host import Compared, tell
from toolkit.scale.host import Host, Simulation, at_random, backlog, evenly

HOST = Host((5, 1), (1,), (1, 1), cpu=0.006, storage_rate=500, storage_time=0.004, destination=0.002)


def test_a_message_alone_takes_the_sum_of_its_steps() -> None:
    """Two round trips before the acknowledgement, one after it, four parts of the processor, and the destination."""
    [alone] = Simulation(HOST).run([0.0]).delivered
    first_round = 0.001 + 5 / 500 + (0.004 - 1 / 500 - 0.001)
    other_round = 0.001 + 1 / 500 + (0.004 - 1 / 500 - 0.001)
    assert alone == pytest.approx(first_round + 2 * other_round + 0.001 + 0.002)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_a_line_for_the_processor_is_as_long_as_theory_says(busy: float) -> None:
    """Messages at random and one server with a fixed time: the mean wait is busy / (2 (1 - busy)) of that time."""
    server = Host((), (), (), cpu=0.01, storage_rate=1e9, storage_time=0, destination=0, at_once=10**6)
    found = Simulation(server).run(at_random(busy / 0.01, 300, seed=7)).delivered
    assert mean(found) == pytest.approx(0.01 * (1 + busy / (2 * (1 - busy))), rel=0.1)


@settings(max_examples=30)
@given(cpu=st.floats(0.001, 0.05), rate=st.floats(50, 2000), rounds=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_backlog_goes_at_the_rate_of_what_is_slowest(cpu: float, rate: float, rounds: list[int]) -> None:
    host = Host(rounds, (1,), (1,), cpu=cpu, storage_rate=rate, storage_time=1 / rate, destination=0)
    assert 0.5 * host.most <= backlog(host, 100) <= 1.001 * host.most


def test_no_more_than_its_share_is_in_work_at_once() -> None:
    """With one message at a time, each waits for all before it; with all at once, none does where nothing is scarce."""
    quick = HOST._replace(storage_rate=1e9, cpu=1e-9)
    assert max(Simulation(quick).run([0.0] * 10).delivered) == pytest.approx(3 * 0.004 + 0.002, rel=0.01)
    slow = Simulation(quick._replace(at_once=1)).run([0.0] * 10)
    assert slow.ended == pytest.approx(10 * (5 * 0.004 + 0.002), rel=0.01)
    assert max(slow.delivered) > 0.19


def test_each_message_is_delivered_once() -> None:
    assert len(Simulation(HOST).run(evenly(40, 10)).delivered) == 400


@pytest.mark.parametrize(("real", "code", "last"), [(51.0, 0, "goals met"), (120.0, 1, "a goal is missed")])
def test_the_bench_says_whether_the_simulation_is_near(
    real: float, code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(HOST, [Compared("5 a second, p50, ms", 50.0, real)]) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)
