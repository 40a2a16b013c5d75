"""What a person does to a message needs a purpose on the command line, as it does over HTTP."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("purpose", [(), ("--purpose", " ")], ids=["none", "blank"])
@pytest.mark.parametrize("command", ["replay", "dead replay", "dead discard", "waiting give-up"])
def test_an_act_without_a_purpose_is_refused(command: str, purpose: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "toolkit", *command.split(), "phw-to-mpi", "1-ab.0", *purpose],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "purpose" in run.stderr
