"""A report as one HTML file, to be read, printed and signed: no script, no link, nothing loaded from elsewhere."""

from collections.abc import Iterator
from typing import Any

from toolkit.conformance.terminal import NO_TYPE
from toolkit.report_page import document, safe, table

Json = dict[str, Any]
OWN_STYLE = """
.met { color: #007f3b; font-weight: 700; } .unmet { color: #d5281b; font-weight: 700; }
.notice.unready { border-color: #d5281b; }
[lang=cy] { display: block; margin-top: 8px; }
.sign td { height: 2.5em; border: 1px solid #4c6272; } .sign th { border: 1px solid #4c6272; background: #f0f4f5; }
.boxes { list-style: none; padding: 0; } .boxes li::before { content: "☐"; font-size: 1.3em; margin-right: 8px; }
code.digest { overflow-wrap: anywhere; }
@page { margin: 15mm; }
@media print { header { background: #fff; color: #000; } tr, .sign { break-inside: avoid; } .scroll { overflow: visible; } }
"""
# What no message shows: a person confirms it in the sign-off.
CONFIRMED = (
    "Our system sends a message again, unchanged and with the same control id, when it gets no answer, 429 or 503.",
    "Our system shows an AE or AR (or 422) to a person, who corrects the message.",
    "Our test messages are marked as tests, and no message of this report is of a real patient.",
    "Our key or certificate for production is another one than that for test, and we know when it expires.",
    "Both sides know whom to call, and when they answer (see the interface sheet).",
)
ROLES = ("Partner: technical lead", "Partner: clinical lead", "Integration team", "Clinical safety officer")


def page(report: Json, made_on: str, judged_by: str) -> str:
    """The whole document. ``made_on``: a date. ``judged_by``: whose self-test gave the verdicts."""
    title = f"{report['integration']}: conformance report"
    parts = (
        outcome(report),
        counts_of(report, made_on, judged_by),
        conditions(report),
        types_seen(report),
        rules_broken(report),
        files_not_read(report),
        sign_off(report),
    )
    made = document(title=title, parts=parts, style=OWN_STYLE)
    return made.replace('<div class="scroll">', '<div class="scroll" tabindex="0">')  # to be scrolled by the keyboard on a phone


def outcome(report: Json) -> str:
    if report["ready"]:
        return f'<p class="notice">Score {report["score"]} of 100. Nothing is missing: this report can be signed off.</p>'
    missing = "".join(f"<li>{safe(each)}</li>" for each in report["missing"])
    return (
        f'<div class="notice unready"><p><strong>Score {report["score"]} of 100. Not ready.</strong> '
        f"Missing before go-live:</p><ul>{missing}</ul></div>"
    )


def counts_of(report: Json, made_on: str, judged_by: str) -> str:
    names = {
        "files": "files",
        "messages": "messages",
        "accepted": "accepted",
        "refused": "refused",
        "refused_on_purpose": "of them on purpose",
        "marked_as_test": "marked as a test",
    }
    counts = "".join(f"<div><dt>{text}</dt><dd>{report['counts'][name]}</dd></div>" for name, text in names.items())
    return f'<dl class="counts">{counts}</dl><p>Made on {safe(made_on)}; verdicts of {safe(judged_by)}.</p>'


def conditions(report: Json) -> str:
    rows = [[safe(each["text"]), mark(is_met=each["met"])] for each in report["checks"]]
    return "<h2>Before go-live</h2>" + table("What the messages show.", ["Condition", "Met"], rows)


def mark(*, is_met: bool) -> str:
    return '<span class="met">✓ yes</span>' if is_met else '<span class="unmet">✗ no</span>'


def types_seen(report: Json) -> str:
    rows = [
        [
            f"<code>{safe(each['type'])}</code>" if each["type"] else NO_TYPE,
            "yes" if each["required"] else "no",
            str(each["messages"]),
            str(each["accepted"]),
            mark(is_met=each["accepted"] > 0) if each["required"] else "-",
        ]
        for each in report["types"]
    ]
    return "<h2>Types of message</h2>" + table("", ["Type", "Required", "Seen", "Accepted", "Covered"], rows)


def rules_broken(report: Json) -> str:
    if not report["rules"]:
        return "<h2>Rules that were broken</h2><p>None.</p>"
    columns = ["Rule", "Severity", "Findings", "Messages", "Where", "What it means"]
    caption = "The most serious first. Fatal and error refuse a message; a warning does not. No value of a message is shown."
    return "<h2>Rules that were broken</h2>" + table(caption, columns, [rule_row(each) for each in report["rules"]])


def rule_row(rule: Json) -> list[str]:
    paths = ", ".join(f"<code>{safe(path)}</code>" for path in rule["paths"]) or "the message as a whole"
    extra = f" and {rule['more_paths']} more" if "more_paths" in rule else ""
    where = f"{paths}{extra}<br>First in: {safe('; '.join(rule['examples']))}"
    texts = "".join(
        f'<span lang="{language}">{safe(" ".join((text["wrong"], text["expected"], text["action"])))}</span>'
        for language in ("en", "cy")
        for text in (rule[language],)
    )
    return [f"<code>{safe(rule['rule'])}</code>", rule["severity"], str(rule["count"]), str(rule["messages"]), where, texts]


def files_not_read(report: Json) -> str:
    if not report["not_read"]:
        return ""
    rows = [[str(each["file"]), safe(each["why"])] for each in report["not_read"]]
    return "<h2>Files that were not read</h2>" + table("By their place in the order of names.", ["File", "Why"], rows)


def sign_off(report: Json) -> str:
    return "".join(sign_off_parts(report))


def sign_off_parts(report: Json) -> Iterator[str]:
    yield '<section class="sign"><h2>Sign-off</h2>'
    yield "<p>What messages cannot show is confirmed here. Tick each line, or write why it does not apply.</p>"
    yield '<ul class="boxes">' + "".join(f"<li>{each}</li>" for each in CONFIRMED) + "</ul>"
    yield table("", ["Role", "Name", "Date", "Signature"], [[f"<strong>{role}</strong>", "", "", ""] for role in ROLES])
    facts = {
        "Integration": report["integration"],
        "Version of the hub": report["version"],
        "Interface": report["interface"],
        "Digest of the messages": report["messages_digest"],
        "Digest of this report": report["digest"],
    }
    yield table(
        "", ["What is signed", "Value"], [[name, f'<code class="digest">{safe(value)}</code>'] for name, value in facts.items()]
    )
    yield "<p>The same messages, judged by the same version, give the same digest.</p></section>"
