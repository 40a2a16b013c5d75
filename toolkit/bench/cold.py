"""How long the app takes to be imported, with cached bytecode, and what it must not import before it is needed.

Measured in processes of their own: an interpreter that imports ``function_app`` over one that imports nothing, medians.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

from toolkit.say import ROOT

GOAL = 130.0  # milliseconds
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
LIST = "import sys, function_app; print('\\n'.join(sys.modules))"


def imported(code: str) -> float:
    """Milliseconds of one interpreter that runs this."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    return (perf_counter() - began) * 1000


def cold(rounds: int = ROUNDS) -> float:
    """Milliseconds of the import over the bare interpreter, in turns, the medians; the first round fills the cache."""
    imported("import function_app")
    turns = [(imported("import function_app"), imported("pass")) for _ in range(rounds)]
    app, bare = zip(*turns, strict=True)
    return median(app) - median(bare)


def too_early() -> list[str]:
    """The modules that are imported and should not be yet."""
    done = subprocess.run([sys.executable, "-c", LIST], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(name for name in done.stdout.splitlines() if name.startswith(LATER))


def main() -> int:
    """Print both; 1 when the import is slow, or takes in what it should not."""
    took, early = cold(), too_early()
    print(f"import of function_app: {took:.0f} ms over a bare interpreter (<= {GOAL:.0f})")
    print(f"imported too early: {', '.join(early) or 'nothing'}")
    return int(took > GOAL or bool(early))


if __name__ == "__main__":
    raise SystemExit(main())
