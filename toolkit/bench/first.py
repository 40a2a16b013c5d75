"""How long the first message takes after a start: from the new process to its answer, and which imports it waits for.

What is not needed to start is imported when it is first needed, so the first message pays for it. Each import that costs it more
than 50 ms is listed, with what asked for it. Goal: under a second, from the start of the interpreter to the answer, on storage
that runs on this machine. Processor time counts, so a busy machine changes that figure little; an import is timed on the clock,
the quickest of several. The bytecode is cached, as a deployed package has it.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from toolkit.bench.cold import cached
from toolkit.say import ROOT

GOAL = 1.0  # seconds
DEAR = 50.0  # milliseconds
ROUNDS = 3
STARTED = "-- started --"
FLOWS = (("phw-to-mpi", "a31_date_of_death"), ("lims-results-to-cdr", ""), ("vaccinations-to-cdr", "given_in_full"))
CODE = f"""
import asyncio, os, sys, time
from types import SimpleNamespace
import azure.functions as func
import function_app
started = time.process_time()
print({STARTED!r}, file=sys.stderr)
body, kind = sys.stdin.buffer.read(), sys.argv[1]
context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=""))
request = func.HttpRequest(method="POST", url="http://localhost/", headers={{"content-type": kind}}, body=body)
answer = asyncio.run(function_app.http(function_app.INTEGRATIONS[0])(request, context))
print(answer.status_code, started, time.process_time(), flush=True)
os._exit(0)  # its delivery is not what is measured
"""


class Import(NamedTuple):
    """A module that the first message imported, with all that it imported in turn, in milliseconds."""

    module: str
    took: float


class First(NamedTuple):
    """Seconds of processor time: until the app was imported, until the first message was answered; its dear imports."""

    flow: str
    status: int
    imported: float
    answered: float
    imports: tuple[Import, ...]


def imports_in(report: str) -> Iterator[Import]:
    """The outermost imports after the start, in the order in which they ended, of a report of ``python -X importtime``.

    A line is ``import time: own us | us with what is inside | name``, the name further to the right the deeper it is.
    """
    for line in report.partition(STARTED)[2].splitlines():
        if line.startswith("import time:"):
            _, took, name = line.removeprefix("import time:").split("|")
            if name.startswith(" ") and not name.startswith("  "):
                yield Import(name.strip(), int(took) / 1000)


def measured(flow: str, body: bytes, content_type: str, environment: Mapping[str, str]) -> First:
    """One process, one message. ``CalledProcessError``: the app did not start, or did not answer."""
    command = [sys.executable, "-X", "importtime", "-c", CODE, content_type]
    settings = {**environment, "HUB_INTEGRATIONS": flow}
    done = subprocess.run(command, input=body, cwd=ROOT, check=True, capture_output=True, env=settings)
    status, imported, answered = done.stdout.decode().split()
    return First(flow, int(status), float(imported), float(answered), tuple(imports_in(done.stderr.decode())))


def best_of(flow: str, sample: str, environment: Mapping[str, str]) -> First:
    """The quickest of several starts; one before them fills the cache of bytecode."""
    from integrations import load
    from toolkit.samples import accepted

    sent = next(each for each in accepted(load(flow)) if sample in ("", each.name))
    runs = [measured(flow, sent.body, sent.envelope.content_type, environment) for _ in range(ROUNDS + 1)][1:]
    return min(runs, key=lambda each: each.answered)._replace(imports=dear(each.imports for each in runs))


def dear(runs: Iterable[Iterable[Import]]) -> tuple[Import, ...]:
    """The imports over the limit in the quickest of the runs, the dearest first."""
    best: dict[str, float] = {}
    for module, took in chain.from_iterable(runs):
        best[module] = min(took, best.get(module, took))
    return tuple(sorted((Import(*each) for each in best.items() if each[1] > DEAR), key=lambda each: -each.took))


async def _measure() -> list[First]:
    from integrations import load
    from shared.hub import connect
    from toolkit.local.azurite import Azurite

    with tempfile.TemporaryDirectory() as folder:
        storage = Azurite(Path(folder) / "storage", ())
        await asyncio.to_thread(storage.start)
        try:
            os.environ |= {"AzureWebJobsStorage": storage.connection_string}
            hub = connect([load(flow) for flow, _ in FLOWS])
            await hub.prepare()
            await hub.drain(0)
            environment = cached(str(Path(folder) / "bytecode"))
            return [await asyncio.to_thread(best_of, flow, sample, environment) for flow, sample in FLOWS]
        finally:
            await asyncio.to_thread(storage.stop)


def main() -> int:
    """Print all; 1 when a first message takes longer than the goal, or is not accepted."""
    found = asyncio.run(_measure())
    for each in found:
        verdict = "reached" if each.answered <= GOAL else "MISSED"
        print(
            f"{each.flow}: answered {each.status} after {each.answered:.2f} s; the app was imported after {each.imported:.2f} s"
        )
        print(f"  (<= {GOAL:g} s)  {verdict}; imports of the message itself over {DEAR:g} ms:")
        print("\n".join(f"    {one.module:40}{one.took:6.0f} ms" for one in each.imports) or "    none")
    return int(any(each.answered > GOAL or each.status >= 300 for each in found))


if __name__ == "__main__":
    raise SystemExit(main())
