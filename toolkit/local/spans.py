"""Spans of the local host in a file: a line of JSON for each, so that ``./hub trace --spans`` can show what took how long.

In Azure the workspace keeps them. Here two files of bounded size do; the older one is dropped when the newer one is full.
"""

import json
import os
from pathlib import Path

from shared.settings import setting
from shared.telemetry import tracing
from toolkit.say import HOME

SETTING = "HUB_SPANS"
NAME = "spans.jsonl"
LARGEST = 16 * 1024 * 1024  # bytes of one file, which is about 50,000 spans


def path() -> Path:
    """The file of the hub on this machine: that of ``HUB_SPANS``, which the stack sets, otherwise that of ``./hub up``."""
    return Path(os.environ.get(SETTING) or HOME / "up" / "host" / NAME)


def is_kept() -> bool:
    """Whether the storage that is worked on is that of a hub on this machine, so that its spans belong into the file."""
    return SETTING in os.environ or setting("AzureWebJobsStorage") == "UseDevelopmentStorage=true"


def record(path: Path) -> None:
    """Write each span of this process that ends from now on."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(span: tracing.Finished) -> None:
        if path.exists() and path.stat().st_size > LARGEST:
            path.replace(_older(path))
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(span._asdict()) + "\n")

    tracing.watch(write)


def read(path: Path) -> list[tracing.Finished]:
    """Every span that is kept, in the order in which they ended; a line that was cut by a crash is skipped."""
    lines = [line for file in (_older(path), path) if file.exists() for line in file.read_text("utf-8", "replace").splitlines()]
    kept = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [tracing.Finished(**{**span, "links": tuple(span["links"])}) for span in kept]


def _older(path: Path) -> Path:
    return path.with_name(f"older-{path.name}")
