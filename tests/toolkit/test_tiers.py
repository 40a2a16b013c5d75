"""``./hub test``: which tests run, in which order, on how many workers."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from toolkit.commands.develop.test import ROOT, is_whole, unknown_name, workers_of
from toolkit.testing.nearest import ALWAYS, nearest

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
        [sys.executable, "-m", "toolkit", "test", "-k", name], cwd=ROOT, capture_output=True, text=True, timeout=120
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


def test_slow_tests_have_one_more_worker() -> None:
    assert int(workers_of([])) == int(workers_of(["-m", "not slow"])) + 1


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
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)


def test_fast_tests_run_first_then_the_longest(tmp_path: Path) -> None:
    lines = [line.split()[0] for line in run_suite(tmp_path).stdout.splitlines() if "PASSED" in line]
    assert lines == [
        "test_a.py::test_fast",
        "test_b.py::test_fast",
        "test_b.py::test_longest",
        "test_a.py::test_short",
        "test_a.py::test_long",
    ]


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
