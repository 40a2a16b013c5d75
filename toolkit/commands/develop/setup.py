"""``./hub setup``: storage emulator, and with ``--all`` what only the gates and the page tests need."""

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from typing import Annotated

import typer

from toolkit.say import HOME, ROOT, say, stop

EXTRAS = ("gates", "browser")
CHECKS = ROOT / "toolkit" / "release" / "checks_package" / "package.json"


def setup(
    everything: Annotated[
        bool, typer.Option("--all", help="Also install what the checks, the page tests and the examples need.")
    ] = False,
) -> None:
    """Install the hub, its storage emulator and, with --all, what the checks need."""
    from toolkit.local import azurite

    azurite.program()
    if everything:
        for_tests()
    say("ready")


def for_tests() -> None:
    """What the tests of pages, infrastructure and workflows need; returns at once if it is installed."""
    stamp, fingerprint = HOME / ".for-tests", _fingerprint()
    if stamp.exists() and stamp.read_text("utf-8") == fingerprint:
        return
    _python_extras()
    _node_packages()
    HOME.mkdir(exist_ok=True)
    stamp.write_text(fingerprint, "utf-8")


def _fingerprint() -> str:
    """Changes when what must be installed changes, or the virtual environment was created again."""
    files = (ROOT / "pyproject.toml", CHECKS)
    made = int((ROOT / ".venv" / "pyvenv.cfg").stat().st_mtime) if (ROOT / ".venv" / "pyvenv.cfg").exists() else 0
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest() + f" {made}"


def _python_extras() -> None:
    """The optional dependencies of pyproject.toml, pinned there."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    packages = [package for extra in EXTRAS for package in listed[extra]]
    say("installing what the checks need ...")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    if subprocess.run(pip, check=False).returncode:
        stop("pip could not install what the checks need: is there a network?")


def _node_packages() -> None:
    """The packages of toolkit/release/checks_package, in .hub/node_modules; tests that need one are skipped without it."""
    packages = [f"{name}@{version}" for name, version in json.loads(CHECKS.read_text("utf-8"))["dependencies"].items()]
    npm = shutil.which("npm")
    if npm is None:
        say("npm is not installed: tests that need its packages are skipped")
        return
    command = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", str(HOME), *packages]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        say("npm could not install: tests that need its packages are skipped")
