"""``./hub mutate``: find changes of the code that no test notices."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.say import ROOT, stop

if TYPE_CHECKING:
    from toolkit.mutation.covered import Covered
    from toolkit.mutation.run import Planned, Tried

KEPT = ROOT / ".hub" / "mutation" / "covered.json.gz"
Paths = Annotated[list[str] | None, typer.Option("--paths", help="A file or folder to change; may be repeated.")]
Tests = Annotated[list[str] | None, typer.Option("--tests", help="The tests to run. Without it: all fast tests.")]
Changed = Annotated[bool, typer.Option("--changed", help="Only lines that differ from --base.")]
Base = Annotated[str, typer.Option("--base", help="A commit; the merge base with main if left out, or the commit before.")]
Sample = Annotated[int, typer.Option("--sample", help="Number of mutants of each package, at random; 0 for all.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the random sample.")]
Seconds = Annotated[float, typer.Option("--seconds", help="Limit for the tests of one mutant, in seconds.")]
Again = Annotated[float, typer.Option("--again", help="Limit for a second try of a mutant that survived, in seconds.")]
Minutes = Annotated[float, typer.Option("--minutes", help="Stop after this number of minutes; 0 for no limit.")]
Near = Annotated[bool, typer.Option("--near", help="Record only tests that name the changed modules, if none are recorded.")]
Workers = Annotated[str, typer.Option("--workers", help="Processes that record coverage, or auto.")]
Report = Annotated[Path | None, typer.Option("--report", help="Write the result of each mutant, one JSON object per line.")]


def mutate(
    paths: Paths = None,
    tests: Tests = None,
    changed: Changed = False,
    base: Base = "",
    sample: Sample = 0,
    seed: Seed = 1,
    seconds: Seconds = 6,
    again: Again = 60,
    minutes: Minutes = 0,
    near: Near = False,
    workers: Workers = "0",
    report: Report = None,
) -> None:
    """Change one thing at a time and print the changes that no test notices. Exits with status 1 if any has no listed reason.

    docs/contributing.md explains what to do about such a change. With --changed, the command does not fail when the time
    runs out before all tests are recorded or all changes are tried: it prints a line.
    """
    from toolkit.mutation import run
    from toolkit.mutation.copied import copy

    began = time.monotonic()
    lines = _changed_lines(base) if changed else None
    files = sorted(lines) if lines is not None else _files(paths or [])
    if not files and not changed:
        stop("nothing to do: name --paths, or use --changed", 2)
    if not files:
        return
    with TemporaryDirectory() as made:
        folder = Path(made).resolve()
        copy(ROOT, folder)
        covered = _covered(folder, files, tests, near=near, workers=workers, minutes=minutes / 2)
        if covered is None:
            typer.echo("the tests did not end in time: nothing is known of what they cover, and nothing was tried")
            raise typer.Exit(0 if changed else 1)
        plans = run.sampled(run.planned(folder, files, lines), sample, seed)
        if near:
            plans = _with_tests(plans, covered)
        left = max(0.1, minutes - (time.monotonic() - began) / 60) if minutes else 0
        tried = run.tried_again(folder, covered, plans, bounds=(seconds, again), minutes=left)
        results = list(_reported(tried, folder, report))
    _say(results, len(plans), began)
    if any(each.fate in run.SURVIVED for each in results):
        typer.echo(
            "write a test that fails for each, or list it with a reason: docs/contributing.md, A change that no test notices"
        )
        raise typer.Exit(1)


def _changed_lines(base: str) -> dict[str, set[int]]:
    """The lines of each file that differ from a commit; ``""``: from the usual one. If there are none, it says why."""
    from toolkit.mutation import run

    start = base or run.base(ROOT)
    lines = run.changed(start, ROOT) if start else {}
    if not start:
        typer.echo("no commit to compare with: nothing to do")
    elif not lines:
        typer.echo(f"no line of the product differs from {start[:12]}")
    return lines


def _reported(tried: Iterable["Tried"], folder: Path, report: Path | None) -> Iterator["Tried"]:
    """Each result as it comes: a survivor is printed, and every one is written to the report."""
    from toolkit.mutation.run import SURVIVED

    for each in tried:
        if each.fate in SURVIVED:
            _say_survivor(folder, each)
        if report:
            _write(report, each)
        yield each


def _say_survivor(folder: Path, each: "Tried") -> None:
    """Print the change, and the row to add if it is acceptable."""
    from toolkit.mutation.baseline import survivor, toml

    where = survivor(each.path, (folder / each.path).read_text("utf-8"), each.mutant)
    typer.echo(f"{each.fate}: {each.mutant.operator}, {each.tests} of {each.of} tests ran\n{each.diff}\n{toml(where, '')}")


def _with_tests(plans: list["Planned"], covered: "Covered") -> list["Planned"]:
    """Those whose lines a recorded test runs: of the others nothing is known, as most tests are not recorded."""
    from toolkit.mutation.covered import AT_IMPORT

    known = [each for each in plans if covered.of(each.path, range(each.mutant.first, each.mutant.last + 1)) & ~AT_IMPORT]
    typer.echo(f"{len(plans) - len(known)} of {len(plans)} mutants are left out: no recorded test runs their line")
    return known


def _covered(
    folder: Path, files: list[str], tests: list[str] | None, *, near: bool, workers: str, minutes: float
) -> "Covered | None":
    """Which tests run which line: as it is kept, and recorded again where tests have changed. ``None``: time was too short."""
    from toolkit.mutation.covered import Covered

    covered = Covered.read(KEPT)
    covered.follow(folder)
    outdated = tests or covered.outdated(folder)
    if near and not covered.masks:
        _record_near(covered, folder, files, minutes)
    elif outdated:
        typer.echo(f"recording what the tests of {len(outdated)} files cover")
        if not covered.record(folder, outdated, workers=workers, seconds=60 * minutes or 7200):
            return None
        covered.follow(folder)
        if not tests:
            covered.write(KEPT)
    return covered


def _record_near(covered: "Covered", folder: Path, files: list[str], minutes: float) -> None:
    """A few test files at a time, those of a changed module's name first; the rest is left out when the time is over."""
    from toolkit.mutation.covered import digests

    near = _near(folder, files, list(digests(folder)))
    names = {Path(file).stem for file in files}
    near.sort(key=lambda test: (Path(test).stem.removeprefix("test_") not in names, (folder / test).stat().st_size))
    end, done = time.monotonic() + 60 * minutes, 0
    while done < len(near) and (left := end - time.monotonic()) > 5:
        if covered.record(folder, near[done : done + 4], seconds=left):
            covered.follow(folder)
            done += 4
        else:
            break
    typer.echo(
        f"recorded {min(done, len(near))} of the {len(near)} test files that name a changed module; all others are left out"
    )


