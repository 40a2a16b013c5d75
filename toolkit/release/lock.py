"""requirements.lock: every package that is deployed, transitive ones too, each with the SHA-256 of its wheels.

It is for Azure's machine (Linux, x86-64) and for Python 3.11 to 3.13. ``./hub lock`` has ``uv`` resolve requirements.txt again
and keeps every version that still fits; the zip is installed from the lock alone.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker

from toolkit.say import ROOT, stop

PINS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
OLDEST = "3.11"
MACHINE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "sys_platform": "linux",
    "os_name": "posix",
}
HEAD = r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\\n]+))? \\\n"
ENTRY = re.compile(HEAD + r"(?P<hashes>(?:    --hash=\S+(?: \\)?\n)+)", re.M)
UNIVERSAL = ("pip", "compile", "--universal", "--python-version", OLDEST, "--no-header")
RESOLVE = (*UNIVERSAL, "--generate-hashes", "--only-binary", ":all:")


class Locked(NamedTuple):
    """One line of the lock: the package, its version, when it applies (``""``: always) and its hashes."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def holds(self, python: str) -> bool:
        """Whether it is deployed with this version of Python (``3.13``)."""
        versions = {"python_version": python, "python_full_version": f"{python}.0"}
        return not self.marker or Marker(self.marker).evaluate({**MACHINE, **versions})

    def line(self) -> str:
        """As pip reads it; the marker has been judged, because pip would judge it by the machine that runs it."""
        return " ".join((f"{self.name}=={self.version}", *(f"--hash={each}" for each in self.hashes)))


def locked(text: str = "") -> list[Locked]:
    """Every entry of the lock."""
    return [
        Locked(found["name"], found["version"], found["marker"] or "", tuple(re.findall(r"--hash=(\S+)", found["hashes"])))
        for found in ENTRY.finditer(text or LOCK.read_text("utf-8"))
    ]


def lines(python: str) -> Iterator[str]:
    """What pip installs for this version of Python, with hashes and without dependencies: they are all here."""
    return (each.line() for each in locked() if each.holds(python))


def resolved() -> str:
    """The lock as it should be: versions that still fit stay as they are."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    program = shutil.which("uv", path=places)
    if not program:
        stop("uv is not installed: run ./hub setup --all")
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / LOCK.name
        if LOCK.exists():
            shutil.copy2(LOCK, target)
        command = [program, *RESOLVE, "--quiet", "--output-file", str(target), PINS.name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            stop("uv could not resolve requirements.txt: " + done.stderr.strip()[-500:])
        return target.read_text("utf-8")
