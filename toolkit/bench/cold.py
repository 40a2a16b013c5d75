"""How long the app takes to be imported, with cached bytecode, and what it must not import before it is needed.

Measured in processes of their own: an interpreter that imports ``function_app`` over one that imports nothing, medians.
Beside it what ``azure.functions`` costs alone, which no app can do without. The bytecode is cached in a folder of the run,
whatever the environment says of writing it: a deployed package has it too.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from toolkit.say import ROOT

GOAL = 130.0  # milliseconds
GOAL_OF_OURS = 30.0  # of these, what is ours
LATER = (
    "fhir.resources",
    "pydantic",
    "azure.storage",
    "azure.data",
    "azure.identity",
    "azure.eventgrid",
    "azure.monitor",
    "azure.core",
)
ROUNDS = 9
CODES = ("import function_app", "import azure.functions", "pass")
LIST = "import sys, function_app; print('\\n'.join(sys.modules))"


class Cold(NamedTuple):
    """Milliseconds over a bare interpreter."""

    app: float
    azure_functions: float

    @property
    def ours(self) -> float:
        return self.app - self.azure_functions


def cached(folder: str) -> dict[str, str]:
    """This environment, with bytecode written to a folder and read from it."""
    return {**{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}, "PYTHONPYCACHEPREFIX": folder}


def imported(code: str, environment: Mapping[str, str]) -> float:
    """Milliseconds of one interpreter that runs this."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, env=environment)
    return (perf_counter() - began) * 1000


def cold(rounds: int = ROUNDS) -> Cold:
    """The imports over the bare interpreter, in turns, the medians; a round before them fills the cache."""
    with TemporaryDirectory() as folder:
        environment = cached(folder)
        turns = [[imported(code, environment) for code in CODES] for _ in range(rounds + 1)][1:]
    app, floor, bare = (median(times) for times in zip(*turns, strict=True))
    return Cold(app - bare, floor - bare)


def too_early() -> list[str]:
    """The modules that are imported and should not be yet."""
    done = subprocess.run([sys.executable, "-c", LIST], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(name for name in done.stdout.splitlines() if name.startswith(LATER))


def main() -> int:
    """Print both; 1 when the import is slow, or takes in what it should not."""
    took, early = cold(), too_early()
    print(f"import of function_app: {took.app:.0f} ms over a bare interpreter (<= {GOAL:.0f})")
    print(f"  azure.functions alone: {took.azure_functions:.0f} ms; ours beside it: {took.ours:.0f} ms (<= {GOAL_OF_OURS:.0f})")
    print(f"imported too early: {', '.join(early) or 'nothing'}")
    return int(took.app > GOAL or bool(early))


if __name__ == "__main__":
    raise SystemExit(main())
