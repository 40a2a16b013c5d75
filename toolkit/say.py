"""One clear line to the person at the terminal."""

import sys
from pathlib import Path
from typing import NoReturn

from toolkit.screen import plain

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".hub"  # what the toolkit keeps on this machine: Azurite, its data, logs


class NotStarted(Exception):
    """Why something that runs here did not start, in one line. For work inside a task, which must not exit the process itself."""


def say(text: str) -> None:
    print(f"hub: {plain(text)}", file=sys.stderr, flush=True)


def stop(text: str, code: int = 1) -> NoReturn:
    """Say why and leave."""
    say(text)
    raise SystemExit(code)
