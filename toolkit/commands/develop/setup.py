"""``./hub setup``: storage emulator, and with ``--all`` what only the gates and the page tests need."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from toolkit.say import HOME, ROOT, say, stop

PARTNER_TOOLS = HOME / "partner-tools"
EXTRAS = ("gates", "browser", "site")
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
    with ThreadPoolExecutor() as pool:  # each waits for its own registry, and installs into a place of its own
        started = [pool.submit(install_extras, *EXTRAS), pool.submit(_partner_tools), pool.submit(_node_packages)]
        for each in started:
            each.result()
    HOME.mkdir(exist_ok=True)
    stamp.write_text(fingerprint, "utf-8")


def _fingerprint() -> str:
    """Changes when what must be installed changes, or the virtual environment was created again."""
    files = (ROOT / "pyproject.toml", CHECKS)
    made = int((ROOT / ".venv" / "pyvenv.cfg").stat().st_mtime) if (ROOT / ".venv" / "pyvenv.cfg").exists() else 0
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest() + f" {made}"


def install_extras(*extras: str) -> None:
    """Optional dependencies of pyproject.toml, pinned there."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    packages = [package for extra in extras for package in listed[extra]]
    say(f"installing {', '.join(extras)} of pyproject.toml ...")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    if subprocess.run(pip, check=False).returncode:
        stop("pip could not install them: is there a network?")


def _partner_tools() -> None:
    """The generators and testers of partners, in .hub/partner-tools; tests that need one are skipped without it."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    python = PARTNER_TOOLS / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *listed["partner-tools"]]
    made = subprocess.run([sys.executable, "-m", "venv", str(PARTNER_TOOLS)], check=False).returncode == 0
    if not made or subprocess.run(pip, check=False).returncode:
        say("the tools of partners could not be installed: tests that need them are skipped")


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
