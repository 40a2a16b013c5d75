"""``./hub new``: start a new integration."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

Called = Annotated[str, typer.Argument(help="source-to-destination, such as lab-to-cdr.")]
EXPECTED = "tests/test_samples.py"


def new(name: Called) -> None:
    """Create a working integration: declaration, mapping, two samples and its line in the catalogue."""
    from toolkit.generate.scaffold import is_name, write

    if not is_name(name):
        stop(f"{name} is not a valid name: use lower case and hyphens, such as lab-to-cdr", 2)
    try:
        written = write(name)
    except FileExistsError:
        stop(f"there is an integration {name} already", 2)
    _run("pytest", EXPECTED, "-k", name, "--accept", "-q", "-p", "no:cacheprovider")
    _run("toolkit", "sheet", name, "--write")
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    print(f"next: edit the declaration and the mapping, add samples, then ./hub test -k {name} --accept")


def _run(*command: str) -> None:
    """The samples' golden files and the mapping sheet, each by what holds it from now on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    if ran.returncode:
        stop("the new integration does not pass its own samples:\n" + (ran.stdout + ran.stderr)[-1500:])
