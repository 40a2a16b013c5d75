"""A report of ``./hub shadow`` as one HTML file, for a clinician to read: no script, no link, nothing loaded from elsewhere."""

from collections.abc import Iterable

from shared.compare.differences import CAUSES
from shared.compare.tally import Group
from toolkit.migrate.shadow.report import WITH_VALUES, WITHOUT_VALUES, Report
from toolkit.migrate.shadow.terminal import VERDICTS
from toolkit.report_page import document, safe, table


def page(report: Report, *, examples: bool) -> str:
    """The whole document. ``examples``: one value for each difference is in it, and the page says so first."""
    title = f"{report.integration}: the hub compared with the replaced engine"
    notice = f'<p class="notice{" values" if examples else ""}" role="note">{WITH_VALUES if examples else WITHOUT_VALUES}</p>'
    parts = (
        notice,
        _counts(report),
        _differences("Differences that no one has agreed to", report.open, examples=examples),
        _differences("Agreed differences", [each for each in report.groups if each.agreed], examples=examples),
        _decisions(report),
        _unused(report),
        _causes({group.cause for group in report.groups}),
    )
    return document(title=title, parts=parts)


def _counts(report: Report) -> str:
    different = report.pairs - report.same - report.agreed
    counts = {
        "recorded messages": report.pairs,
        "come out the same": report.same,
        "differ as agreed": report.agreed,
        "differ": different,
        **{VERDICTS[name]: count for name, count in report.verdicts.items() if count},
    }
    return (
        '<dl class="counts">' + "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in counts.items()) + "</dl>"
    )


def _differences(title: str, groups: Iterable[Group], *, examples: bool) -> str:
    rows = [_row(group, examples=examples) for group in groups]
    if not rows:
        return f"<h2>{title}</h2><p>None.</p>"
    columns = ["Where", "What differs", "Messages", "Which messages"]
    columns[2:2] = ["Old engine sent", "Hub sends"] if examples else []
    return f"<h2>{title}</h2>" + table("One row for each place and cause, the most frequent first.", columns, rows)


def _row(group: Group, *, examples: bool) -> list[str]:
    cause = f"{safe(group.cause)}: {safe(CAUSES[group.cause])}"
    if group.rule:
        cause += f" (rule <code>{safe(group.rule)}</code>)"
    if group.agreed:
        by = f"{safe(group.agreed.decided_by)}, {safe(group.agreed.decided_on)}"
        cause += f"<br>Agreed by {by}: {safe(group.agreed.reason)}"
    values = [safe(group.example.old) or "(nothing)", safe(group.example.new) or "(nothing)"] if examples else []
    return [f"<code>{safe(group.path or '-')}</code>", cause, *values, str(len(group.messages)), _ids(group)]


def _ids(group: Group) -> str:
    ids = ", ".join(map(safe, group.messages))
    return ids if len(group.messages) <= 3 else f"<details><summary>{len(group.messages)} control ids</summary>{ids}</details>"


def _decisions(report: Report) -> str:
    if not report.decisions:
        return ""
    rows = [[f"<code>{safe(each.rule)}</code>", safe(each.where or "everywhere"), safe(each.text)] for each in report.decisions]
    return "<h2>What a decision about one rule would change</h2>" + table("", ["Rule", "Where", "Effect"], rows)


def _unused(report: Report) -> str:
    if not report.unused:
        return ""
    rows = [[safe(each.path), safe(each.cause), safe(each.decided_by), safe(each.reason)] for each in report.unused]
    return "<h2>Agreed, but not found in these messages</h2>" + table("", ["Where", "Cause", "Who decided", "Reason"], rows)


def _causes(used: set[str]) -> str:
    rows = [[f"<code>{name}</code>", safe(text)] for name, text in CAUSES.items() if name in used]
    return "" if not rows else "<h2>What the causes mean</h2>" + table("", ["Cause", "Meaning"], rows)
