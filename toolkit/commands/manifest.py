"""``./hub manifest``: what infrastructure needs to know of the catalogue."""

import typer

from integrations import load_all
from toolkit import bicep
from toolkit.manifest import MANIFEST, text


def manifest(check: bool = typer.Option(False, "--check", help="Write nothing; exit 1 when the file is stale.")) -> None:
    """Write infra/manifest.json from the catalogue, and what Bicep makes of it for each environment."""
    new = text(load_all())
    if check:
        fresh = MANIFEST.exists() and MANIFEST.read_text("utf-8") == new
        typer.echo("infra/manifest.json is fresh" if fresh else "infra/manifest.json is stale: run ./hub manifest")
        raise typer.Exit(0 if fresh else 1)
    MANIFEST.write_text(new, "utf-8")
    typer.echo("infra/manifest.json written")
    if not bicep.compiler():
        typer.echo(bicep.ABSENT)
        return
    for environment in bicep.ENVIRONMENTS:
        for line in bicep.snapshot(environment, "overwrite"):
            typer.echo(line)
        typer.echo(f"infra/environments/{environment}.snapshot.json written")
