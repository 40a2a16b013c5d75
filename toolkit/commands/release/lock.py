"""``./hub lock``: requirements.lock, from requirements.txt."""

import typer

from toolkit.release.lock import LOCK, resolved


def lock(
    check: bool = typer.Option(False, "--check", help="Write nothing. Exit with status 1 if the file is out of date."),
) -> None:
    """Write requirements.lock: every deployed package, with hashes."""
    new = resolved()
    if check:
        fresh = LOCK.exists() and LOCK.read_text("utf-8") == new
        typer.echo("requirements.lock is up to date" if fresh else "requirements.lock is out of date: run ./hub lock")
        raise typer.Exit(0 if fresh else 1)
    LOCK.write_text(new, "utf-8")
    typer.echo("requirements.lock written")
