"""``./hub package``: the deployable zip."""

from pathlib import Path

import typer

from integrations import CATALOGUE
from toolkit.release.package import OPS, RUNNING
from toolkit.release.package import package as make
from toolkit.say import stop


def package(
    name: str = typer.Argument(help="An integration, or ops: the ops page and the watchdog."),
    output: Path = typer.Option(Path("dist"), help="Folder for the zip."),
    python: str = typer.Option(RUNNING, help="The app's Python version; infra/ deploys 3.13."),
) -> None:
    """Build the deployable zip: one integration, shared/, its catalogue and the run-time wheels."""
    if name not in (*CATALOGUE, OPS):
        stop(f"the catalogue has no {name}: ./hub list names what it has")
    folders = dict(CATALOGUE) if name == OPS else {name: CATALOGUE[name]}
    made = make(name, folders, output, python)
    typer.echo(f"{made}  {made.stat().st_size / 1e6:.1f} MB")
    typer.echo(made.with_suffix(".zip.sha256").read_text("utf-8").strip())
