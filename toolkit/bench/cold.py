"""How long an app takes to be imported, with cached bytecode, and what it must not import before it is needed.

Measured in processes of their own: the processor time of an interpreter that imports ``function_app`` over one that imports
nothing, the best of several that take turns; what else the machine does changes it little. Next to it what ``azure.functions``
costs alone, which no app can do without, and which Azure's worker has imported before it looks for the app. Each integration is
deployed alone: the slowest of them stands for all. The bytecode is cached in a folder of the run, whatever the environment says
of writing it: a deployed package has it too.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import NamedTuple

from toolkit.say import ROOT

SLOWEST = "lims-results-to-cdr"
# Milliseconds on a machine where azure.functions alone takes 146: as shares of that they hold on any machine.
GOAL = 206 / 146
GOAL_OF_OURS = 60 / 146
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
ROUNDS = 15
APP = "import function_app"
FLOOR = "import azure.functions"
CODES = {"deployed": APP, "whole": APP, "azure.functions": FLOOR, "floor": f"import gc; gc.disable(); {FLOOR}", "bare": "pass"}
LIST = "import sys, function_app; print('\\n'.join(sys.modules))"


class Cold(NamedTuple):
    """Milliseconds over a bare interpreter: one integration as it is deployed, the whole catalogue, ``azure.functions``.

    ``floor`` is ``azure.functions`` without garbage collection meanwhile, as ``function_app`` imports it.
    """

    deployed: float
    whole: float
    azure_functions: float
    floor: float

    @property
    def share(self) -> float:
        """The deployed app compared with ``azure.functions`` alone."""
        return self.deployed / self.azure_functions

    @property
    def share_of_ours(self) -> float:
        return (self.deployed - self.floor) / self.azure_functions

    @property
    def reached(self) -> bool:
        return self.share <= GOAL and self.share_of_ours <= GOAL_OF_OURS


def cached(folder: str) -> dict[str, str]:
    """This environment, with bytecode written to a folder and read from it."""
    return {**{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}, "PYTHONPYCACHEPREFIX": folder}


def imported(code: str, environment: Mapping[str, str]) -> float:
    """Milliseconds of processor time of one interpreter that runs this."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def cold(rounds: int = ROUNDS) -> Cold:
    """The imports over the bare interpreter, in turns, the best of each; a round before them fills the cache."""
    with TemporaryDirectory() as folder:
        whole = {**cached(folder), "HUB_INTEGRATIONS": ""}
        places = {"deployed": {**whole, "HUB_INTEGRATIONS": SLOWEST}}
        turns = [{each: imported(code, places.get(each, whole)) for each, code in CODES.items()} for _ in range(rounds + 1)][1:]
    best = {each: min(turn[each] for turn in turns) for each in CODES}
    return Cold(*(best[each] - best["bare"] for each in CODES if each != "bare"))


def too_early() -> list[str]:
    """The modules that are imported and should not be yet."""
    done = subprocess.run([sys.executable, "-c", LIST], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(name for name in done.stdout.splitlines() if name.startswith(LATER))


def main() -> int:
    """Print all; 1 when the import is slow, or takes in what it should not."""
    took, early = cold(), too_early()
    verdict = "reached" if took.reached else "MISSED"
    print(f"azure.functions alone: {took.azure_functions:.0f} ms over a bare interpreter")
    print(f"function_app with {SLOWEST} alone, as it is deployed: {took.deployed:.0f} ms")
    print(
        f"  {took.share:.2f} of azure.functions (<= {GOAL:.2f}), ours {took.share_of_ours:.2f} (<= {GOAL_OF_OURS:.2f})  {verdict}"
    )
    print(f"function_app with the whole catalogue: {took.whole:.0f} ms")
    print(f"imported too early: {', '.join(early) or 'nothing'}")
    return int(not took.reached or bool(early))


if __name__ == "__main__":
    raise SystemExit(main())
