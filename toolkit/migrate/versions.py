"""Two versions of the hub side by side: the working tree, and a commit that is unpacked into a folder."""

import base64
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.migrate.pairs import Pair
from toolkit.say import ROOT

SCRIPT = Path(__file__).with_name("outcomes.py")
NEEDED = ("integrations", "shared")
Outcome = dict[str, Any] | None


class NoVersion(ValueError):
    """A commit cannot be found or run; the text says why."""


class Request(NamedTuple):
    """One message for one integration."""

    integration: str
    pair: Pair


def base(root: Path = ROOT) -> str:
    """Where the branch left the main branch; ``NoVersion`` when there is no main branch."""
    for main in ("main", "origin/main"):
        found = subprocess.run(["git", "merge-base", "HEAD", main], cwd=root, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    raise NoVersion("there is no branch main to compare with: name a commit with --base")


@contextmanager
def unpacked(commit: str, root: Path = ROOT) -> Iterator[Path]:
    """The code of a commit in a folder that goes afterwards. Raises ``NoVersion``."""
    if commit.startswith("-"):
        raise NoVersion(f"{commit} is not a commit")
    packed = subprocess.run(["git", "archive", commit, *NEEDED], cwd=root, capture_output=True, check=False)
    if packed.returncode:
        raise NoVersion(f"cannot read the commit {commit}: {packed.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def outcomes(root: Path, requests: Iterable[Request]) -> list[Outcome]:
    """What the version in a folder makes of each message, in their order. Raises ``NoVersion``: that version does not run."""
    lines = "\n".join(map(_line, requests))
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", str(SCRIPT)]
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=root, env=environment, check=False)
    if ran.returncode:
        raise NoVersion(f"the version in {root} does not run: {ran.stderr.strip().splitlines()[-1]}")
    return [json.loads(line)["outcome"] for line in ran.stdout.splitlines()]


def _line(request: Request) -> str:
    body = base64.b64encode(request.pair.body).decode()
    named = {"integration": request.integration, "name": request.pair.name, "content_type": request.pair.content_type}
    return json.dumps({**named, "body": body})
