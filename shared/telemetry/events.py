"""Events for alerts and charts. Each has a name and a few keys of a fixed list.

hub.message    a message has an outcome                      integration outcome stage error_code e2e_ms attempt hops
hub.attempt    an attempt failed                             integration error_code attempt
hub.breaker    the breaker of a destination changed          destination state
hub.poison     a message is in a poison queue                integration queue
hub.pair       a message of a parallel run was compared       integration outcome rule count
hub.backlog    each minute, from the ledger and the inbox    integration waiting oldest_age_s unpaired batches
hub.batch      a batch was acknowledged                      integration count rule
hub.queue      each round, an ``-in`` queue with a message   integration queue oldest_age_s
hub.heartbeat  each round, the watchdog of an app is alive   integration instance role
hub.door       an app does not answer over HTTP              integration state error_code
hub.paused     each round, a delivery is paused; its end      integration state oldest_age_s
hub.breach     a tuned threshold was exceeded                integration threshold
hub.skipped    one row, lane or step was skipped             integration stage lane error_code
hub.unmapped   lanes have waited too long for a code         integration rule error_code count oldest_age_s
hub.fault      a bug in the hub: type and frames, no text    error_code frames
hub.refused    a call was refused because of its caller      integration error_code
hub.opinion    a second check of a message differs           integration rule error_code
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
    """Send one event to all subscribers (tests, the local host) and to Azure Monitor.

    Raises:
        ValueError: a key that is not on the list. A new key needs a decision, because it could carry a value from a message.
    """
    if unknown := keys.keys() - KEYS:
        raise ValueError(f"not a telemetry key: {', '.join(sorted(unknown))}")
    event = {key: safe(key, value) for key, value in keys.items()}
    event.setdefault("traceparent", current())
    for sink in _sinks:
        sink(name, event)
    log.debug(name, extra={"hub": event})
    if setting("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        _export(name, event)


def fault(problem: BaseException, **keys: Value) -> None:
    """A bug in the hub as an event: its type and place in the code, never its text."""
    emit("hub.fault", error_code=type(problem).__name__, frames=frames(problem), **keys)


def frames(problem: BaseException) -> str:
    """``file:line:function``, innermost last, ten at most; no source text and no message."""
    found = extract_tb(problem.__traceback__)[-10:]
    return " ".join(f"{PurePath(f.filename).name}:{f.lineno}:{f.name}" for f in found)


def subscribe(sink: Sink) -> None:
    """Call this function with every event from now on."""
    _sinks.append(sink)


def unsubscribe(sink: Sink) -> None:
    """Stop calling this function."""
    _sinks.remove(sink)


def flush() -> None:
    """Wait until all events are sent. Used at the end of a timer, because the instance may be removed after it."""
    if _exporter is not None:
        _exporter.flush()


def _export(name: str, keys: dict[str, Value]) -> None:
    global _exporter
    with _lock:
        if _exporter is None:
            from shared.telemetry.azure_monitor import Exporter

            _exporter = Exporter()
    _exporter.send(name, keys)
