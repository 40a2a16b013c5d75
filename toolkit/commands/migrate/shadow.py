"""``./hub shadow``: recorded pairs of the replaced engine through an integration, and how the outputs differ."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit import screen
from toolkit.commands.develop.check import declared
from toolkit.say import ROOT, say, stop

if TYPE_CHECKING:
    from shared.compare.agreed import Agreed
    from toolkit.migrate.pairs import Pair

Name = Annotated[str, typer.Argument(help="An integration of the catalogue (./hub list).")]
Pairs = Annotated[Path, typer.Argument(help="A folder of X.in.* and X.out.*, or a file of JSON lines.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Html = Annotated[Path | None, typer.Option("--html", help="Also write the report as one HTML file.")]
Examples = Annotated[bool, typer.Option("--examples", help="Show one pair of values for each difference. Refused in CI.")]
Workers = Annotated[int, typer.Option("--workers", help="Processes; 0 for one per core.")]


def shadow(
    name: Name,
    pairs: Pairs,
    as_json: Json = False,
    html: Html = None,
    examples: Examples = False,
    workers: Workers = 0,
) -> None:
    """Compare the hub with the engine it replaces, message by message. Exits with status 1 if a difference is not agreed."""
    integration = declared(name)
    if examples and os.environ.get("CI"):
        stop("--examples shows values from messages, so it is refused in CI", 2)
    from toolkit.migrate.shadow import page, terminal
    from toolkit.migrate.shadow.report import shadow as compared

    report = compared(name, recorded(pairs), agreements(integration.package), workers)
    if html:
        written(html, page.page(report, examples=examples))
    if as_json:
        print(screen.as_json(report.face(examples=examples)))
    else:
        terminal.show(report, examples=examples)
    raise SystemExit(1 if report.open else 0)


def recorded(path: Path) -> "list[Pair]":
    """The pairs, or one clear line."""
    from toolkit.migrate.pairs import BrokenPairs, read

    try:
        return read(path)
    except (BrokenPairs, OSError) as error:
        stop(f"cannot read the pairs: {error}", 2)


def agreements(package: str) -> "list[Agreed]":
    """What has been agreed for an integration, or one clear line."""
    from shared.compare.agreed import FILE, BrokenAgreement, read

    try:
        return read(ROOT / "integrations" / package / FILE)
    except BrokenAgreement as error:
        stop(str(error), 2)


def written(path: Path, text: str) -> None:
    """Write a report that only its owner can read."""
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text, "utf-8")
    except OSError as error:
        stop(f"cannot write {path}: {error.strerror}", 2)
    say(f"wrote {path}")
