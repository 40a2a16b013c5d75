"""What the bench of memory shows: each way as it is measured, one that fails too, and whether the goal is met."""

import sys
from typing import Any

import pytest

from shared.settings import SettingInvalid
from toolkit.bench import memory
from toolkit.bench.memory import MIB, Peak, Way, ways

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """MiB that each way takes, by its label; a way that is not in it is not delivered."""
    given = dict[str, float]()

    async def measure(way: Way) -> Peak:
        if way.label not in given:
            raise TimeoutError
        return Peak(way.label, 2 * MIB, 70, given[way.label])

    monkeypatch.setattr(memory, "measure", measure)
    return given


def test_each_way_is_shown_and_the_goal_is_for_the_first(grown: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    grown |= {way.label: memory.GOAL + 1 for way in ways(50)} | {memory.FIRST: memory.GOAL}
    assert memory.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[2:46].rstrip() for line in lines[2:]] == [way.label for way in ways(50)]
    assert lines[2].split()[-4:] == ["2.0", "70", "60", "30.0"]
    grown[memory.FIRST] += 1
    assert memory.main() == 1


def test_a_way_that_fails_leaves_the_others(grown: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    grown |= {way.label: 1 for way in ways(50)[:-1]}
    assert memory.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith("not measured: it was not delivered in time")
    assert len(lines) == 2 + len(ways(50))


def test_one_way_alone(grown: dict[str, float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_BENCH_WAY", "SOAP")
    grown |= {way.label: 1 for way in ways(50)}
    assert memory.main() == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_way_that_is_not_there_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing measured would be no goal missed."""
    monkeypatch.setenv("HUB_BENCH_WAY", "soap")
    with pytest.raises(SettingInvalid, match="HUB_BENCH_WAY is in none of: MDM"):
        memory.main()


def test_the_peak_of_a_process_is_read(tmp_path: Any) -> None:
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n", "ascii")
    assert (memory.memory(tmp_path, "VmHWM"), memory.memory(tmp_path, "VmRSS")) == (2 * MIB, MIB)


def test_a_referral_of_each_size_is_sent_under_its_own_number() -> None:
    small, large = (memory.referral(size, "MEMORY-1") for size in (0, 0.01))
    assert b'"MEMORY-1"' in small
    assert len(large) > len(small) + 10_000
