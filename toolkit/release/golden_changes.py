"""A golden file is reviewed output, so each commit that changes one gives the reason: a line ``Golden: <reason>`` in its message.

Called by the workflow of pull requests: ``python -m toolkit.release.golden_changes BASE`` looks at every commit after BASE,
names those without a reason, and exits with 1. A new file needs none; a changed or deleted one does.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GOLDEN = re.compile(r"samples/[^/]+\.(out|issues|properties)(\.[^/]+)*$")
REASON = re.compile(r"^Golden: \S.{9,}$", re.MULTILINE)  # a few words; "Golden: x" is no reason


class Unexplained(NamedTuple):
    """A commit without a reason: its hash and subject, and the golden files that it changes."""

    commit: str
    subject: str
    paths: list[str]


def is_golden(path: str) -> bool:
    """
    >>> is_golden("integrations/a/samples/one.out.json"), is_golden("integrations/a/samples/one.in.hl7")
    (True, False)
    """
    return GOLDEN.search(path) is not None


def unexplained(base: str, root: Path) -> list[Unexplained]:
    """The commits after ``base``, newest first, merges left out. Raises ``CalledProcessError`` when there is no such commit."""
    return [found for commit in _git(root, "rev-list", "--no-merges", f"{base}..HEAD").split() for found in _look(commit, root)]


def _look(commit: str, root: Path) -> Iterator[Unexplained]:
    changed = _git(
        root, "diff-tree", "--root", "-r", "--no-renames", "--diff-filter=MDT", "--name-only", "--no-commit-id", commit
    )
    paths = [path for path in changed.splitlines() if is_golden(path)]
    message = _git(root, "log", "-1", "--format=%B", commit)
    if paths and not REASON.search(message):
        yield Unexplained(commit, message.partition("\n")[0], paths)


def _git(root: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=True).stdout


def main(base: str, root: Path) -> int:
    found = unexplained(base, root)
    for each in found:
        print(
            f"{each.commit[:12]} {each.subject}: no line 'Golden: <why>' for {len(each.paths)} files, {each.paths[0]} the first"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path.cwd()))
