"""``./hub manifest``: the catalogue for the infrastructure."""

import typer

from integrations import load_all
from toolkit.generate.manifest import MANIFEST, text


def manifest(
    check: bool = typer.Option(False, "--check", help="Write nothing. Exit with status 1 if the file is out of date."),
) -> None:
    """Write infra/manifest.json from the catalogue."""
    new = text(load_all())
    if check:
        fresh = MANIFEST.exists() and MANIFEST.read_text("utf-8") == new
        typer.echo("infra/manifest.json is up to date" if fresh else "infra/manifest.json is out of date: run ./hub manifest")
        raise typer.Exit(0 if fresh else 1)
    MANIFEST.write_text(new, "utf-8")
    typer.echo("infra/manifest.json written")
