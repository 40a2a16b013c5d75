"""``./hub lock``: requirements.lock, from requirements.txt."""

import typer

from toolkit.lock import LOCK, resolved


def lock(check: bool = typer.Option(False, "--check", help="Write nothing; exit 1 when the file is stale.")) -> None:
    """Write requirements.lock: every package that is deployed, with hashes."""
    new = resolved()
    if check:
        fresh = LOCK.exists() and LOCK.read_text("utf-8") == new
        typer.echo("requirements.lock is fresh" if fresh else "requirements.lock is stale: run ./hub lock")
        raise typer.Exit(0 if fresh else 1)
    LOCK.write_text(new, "utf-8")
    typer.echo("requirements.lock written")
