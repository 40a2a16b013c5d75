"""The Markdown of a sheet as HTML: paragraphs, lists, tables, code, emphasis and links. Everything else is escaped text."""

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from markupsafe import Markup, escape

TABLE = Markup(
    '<div class="hub-scroll" tabindex="0"><table class="nhsuk-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
)
INLINE = re.compile(r"`([^`]+)`|\*([^*\s][^*]*)\*|\[([^\[\]]+)\]\(([^()\s]+)\)")
CELLS = re.compile(r"(?<!\\)\|")
Link = Callable[[str], str]  # from the target of a link to an address


def html(text: str, link: Link) -> Markup:
    """A text as HTML."""
    return Markup("\n").join(_block(block, link) for block in text.strip().split("\n\n") for block in _parts(block))


def _parts(block: str) -> Iterator[str]:
    """The lists, tables and paragraphs of a block: lines of one kind in a row."""
    for _, lines in groupby(block.split("\n"), key=lambda line: line[:1] if line[:2] == "- " or line[:1] == "|" else ""):
        yield "\n".join(lines)


def _block(block: str, link: Link) -> Markup:
    lines = block.split("\n")
    if block.startswith("- "):
        items = Markup("").join(Markup("<li>{}</li>").format(_inline(line.removeprefix("- "), link)) for line in lines)
        return Markup('<ul class="nhsuk-list nhsuk-list--bullet">{}</ul>').format(items)
    if block.startswith("|"):
        return _table(lines, link)
    return Markup("<p>{}</p>").format(_inline(" ".join(lines), link)) if block.strip() else Markup("")


def _table(lines: list[str], link: Link) -> Markup:
    head, _, *rows = (CELLS.split(line.strip())[1:-1] for line in lines)
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(_inline(cell.strip(), link)) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td class="nhsuk-table__cell">{}</td>').format(_inline(cell.strip().replace("\\|", "|"), link))
                for cell in row
            )
        )
        for row in rows
    )
    return TABLE.format(heads, body)


def _inline(text: str, link: Link) -> Markup:
    """A text with code, emphasis and links.

    >>> str(_inline("`a|b` is *safe* <b> [rules](r.md)", lambda target: f"/x/{target}"))
    '<code>a|b</code> is <em>safe</em> &lt;b&gt; <a href="/x/r.md">rules</a>'
    """
    made, at = Markup(""), 0
    for found in INLINE.finditer(text):
        made += escape(text[at : found.start()])
        code, emphasis, shown, target = found.groups()
        if code:
            made += Markup("<code>{}</code>").format(code)
        elif emphasis:
            made += Markup("<em>{}</em>").format(emphasis)
        else:
            made += Markup('<a href="{}">{}</a>').format(link(target), shown)
        at = found.end()
    return made + escape(text[at:])