def _near(folder: Path, files: list[str], tests: list[str]) -> list[str]:
    """The test files that import one of these modules, and the modules themselves for their doctests."""
    modules = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in files]
    return [test for test in tests if test in files or _names((folder / test).read_text("utf-8"), modules)]


def _names(source: str, modules: list[str]) -> bool:
    """Whether a source names one of the modules, in full or as ``from package import module``."""
    if any(module in source for module in modules):
        return True
    lines = [line.partition(" import ") for line in source.splitlines() if line.lstrip().startswith("from ")]
    imported = {f"{package.split()[1]}.{name.strip()}" for package, _, names in lines for name in names.split(",")}
    return not imported.isdisjoint(modules)


def _write(report: Path, each: "Tried") -> None:
    import orjson

    row = {**each._asdict(), "mutant": each.mutant._asdict()}
    with report.open("ab") as out:
        out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _say(results: "list[Tried]", planned: int, began: float) -> None:
    from toolkit.mutation.run import figures

    for name, caught, of, fates in figures(results):
        share = f"{100 * caught / of:.0f} %" if of else "-"
        typer.echo(f"{name:28} {caught:4} of {of:4} caught {share:>6}   " + ", ".join(f"{n} {fate}" for fate, n in fates.items()))
    typer.echo(f"{len(results)} of {planned} mutants in {time.monotonic() - began:.0f} s")
    if len(results) < planned:
        typer.echo(f"{planned - len(results)} mutants were left out: the time was over")


def _files(paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        place = ROOT / path
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [str(each.relative_to(ROOT)) for each in found]
