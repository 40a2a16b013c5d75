"""``./hub watch`` as a process: a save is seen, a broken file is explained, Ctrl-C ends it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.copies import without
from tests.waiting import PATIENCE
from toolkit.say import ROOT

pytestmark = pytest.mark.slow
NAME, PACKAGE = "paris-to-mpi", "paris_to_mpi"


@pytest.fixture
def watching(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """The command in a copy of what it needs."""
    for name in ("shared", "toolkit", f"integrations/{PACKAGE}"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=without())
    shutil.copy(ROOT / "integrations/__init__.py", tmp_path / "integrations")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    command = [sys.executable, "-m", "toolkit", "watch", NAME]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait(PATIENCE)


def line_with(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdout
    return next(line for line in process.stdout if text in line)


def test_a_save_is_seen_and_ctrl_c_ends_it(watching: "subprocess.Popen[str]", tmp_path: Path) -> None:
    declaration = tmp_path / "integrations" / PACKAGE / "__init__.py"
    text = declaration.read_text()
    assert line_with(watching, "samples as expected")
    declaration.write_text(text.replace('senders=("169",)', 'senders=("170",)'))
    assert line_with(watching, "samples differ")
    declaration.write_text(text + "(\n")
    assert "was never closed" in line_with(watching, "cannot be loaded")
    declaration.write_text(text)
    assert line_with(watching, "samples as expected")
    with (tmp_path / "shared/validation/structures.py").open("a") as other:
        other.write("\n")
    assert line_with(watching, "watching integrations")  # a new process
    assert line_with(watching, "samples as expected")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(PATIENCE) == 130
