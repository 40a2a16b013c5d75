"""``./hub new``: start a new integration."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

Called = Annotated[str, typer.Argument(help="source-to-destination, such as lab-to-cdr.")]
EXPECTED = "tests/test_samples.py"


Pairs = Annotated[Path | None, typer.Option("--from", help="Draft it from recorded pairs: a folder or JSON lines.")]


def new(name: Called, pairs: Pairs = None) -> None:
    """Create a working integration: declaration, mapping, samples and its line in the catalogue. With --from, draft its rules."""
    from toolkit.generate.scaffold import is_name, write

    if not is_name(name):
        stop(f"{name} is not a valid name: use lower case and hyphens, such as lab-to-cdr", 2)
    if pairs:
        _from_pairs(name, pairs)
        return
    try:
        written = write(name)
    except FileExistsError:
        stop(f"there is an integration {name} already", 2)
    _run("pytest", EXPECTED, "-k", name, "--accept", "-q", "-p", "no:cacheprovider")
    _run("toolkit", "sheet", name, "--write")
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    print(f"next: edit the declaration and the mapping, add samples, then ./hub test -k {name} --accept")


def _from_pairs(name: str, pairs: Path) -> None:
    """Draft the rules, write the integration, run every pair through it, and show what no rule explains."""
    from toolkit.commands.migrate.shadow import recorded
    from toolkit.migrate.learn.declaration import NoDraft
    from toolkit.migrate.learn.draft import drafted, write

    try:
        written = write(name, drafted(name, recorded(pairs)).files)
    except NoDraft as error:
        stop(str(error), 2)
    except FileExistsError:
        stop(f"there is an integration {name} already", 2)
    folder = str(written[0].parent)
    for tidy in (("format",), ("check", "--fix")):
        _run("ruff", *tidy, "--quiet", folder)
    found = json.loads(_run("toolkit.migrate.learn.proof", name, str(pairs.resolve())))
    _run("ruff", "format", "--quiet", folder)
    _run("pytest", EXPECTED, "-k", name, "--accept", "-q", "-p", "no:cacheprovider")
    _run("toolkit", "sheet", name, "--write")
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    explained = found["paths"] - len(found["unexplained"])
    print(f"{explained} of {found['paths']} target paths are explained by all {found['pairs']} pairs ({found['share']:.1%})")
    for path, count in found["unexplained"].items():
        print(f"  not explained: {path} in {count} of {found['pairs']} pairs")
    print(f"next: read {(written[0].parent / 'unexplained.md').relative_to(ROOT)}, then ./hub shadow {name} {pairs} --examples")


def _run(*command: str) -> str:
    """Run a module in a process of its own, which sees the new integration; what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    if ran.returncode:
        stop("the new integration was written, but does not pass its own samples:\n" + (ran.stdout + ran.stderr)[-1500:])
    return ran.stdout
