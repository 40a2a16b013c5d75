"""The inputs of ``./hub build-fhir-tables``, pinned: the FHIR definitions and the SHA-256 checksum of each file.

R4 4.0.1 comes from an npm package (``definitions_package``: name, version and checksum in its lock file) and is kept in
``.hub/definitions``. The national definitions are in no package: a folder holds them, given by ``--definitions``.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolkit.local.azurite import environment, npm
from toolkit.say import HOME, ROOT, say, stop

PACKAGE = ROOT / "toolkit" / "generate" / "definitions_package"  # package.json and its lock file
INSTALLED = HOME / "definitions"
IN_PACKAGE = Path("node_modules", "@medplum", "definitions", "dist", "fhir", "r4")
R4 = {
    "profiles-types.json": "78fcdbcabcca110ca9412af1a5738027ddbb51c37ec4ac0f335f2f4cea800a03",  # pragma: allowlist secret
    "profiles-resources.json": "557018e37c947e4040a8f47e827a7f2ef2e6b0f7bcdccab5081b979443ecddad",  # pragma: allowlist secret
    "valuesets.json": "31c769b36db222e154973b13f47f4d47b8532fbf7d8e8d7a364187267e079f3f",  # pragma: allowlist secret
    "v2-tables.json": "7a014bf5fe6e2d88d47b7e20a59b2b49c5259bd68a363e441828a1fa1947f40c",  # pragma: allowlist secret
    "v3-codesystems.json": "c153887e079bcdbf044bc7d457bfb2a18f38b58bb328454a15c9e94592f4fb6b",  # pragma: allowlist secret
}
# Each file is one FHIR Bundle of StructureDefinition, ValueSet and CodeSystem resources.
NATIONAL = {
    "uk-core-stu1.json": "1283211fd3534d526f4624c53de929915e1eace07512a22829b2fdd411e947e7",  # pragma: allowlist secret
    "wales.json": "98f6838ff2ae923a5abc6c087c5969182aac58e6e0e54cba2a38d5c8b94c5a13",  # pragma: allowlist secret
}


def r4_folder() -> Path:
    """The folder of the R4 definitions; installs their package if it is missing or another version is there."""
    lock = Path("package-lock.json")
    is_current = (INSTALLED / IN_PACKAGE).is_dir() and (INSTALLED / lock).read_bytes() == (PACKAGE / lock).read_bytes()
    if not is_current:
        _install()
    return INSTALLED / IN_PACKAGE


def _install() -> None:
    """``npm ci``, all or nothing: it compares the package with the checksum of the lock file."""
    say("installing the FHIR R4 definitions (once) ...")
    building = HOME / f"definitions.{os.getpid()}"
    shutil.copytree(PACKAGE, building)
    command = [npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=building, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(building)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        stop(f"npm could not install the FHIR R4 definitions: {reason}. No network? Give their folder by --r4")
    shutil.rmtree(INSTALLED, ignore_errors=True)
    building.rename(INSTALLED)


def pinned(folder: Path, pins: Mapping[str, str], *, option: str, is_new: bool = False) -> list[Path]:
    """The pinned files of a folder, in the order of the pins.

    Args:
        option: the option that gives the folder, for the message.
        is_new: accept files that have another checksum, and print the pin of each.
    Exits with one line: a file is missing or has another checksum.
    """
    for name, expected in pins.items():
        path = folder / name
        if not path.is_file():
            stop(f"{name} is missing in {folder}: give its folder by {option} (docs/contributing.md, section 5)")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected and not is_new:
            stop(f"{path} has another checksum than the pinned one: if you mean to change it, add --new-definitions")
        if found != expected:
            say(f'for toolkit/generate/definitions.py: "{name}": "{found}",')
    return [folder / name for name in pins]
