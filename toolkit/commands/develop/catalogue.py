"""``./hub list``: the catalogue."""

from typing import Annotated, Any

import typer

from toolkit import screen


def list_integrations(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """List the integrations."""
    from integrations import load_all

    rows = [_row(integration) for integration in load_all()]
    if as_json:
        print(screen.as_json(rows))
    else:
        _table(rows)


def _row(integration: Any) -> dict[str, Any]:
    return {
        "name": integration.name,
        "summary": integration.summary,
        "owner": integration.owner,
        "format": integration.source.format,
        "triggers": [type(trigger).__name__.lower() for trigger in integration.triggers],
        "profile": integration.profile.name,
        "outgoing": integration.outgoing.name,
        "destination": {"kind": type(integration.destination).__name__, "name": integration.destination.name},
        "path": f"integrations/{integration.package}",
    }


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("integration", "takes", "by", "delivers to", "what for"):
        table.add_column(heading)
    for row in rows:
        target = f"{row['destination']['kind']} {row['destination']['name']}"
        table.add_row(f"[cyan]{row['name']}[/]", row["format"], ", ".join(row["triggers"]), target, row["summary"])
    screen.console().print(table)
