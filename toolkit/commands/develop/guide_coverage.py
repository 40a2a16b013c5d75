"""``./hub guide-coverage``: per message type, which rows of the HL7 v2-to-FHIR guide are implemented, and why others are not."""

import json
from collections import Counter
from typing import Annotated

import typer

from toolkit.guide.coverage import Found, coverage
from toolkit.guide.rows import STRUCTURE
from toolkit.say import ROOT, stop

Event = Annotated[str, typer.Argument(help="One message type, such as ADT^A01. Without it: all.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for each row.")]
Losses = Annotated[bool, typer.Option("--losses", help="Show the loss budget instead: what v2 -> FHIR -> v2 loses.")]


def guide_coverage(event: Event = "", as_json: Json = False, losses: Losses = False) -> None:
    """List which rows of the guide are implemented (each is tested), and why the others are not."""
    if losses:
        typer.echo((ROOT / "docs" / "loss-budget.md").read_text(encoding="utf-8"))
        return
    if event and event not in STRUCTURE:
        stop(f"unknown message type; choose one of {', '.join(STRUCTURE)}", 2)
    for each in [event] if event else STRUCTURE:
        found = coverage(each)
        typer.echo("\n".join(map(face, found)) if as_json else table(each, found, whole=bool(event)))


def face(found: Found) -> str:
    row = found.row
    values = {"event": found.event, "map": row.map, "row": row.row, "field": row.field, "target": row.target}
    return json.dumps({**values, "condition": row.condition, "status": found.status, "reason": found.reason})


def table(event: str, found: list[Found], whole: bool) -> str:
    """One line for a message type; with ``whole``, each reason and each row that it keeps."""
    if not found:
        return f"{event:<8} the guide has no map; read by the segment maps of its kin"
    done = sum(each.status == "implemented" for each in found)
    lines = [f"{event:<8} {STRUCTURE[event]:<8} {done:>4} of {len(found)} rows, {done * 100 // len(found)} %"]
    reasons = Counter(each.reason for each in found if each.reason)
    for reason, count in reasons.most_common() if whole else ():
        lines.append(f"  {count:>4}  {reason}")
        lines += [
            f"          {each.row.map} {each.row.field or '-'} -> {each.row.target}" for each in found if each.reason == reason
        ]
    return "\n".join(lines)
