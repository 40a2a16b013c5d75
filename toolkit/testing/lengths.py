"""How long the slow tests of each file take: the longest begin first, so that none runs alone at the end.

A wrong number costs time and changes no result. ``seconds.json`` is one run of all tests on two cores that had other work too: it
is there for its order, and its numbers are too high. Two time-outs of 120 s, which no longer happen, are taken off that of
``test_documented_commands.py``. A run of all tests keeps its own numbers in ``.hub``, which count before those.
"""

import json
from contextlib import suppress
from pathlib import Path

from toolkit.say import HOME

KNOWN = Path(__file__).with_name("seconds.json")
KEPT = HOME / "test-seconds.json"


def lengths() -> dict[str, float]:
    """Seconds of the slow tests of a file, or of all files that share a costly fixture."""
    return _read(KNOWN) | _read(KEPT)


def keep(seconds: dict[str, float]) -> None:
    """Remember what a run of all tests took."""
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({name: round(each, 1) for name, each in sorted(seconds.items())}, indent=1) + "\n", "utf-8")


def _read(path: Path) -> dict[str, float]:
    with suppress(OSError, ValueError):
        return {str(name): float(each) for name, each in json.loads(path.read_text("utf-8")).items()}
    return {}
