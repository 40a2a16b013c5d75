"""``./hub bench``: how fast, measured beside others in the same run."""

from importlib import import_module
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

Which = Annotated[str, typer.Argument(help="Which benchmark; left out: what there is.")]


def bench(name: Which = "") -> None:
    """Run a benchmark; leaves with 1 when a goal is missed."""
    found = sorted(path.stem for path in (ROOT / "toolkit" / "bench").glob("*.py") if path.stem != "__init__")
    if name not in found:
        stop(f"benchmarks: {', '.join(found)}", 0 if not name else 2)
    raise SystemExit(import_module(f"toolkit.bench.{name}").main())
