"""Golden files: when ``--accept`` may write, and what a test says after it has written."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest


def hold(folder: Path, old: Mapping[str, bytes], new: Mapping[str, bytes], *, accept: bool) -> None:
    """The files as they are, by name, must be those that were made.

    With ``accept`` they are rewritten and the test is skipped, not passed: nothing was compared. In CI an existing file is never
    rewritten, because a run that rewrites what it compares with cannot fail.
    """
    if accept and old != new and not (old and os.environ.get("CI")):
        _rewrite(folder, old, new)
        pytest.skip("rewritten: read the difference as a clinician would; the commit says why in a line 'Golden: ...'")
    assert old == new


def _rewrite(folder: Path, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    for name in old.keys() - new.keys():
        (folder / name).unlink()
    for name, body in new.items():
        (folder / name).write_bytes(body)
