"""A report as one HTML file, for a person to read and print: no script, no link, nothing loaded from elsewhere."""

from collections.abc import Iterable, Iterator
from html import escape

from toolkit.screen import line

STYLE = """
body { font: 1rem/1.5 Arial, sans-serif; color: #212b32; background: #f0f4f5; margin: 0; }
header { background: #005eb8; color: #fff; padding: 16px 24px; }
main { max-width: 1100px; margin: 0 auto; padding: 8px 24px 48px; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.3rem; margin: 32px 0 8px; }
.notice { border-left: 8px solid #007f3b; background: #fff; padding: 12px 16px; }
.notice.values { border-color: #d5281b; font-weight: 700; }
.counts { display: flex; flex-wrap: wrap; gap: 16px; padding: 0; margin: 16px 0; }
.counts div { background: #fff; border-top: 4px solid #005eb8; padding: 8px 16px; min-width: 130px; }
.counts dt { color: #4c6272; } .counts dd { margin: 0; font-size: 1.8rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; background: #fff; }
caption { text-align: left; padding: 4px 0; color: #4c6272; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px; border-bottom: 1px solid #d8dde0; overflow-wrap: break-word; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-family: Consolas, monospace; } summary { cursor: pointer; color: #005eb8; }
.scroll { overflow-x: auto; }
@media print { body { background: #fff; } details { display: none; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def document(*, title: str, parts: Iterable[str], style: str = "") -> str:
    """The whole document. ``parts``: HTML that is safe already. ``style``: CSS after that of every report."""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += f'<meta name="viewport" content="width=device-width"><title>{safe(title)}</title><style>{STYLE}{style}</style>'
    body = f"<header><h1>{safe(title)}</h1></header>\n<main>" + "\n".join(parts) + "</main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def safe(text: object) -> str:
    """A text inside the page: nothing in it is a tag, and nothing in it acts on the reader's eye."""
    return escape(line(text))


def table(caption: str, columns: Iterable[str], rows: Iterable[list[str]]) -> str:
    """A table of cells that are safe already; numbers are aligned to the right."""
    return "".join(_table(caption, columns, rows))


def _table(caption: str, columns: Iterable[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    yield f"<caption>{caption}</caption>" if caption else ""
    yield "<thead><tr>" + "".join(f'<th scope="col">{each}</th>' for each in columns) + "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td{' class=n' if each.isdecimal() else ''}>{each}</td>" for each in row) + "</tr>"
    yield "</tbody></table></div>"
