"""``./hub mutate``: which code changes no test notices."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

Paths = Annotated[list[str] | None, typer.Option("--paths", help="A file or folder to change; may be repeated.")]
Tests = Annotated[list[str] | None, typer.Option("--tests", help="The tests to run. Without it: all fast tests.")]
Changed = Annotated[str, typer.Option("--changed", help="Only lines that differ from this commit, such as main.")]


def mutate(paths: Paths = None, tests: Tests = None, changed: Changed = "") -> None:
    """Change one thing at a time in a copy and print the changes that no test notices. Exits with status 1 if any."""
    from toolkit.mutation import run

    lines = run.changed(changed, ROOT) if changed else None
    files = _files(paths) if paths else sorted(lines or ())
    if not files:
        stop("nothing to do: give --paths, or --changed with lines that differ", 2)
    count: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for each in run.tried(run.Copy(ROOT, Path(folder).resolve(), tests or ["tests"]), files, lines):
            count[each.fate] += 1
            if each.fate in ("survived", "not covered"):
                typer.echo(f"{each.fate}: {each.mutant.operator}\n{each.diff}")
    typer.echo(", ".join(f"{number} {fate}" for fate, number in count.most_common()) or "no mutants")
    if count["survived"] or count["not covered"]:
        raise typer.Exit(1)


def _files(paths: list[str]) -> list[str]:
    found = [
        each for path in paths for each in (sorted((ROOT / path).rglob("*.py")) if (ROOT / path).is_dir() else [ROOT / path])
    ]
    return [str(each.relative_to(ROOT)) for each in found]
