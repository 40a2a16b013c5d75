"""``./hub bench``: benchmarks, compared with other libraries in the same run."""

from importlib import import_module
from typing import Annotated

import typer

from toolkit.say import ROOT, stop

Which = Annotated[str, typer.Argument(help="Name of the benchmark. Without it: list them.")]


def bench(name: Which = "") -> None:
    """Run a benchmark. Exits with status 1 if a goal is missed."""
    # The folder also has modules that several benchmarks share.
    found = sorted(path.stem for path in (ROOT / "toolkit" / "bench").glob("*.py") if "\ndef main()" in path.read_text("utf-8"))
    if name not in found:
        stop(f"benchmarks: {', '.join(found)}", 0 if not name else 2)
    raise SystemExit(import_module(f"toolkit.bench.{name}").main())
