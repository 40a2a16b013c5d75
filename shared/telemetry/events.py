"""Facts that alerts and charts are made of. Each is a name and a few keys of a fixed list.

hub.message    one for each outcome                          integration outcome stage error_code e2e_ms attempt hops
hub.attempt    one for each attempt that failed              integration error_code attempt
hub.breaker    a destination's breaker changed               destination state
hub.poison     a message landed in a poison queue            integration queue
hub.backlog    each minute, from the ledger and the inbox    integration waiting oldest_age_s unpaired batches
hub.batch      a batch was acknowledged                      integration count rule
hub.queue      each minute, the ``-in`` queues               integration queue depth oldest_age_s
hub.heartbeat  each minute, an app is alive                  integration
hub.breach     a tuned threshold was passed                  integration threshold
hub.skipped    one row, lane or step was left undone         integration stage lane error_code
hub.fault      a bug of ours: type and frames, no text       error_code frames
hub.reader     two readings of one thing differ              integration error_code
"""

import logging
from collections.abc import Callable
from pathlib import PurePath
from threading import Lock
from traceback import extract_tb
from typing import Any

from shared.settings import setting
from shared.telemetry.keys import KEYS, Value, safe
from shared.telemetry.tracing import current

Sink = Callable[[str, dict[str, Value]], None]


log = logging.getLogger("hub")
_sinks: list[Sink] = []
_exporter: Any = None
_lock = Lock()


def emit(name: str, **keys: Value) -> None:
    """One event, to whoever listens: tests, the local host, Azure Monitor.

    Raises:
        ValueError: a key that is not on the list; a new key is a decision, because a value could hide in it.
    """
    if unknown := keys.keys() - KEYS:
        raise ValueError(f"not a telemetry key: {', '.join(sorted(unknown))}")
    said = {key: safe(key, value) for key, value in keys.items()}
    said.setdefault("traceparent", current())
    for sink in _sinks:
        sink(name, said)
    log.debug(name, extra={"hub": said})
    if setting("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        _export(name, said)


def fault(problem: BaseException, **keys: Value) -> None:
    """A bug of ours as an event: its type and where it happened, never what it said."""
    emit("hub.fault", error_code=type(problem).__name__, frames=frames(problem), **keys)


def frames(problem: BaseException) -> str:
    """``file:line:function``, innermost last, ten at most; no source text and no message."""
    found = extract_tb(problem.__traceback__)[-10:]
    return " ".join(f"{PurePath(f.filename).name}:{f.lineno}:{f.name}" for f in found)


def subscribe(sink: Sink) -> None:
    """Let this function hear every event from now on."""
    _sinks.append(sink)


def unsubscribe(sink: Sink) -> None:
    """Let it hear no more."""
    _sinks.remove(sink)


def flush() -> None:
    """Wait until what was said has left; at the end of a timer, since an instance may vanish after it."""
    if _exporter is not None:
        _exporter.flush()


def _export(name: str, keys: dict[str, Value]) -> None:
    global _exporter
    with _lock:
        if _exporter is None:
            from shared.telemetry.azure_monitor import Exporter

            _exporter = Exporter()
    _exporter.send(name, keys)
