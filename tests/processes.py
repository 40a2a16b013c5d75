"""Programs that stay until Ctrl-C, such as ``./hub up``, and the ports that they take."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import free_ports
from tests.waiting import LONGEST
from toolkit.local.ports import is_free


def started(words: list[str], line: str, folder: Path, environment: Mapping[str, str]) -> "tuple[subprocess.Popen[str], str]":
    """A process that stays, once it has printed the line."""
    where = {**environment, "PYTHONPATH": str(folder)}
    process = subprocess.Popen([sys.executable, *words], cwd=folder, env=where, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    printed = next((each for each in process.stdout if line in each), None)
    assert printed, f"{' '.join(words)} ended with {process.wait(LONGEST)}"
    return process, printed


def ended(process: "subprocess.Popen[str]") -> int:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LONGEST)
    return process.returncode


def neighbours() -> list[int]:
    """Three ports in a row that are free: storage takes its first and the next two."""
    for first in free_ports(20):
        if all(is_free(first + more) for more in (1, 2)):
            return [first, first + 1, first + 2]
    raise AssertionError("no three ports in a row")
