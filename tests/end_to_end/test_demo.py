"""``./hub demo`` as it is typed, and the launcher in a fresh clone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from integrations import CATALOGUE
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow


def test_the_demo_is_as_expected_for_every_integration() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "toolkit", "demo", "--json"], capture_output=True, text=True, env=environment, timeout=LONGEST
    )
    result = json.loads(ran.stdout)
    assert (ran.returncode, result["ok"]) == (0, True), [m for m in result["messages"] if not m["ok"]] or result["subscribers"]
    shown = {message["integration"] for message in result["messages"]} | {one["integration"] for one in result["subscribers"]}
    assert shown == set(CATALOGUE)
    assert {message["way"] for message in result["messages"]} >= {"http", "queue"}


def test_the_demo_says_so_when_something_is_wrong() -> None:
    """The destination is a port without a listener."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPI__HOST": "127.0.0.1", "MPI__PORT": "9", "HUB_DEMO_PATIENCE": "2"}
    ran = subprocess.run(
        [sys.executable, "-m", "toolkit", "demo", "--json", "phw-to-mpi"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=LONGEST,
    )
    assert (ran.returncode, json.loads(ran.stdout)["ok"]) == (1, False)


@pytest.mark.skipif(not (ROOT / ".git").exists() or "HUB_SKIP_CLONE" in os.environ, reason="needs git, a network and a minute")
def test_a_fresh_clone_sets_itself_up(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    for name in ("VIRTUAL_ENV", "PYTHONPATH"):
        os.environ.pop(name, None)
    first = subprocess.run([str(clone / "hub"), "list", "--json"], capture_output=True, text=True, timeout=LONGEST)
    assert first.returncode == 0, first.stderr
    assert set(CATALOGUE) == {row["name"] for row in json.loads(first.stdout)}
    second = subprocess.run([str(clone / "hub"), "list", "--json"], capture_output=True, text=True, timeout=LONGEST)
    assert (second.returncode, second.stderr) == (0, "")
