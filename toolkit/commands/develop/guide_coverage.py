"""``./hub guide-coverage``: which rows of the HL7 v2-to-FHIR guide are implemented, by component, and why others are not."""

import json
from collections import Counter
from typing import Annotated

import typer

from toolkit.guide.coverage import Found, coverages
from toolkit.guide.measure import Measured, by_segment, measured, measured_references, shares
from toolkit.guide.reasons import KINDS
from toolkit.guide.rows import STRUCTURE
from toolkit.say import ROOT, stop

Event = Annotated[str, typer.Argument(help="One message type, such as ADT^A01. Without it: all.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for each component.")]
Losses = Annotated[bool, typer.Option("--losses", help="Show the loss budget instead: what v2 -> FHIR -> v2 loses.")]
COLUMNS = ("rows", "applicable", "lands", "exact", "reason", "neither")


def guide_coverage(event: Event = "", as_json: Json = False, losses: Losses = False) -> None:
    """Try every component of the guide's rows; exit with status 1 if one neither arrives exactly nor has a reason."""
    if losses:
        typer.echo((ROOT / "docs" / "loss-budget.md").read_text(encoding="utf-8"))
        return
    if event and event not in STRUCTURE:
        stop(f"unknown message type; choose one of {', '.join(STRUCTURE)}", 2)
    events = [event] if event else list(STRUCTURE)
    found = [*measured(events), *measured_references(events)]
    if as_json:
        typer.echo("\n".join(map(face, found)))
    else:
        typer.echo("\n".join([*(table(each, rows, whole=bool(event)) for each, rows in coverages(events)), "", *report(found)]))
    if any(each.unexplained for each in found):
        raise typer.Exit(1)


def face(found: Measured) -> str:
    component, reason = found.component, found.reason
    row = {"map": component.row.map, "row": component.row.row, "field": component.row.field, "component": component.path}
    by = [f"{step.map}:{step.row}" for step in component.steps]
    result = {"applicable": found.applies, "lands": found.lands, "exact": found.exact}
    why = {"kind": reason.kind, "reason": reason.text} if reason else {}
    return json.dumps({**row, "by": by, "target": component.target, "value": component.assignment, **result, **why})


def report(found: list[Measured]) -> list[str]:
    """The figures by segment and of all, how many reasons of each kind there are, and every row with neither."""
    lines = [f"{'by component':<14}" + "".join(f"{column:>11}" for column in COLUMNS)]
    lines += [figures(segment, shares(several)) for segment, several in by_segment(found)]
    harmless = shares(each for each in found if not each.reason or each.reason.kind != "harm")
    lines += [figures("all", count := shares(found)), "", f"{percent(count)} of the applicable rows"]
    lines += [f"{percent(harmless)} of those that would do no harm"]
    kinds = Counter(each.reason.kind for each in found if each.reason)
    lines += [f"{kinds[kind]:>6}  {kind}: {meaning}" for kind, meaning in KINDS.items() if kinds[kind]]
    return lines + [f"neither: {each.component.name}" for each in found if each.unexplained]


def figures(name: str, count: Counter[str]) -> str:
    return f"{name:<14}" + "".join(f"{count[column]:>11}" for column in COLUMNS)


def percent(count: Counter[str]) -> str:
    """Shares of the applicable rows, rounded down."""
    of = max(count["applicable"], 1)
    return f"land: {count['lands'] * 1000 // of / 10} %, exactly: {count['exact'] * 1000 // of / 10} %"


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
