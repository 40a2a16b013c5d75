"""``./hub build-fhir-tables``: the committed tables of ``shared/fhir`` generated from the official definitions."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

TABLES = ROOT / "shared" / "fhir" / "definitions" / "tables"


def build_fhir_tables(
    definitions: Annotated[
        Path | None, typer.Option(help="Folder of the national definitions: uk-core-stu1.json and wales.json.")
    ] = None,
    r4: Annotated[
        Path | None, typer.Option(help="Folder of the FHIR R4 4.0.1 definitions, instead of the pinned npm package.")
    ] = None,
    target: Annotated[Path, typer.Option(help="Write the tables here.", show_default="shared/fhir/definitions/tables")] = TABLES,
    new_definitions: Annotated[
        bool, typer.Option("--new-definitions", help="Accept files with a new checksum, and print it for the pin.")
    ] = False,
) -> None:
    """Generate the tables of the FHIR check from the official definitions (R4 4.0.1, UK Core STU1, Data Standards Wales)."""
    from toolkit.generate.build_fhir_tables import build
    from toolkit.generate.definitions import NATIONAL, R4, pinned, r4_folder

    if definitions is None:
        stop(f"give the folder of {' and '.join(NATIONAL)}: --definitions DIR (docs/contributing.md, section 5)")
    national = pinned(definitions, NATIONAL, option="--definitions", is_new=new_definitions)
    base = pinned(r4 or r4_folder(), R4, option="--r4", is_new=new_definitions)
    for line in build(base, national, target):
        typer.echo(f"not checked: {line}")
    typer.echo(f"written: {target}")
