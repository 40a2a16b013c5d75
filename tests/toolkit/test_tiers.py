"""``./hub test``: which tests run, in which order, on how many workers."""

import gc
import json
import os
import subprocess
import sys
from itertools import chain, pairwise
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import cast

import pytest

from tests.waiting import LONGEST
from toolkit.bench.turns import turns
from toolkit.commands.develop.test import ROOT, is_whole, unknown_name, workers_of
from toolkit.testing import lengths, schedule
from toolkit.testing.nearest import ALWAYS, nearest
from toolkit.testing.order import SHARED
from toolkit.testing.report import processors

FILES = {
    "shared/core.py": "",
    "shared/middle.py": "from shared import core",
    "shared/far.py": "import shared.middle",
    "shared/documented.py": "from shared.core import x  # >>> 1",
    "tests/test_layers.py": "",
    "tests/test_middle.py": "from shared.middle import y",
    "tests/test_far.py": "import shared.far",
    "tests/shared/test_core.py": "",
    "tests/test_other.py": "",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_nearest_tests_come_first_and_unrelated_ones_not_at_all(repository: Path) -> None:
    assert nearest(["shared/core.py"], repository) == [
        "tests/test_layers.py",
        "shared/documented.py",
        "tests/test_middle.py",
        "tests/shared/test_core.py",
    ]


def test_a_changed_test_is_nearest(repository: Path) -> None:
    assert nearest(["tests/test_other.py"], repository) == ["tests/test_layers.py", "tests/test_other.py"]


def test_what_always_runs_is_there() -> None:
    assert [path for path in ALWAYS if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", ["phw-to-mpi", "not slowest", "http-503", "nothing", "zqj and not zqk or tests"])
def test_a_name_that_occurs_is_collected(name: str) -> None:
    assert unknown_name(["-k", name]) == ""


def test_a_name_that_no_test_has_fails_at_once_with_one_line() -> None:
    name = "zqj" * 2
    ran = subprocess.run(
        [sys.executable, "-m", "toolkit", "test", "-k", name], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr == f"hub: no test has '{name}' in its name\n"


@pytest.mark.parametrize(
    ("arguments", "is_all"),
    [
        ([], True),
        (["-m", "not slow"], True),
        (["--cov", "--cov-report=term:skip-covered"], True),
        (["-x", "--durations=60"], True),
        (["-k", "ack"], False),
        (["tests/test_layers.py"], False),
        (["--accept"], False),
        (["--pdb"], False),
    ],
)
def test_workers_share_a_whole_tier_and_not_a_look_at_some_tests(arguments: list[str], is_all: bool) -> None:
    assert is_whole(arguments) is is_all


def test_there_are_more_workers_than_cores() -> None:
    """Three on two cores took eight seconds less than two, for the fast tests alone."""
    cores = max(2, os.cpu_count() or 2)
    assert [int(workers_of(words)) - cores for words in (["-m", "not slow"], [])] == [1, 2]
    assert int(workers_of(["-m", "not slow"], fast=True)) == cores


SUITE = {
    "test_a.py": """
        @pytest.mark.slow
        def test_short(): pass
        @pytest.mark.slow
        @pytest.mark.timeout(900)
        def test_long(): pass
        def test_fast(): pass""",
    "test_b.py": """
        import sys
        @pytest.mark.slow
        @pytest.mark.timeout(1800)
        def test_longest(): assert sys.gettrace() is None
        def test_fast(): pass
        test_fast.slow = True  # an attribute is a keyword too""",
}


def run_suite(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":

    for name, text in SUITE.items():
        (folder / name).write_text("import pytest\n" + dedent(text), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "toolkit.testing.plugin", "-p", "no:cacheprovider", "-v", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=LONGEST)


def test_fast_tests_run_first_then_the_longest(tmp_path: Path) -> None:
    lines = [line.split()[0] for line in run_suite(tmp_path).stdout.splitlines() if "PASSED" in line]
    assert lines == [
        "test_a.py::test_fast",
        "test_b.py::test_fast",
        "test_b.py::test_longest",
        "test_a.py::test_short",
        "test_a.py::test_long",
    ]


KEEPS = """
        import gc
        kept = []
        def test_fast():
            kept.extend([] for _ in range(10_000))
            kept.append(gc.get_freeze_count())
            assert kept[-1] > 10_000
        @pytest.mark.slow
        def test_slow(): assert gc.get_freeze_count() > kept[-1] + 9_000"""


def test_what_is_there_to_the_end_is_not_looked_through_for_garbage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is collected, and when the slow tests begin what the fast ones have loaded."""
    monkeypatch.setitem(SUITE, "test_c.py", KEEPS)
    ran = run_suite(tmp_path, "test_c.py")
    assert "2 passed" in ran.stdout, ran.stdout


def test_a_benchmark_leaves_what_is_frozen() -> None:
    gc.freeze()
    turns({"nothing": lambda: None}, rounds=1, seconds=0)
    assert gc.get_freeze_count() > 0


def test_a_choice_without_a_test_is_one_line(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "-k", "fast and not fast")
    assert ran.returncode == 1
    assert "no test matches 'fast and not fast'" in ran.stdout


def test_coverage_is_not_measured_while_a_slow_test_runs(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "--cov=.", "--cov-report=term")
    assert "5 passed" in ran.stdout
    assert "test_a.py" in ran.stdout.partition("TOTAL")[0].rpartition("coverage:")[2]


@pytest.mark.slow
def test_workers_run_them_all_and_the_end_of_the_fast_ones_is_reported(tmp_path: Path) -> None:
    said = run_suite(tmp_path, "-n", "2").stdout
    assert said.count("PASSED") == 5
    assert "5 passed" in said
    assert "fast tests: 2 passed in" in run_suite(tmp_path).stdout


def test_an_example_is_a_test_and_a_module_without_one_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text('"""\n>>> 1 + 1\n2\n"""\n', encoding="utf-8")
    (tmp_path / "plain.py").write_text("raise RuntimeError", encoding="utf-8")
    ran = run_suite(tmp_path, "--doctest-modules")
    assert "shown.py::shown PASSED" in ran.stdout
    assert ran.returncode == 0


def test_files_that_share_what_takes_long_follow_each_other(tmp_path: Path) -> None:
    for name in ("test_c.py", "test_e.py"):
        (tmp_path / name).write_text(f"# {SHARED[0]}\ndef test_fast(): pass\n", encoding="utf-8")
    (tmp_path / "test_d.py").write_text("def test_fast(): pass\n", encoding="utf-8")
    ordered = run_suite(tmp_path, "-k", "fast").stdout
    places = [ordered.index(f"{name}.py::test_fast") for name in ("test_b", "test_c", "test_e", "test_d")]
    assert places == sorted(places)


def test_the_nearest_file_is_first(tmp_path: Path) -> None:
    ordered = run_suite(tmp_path, "-m", "not slow", HUB_TEST_NEAREST="test_b.py\ntest_a.py").stdout
    assert ordered.index("test_b.py::test_fast") < ordered.index("test_a.py::test_fast")


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)], ids=["one process", "workers"])
def test_a_run_whose_time_is_over_starts_no_more_tests_and_is_a_success(workers: tuple[str, ...], tmp_path: Path) -> None:
    late = run_suite(tmp_path, *workers, HUB_TEST_SECONDS="1")
    assert "the time of --fast is over" in late.stdout
    assert late.stdout.count("PASSED") <= 2
    assert late.returncode == 0


def test_a_failure_fails_a_run_whose_time_is_over(tmp_path: Path) -> None:
    (tmp_path / "test_0.py").write_text("def test_wrong():\n    assert 1 > 2\n", encoding="utf-8")
    assert run_suite(tmp_path, HUB_TEST_SECONDS="1").returncode != 0


class Worker:
    """A worker as the scheduler sees it: what it was given, in order."""

    def __init__(self, number: int) -> None:
        self.gateway, self.given, self.shutting_down = SimpleNamespace(id=f"gw{number}"), list[int](), False

    def send_runtest_some(self, places: list[int]) -> None:
        self.given += places

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduled(tests: list[str], seconds: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What two workers run, each a test at a time by turns, in the order in which they get it."""
    monkeypatch.setattr(schedule, "lengths", lambda: seconds)
    config = SimpleNamespace(option=SimpleNamespace(loadscopereorder=True), getvalue=lambda name: ["2*popen"])
    inspected = schedule.InOrder(cast(pytest.Config, config), None)
    workers = [Worker(0), Worker(1)]
    for worker in workers:
        inspected.add_node(worker)
        inspected.add_node_collection(worker, tests)
    inspected.schedule()
    ran = [0, 0]
    while inspected.has_pending:
        for number, worker in enumerate(workers):
            if ran[number] < len(worker.given):
                inspected.mark_test_complete(worker, worker.given[ran[number]])
                ran[number] += 1
    assert inspected.tests_finished
    return [[tests[place] for place in worker.given] for worker in workers]


def test_a_worker_holds_nothing_long_behind_something_long(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"long_a": 90.0, "long_b": 80.0, "long_c": 70.0, "short_a": 2.0, "short_b": 1.0}
    tests = [f"{name}::test" for name in ("fast", *seconds)]
    one, other = scheduled(tests, seconds, monkeypatch)
    assert sorted([*one, *other]) == sorted(tests)
    for given in (one, other):
        taken = [seconds[name] for each in given if (name := each.partition("::")[0]) in seconds]
        assert not [pair for pair in pairwise(taken) if min(pair) > 10]


def test_a_file_whose_tests_are_apart_is_given_in_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = ["mixed::fast", "other::fast", "mixed::slow_1", "mixed::slow_2"]
    given = scheduled(tests, {"mixed": 50.0}, monkeypatch)
    assert sorted(chain(*given)) == sorted(tests)
    assert next(each for each in given if "mixed::slow_1" in each)[-2:] == ["mixed::slow_1", "mixed::slow_2"]


def test_what_took_longest_before_begins_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "KEPT", tmp_path / "kept" / "seconds.json")
    before = lengths.lengths()
    assert before
    lengths.keep({"tests/new.py": 5.04})
    assert lengths.lengths() == before | {"tests/new.py": 5.0}
    lengths.KEPT.write_text("cut of", "utf-8")
    assert lengths.lengths() == before


def test_every_length_is_of_a_file_or_of_a_shared_fixture() -> None:
    assert [
        name for name in json.loads(lengths.KNOWN.read_text("utf-8")) if name not in SHARED and not (ROOT / name).is_file()
    ] == []


def test_the_rest_of_the_processors_is_known_or_zero() -> None:
    worked, rested = processors()
    assert worked > 0 or (worked, rested) == (0, 0)
