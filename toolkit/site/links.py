"""Links of a page: to another page of the site, or to the file in the repository."""

import posixpath
import re
from collections.abc import Collection

from toolkit.say import ROOT

LINK = re.compile(r"(\]\()([^()\s]+)(\))")
DOCS = "docs/"
# Files outside docs/ that are pages of the site: file -> page.
ADDED = {
    "README.md": "index.md",
    "relay/README.md": "relay.md",
    "CONTRIBUTING.md": "about/contributing.md",
    "SECURITY.md": "about/security.md",
    "CHANGELOG.md": "about/changelog.md",
    "CODE_OF_CONDUCT.md": "about/code-of-conduct.md",
    **{
        path.relative_to(ROOT).as_posix(): f"mappings/{path.parent.name.replace('_', '-')}.md"
        for path in sorted(ROOT.glob("integrations/*/mapping_sheet.md"))
    },
}
FILE_OF = {page: file for file, page in ADDED.items()}


def rewritten(text: str, page: str, pages: Collection[str], repository: str) -> str:
    """The text with each relative link as the site needs it. ``page``: its path in the site."""
    file = FILE_OF.get(page, DOCS + page)
    return LINK.sub(lambda found: found[1] + target(found[2], file, page, pages, repository) + found[3], text)


def target(link: str, file: str, page: str, pages: Collection[str], repository: str) -> str:
    """Where one link of a file leads.

    >>> target("../shared/hl7", "docs/a.md", "a.md", {"a.md"}, "https://example.org/hub")
    'https://example.org/hub/blob/main/shared/hl7'
    >>> target("docs/b.md#c", "README.md", "index.md", {"b.md"}, "")
    'b.md#c'
    """
    path, mark, anchor = link.partition("#")
    if not path or "://" in path or path.startswith("mailto:"):
        return link
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    there = ADDED.get(wanted, wanted.removeprefix(DOCS) if wanted.startswith(DOCS) else "")
    if f"{there}/index.md" in pages:
        there = f"{there}/index.md"
    if f"{there}/README.md" in pages:
        there = f"{there}/README.md"
    if there not in pages and not (ROOT / wanted).exists():
        return link  # the build reports it
    if there not in pages:
        return f"{repository}/blob/main/{wanted}{mark}{anchor}"
    return posixpath.relpath(there, posixpath.dirname(page) or ".") + mark + anchor
