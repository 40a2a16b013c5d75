"""Where each page is in the site. A page that is in no section fails the build."""

from collections.abc import Iterable
from fnmatch import fnmatch

Entry = dict[str, object]
# Section -> the pages in it, in order: a path, or a pattern for all that are not named before.
SECTIONS: dict[str, tuple[str, ...]] = {
    "For partners": ("onboarding.md", "credentials.md", "generated/rules.md"),
    "Build": (
        "building/README.md",
        "building/tutorials/*.md",
        "building/*.md",
        "contributing.md",
        "source-format.md",
        "local-host.md",
        "migration.md",
    ),
    "Integrations": ("generated/interfaces/index.md", "generated/interfaces/*.md", "mappings/*.md"),
    "Operate": (
        "deployment.md",
        "first-day.md",
        "runbooks.md",
        "recovery.md",
        "scale.md",
        "generated/*.md",
        "relay.md",
    ),
    "Clinical": ("clinical-review.md", "safety/*.md", "loss-budget.md", "welsh-terms.md"),
    "How it works": ("architecture.md", "vocabulary.md", "decisions/README.md", "decisions/*.md"),
    "Library": ("library/index.md", "library/*.md"),
    "About": ("about/*.md",),
}


def nav(pages: Iterable[str]) -> list[Entry | str]:
    """The navigation over these pages: those of no section are left out, and the build reports them."""
    left = sorted(pages)
    made: list[Entry | str] = [{"Home": "index.md"}]
    for title, patterns in SECTIONS.items():
        found = [page for pattern in patterns for page in take(left, pattern)]
        if found:
            made.append({title: found})
    return made


def take(left: list[str], pattern: str) -> list[str]:
    """The pages of a pattern, which are then left no more.

    >>> left = ["a/b.md", "a/c.md", "d.md"]
    >>> take(left, "a/*.md"), left
    (['a/b.md', 'a/c.md'], ['d.md'])
    """
    found = [page for page in left if fnmatch(page, pattern) and page.count("/") == pattern.count("/")]
    left[:] = [page for page in left if page not in found]
    return found
