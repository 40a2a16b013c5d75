"""Azure Monitor with allow-lists: from any library, only listed keys are sent, and of an exception only its type and frames.

OpenTelemetry is imported at set-up and not before, because the import takes half a second.
"""

import logging
import threading
from collections import deque
from typing import Any

from shared.settings import setting
from shared.telemetry.keys import EVENT_NAME, SPAN_KEYS
from shared.telemetry.traceparent import parse

INSTRUMENTED = ("azure_sdk", "django", "fastapi", "flask", "psycopg2", "requests", "urllib", "urllib3")
LOGGER = "hub.telemetry"
QUEUED = 10_000  # events that wait for the set-up, the newest ones; if it fails they wait until the process ends

_ready = threading.Event()


def is_ready() -> bool:
    """Whether the set-up is complete, so that spans and events are sent."""
    return _ready.is_set()


class Exporter:
    """Sends events. Queues them until the set-up, which runs in its own thread, is complete."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: deque[tuple[str, dict[str, Any]]] = deque(maxlen=QUEUED)
        threading.Thread(target=self._set_up, name="telemetry", daemon=True).start()

    def send(self, name: str, keys: dict[str, Any]) -> None:
        with self._lock:
            if not is_ready():
                self._queued.append((name, keys))
                return
        _write(name, keys)

    def flush(self, seconds: float = 5) -> None:
        """Wait until the set-up is complete and all events are sent, at most this long for the set-up."""
        if not _ready.wait(seconds):
            return
        from opentelemetry import trace
        from opentelemetry._logs import get_logger_provider

        for provider in (get_logger_provider(), trace.get_tracer_provider()):
            provider.force_flush()  # type: ignore[union-attr]

    def _set_up(self) -> None:
        configure()
        with self._lock:
            while self._queued:
                _write(*self._queued.popleft())
            _ready.set()


def configure() -> None:
    """Set up the exporters without automatic instrumentation, and with every span (the default sampler keeps five a second)."""
    from azure.monitor.opentelemetry import configure_azure_monitor

    from shared.telemetry.processors import AllowedLogs, AllowedSpans

    configure_azure_monitor(
        credential=_credential(),
        sampling_ratio=1.0,
        logger_name=LOGGER,
        enable_performance_counters=False,
        enable_live_metrics=False,
        disable_offline_storage=True,
        instrumentation_options={name: {"enabled": False} for name in INSTRUMENTED},
        span_processors=[AllowedSpans()],
        log_record_processors=[AllowedLogs()],
    )
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    logging.getLogger(LOGGER).propagate = False


def start_span(name: str, parent: tuple[str, str] | None, kind: str, attributes: dict[str, Any]) -> Any:
    """A span of the hub, under the trace and span ids of ``parent`` if given."""
    from opentelemetry import trace

    context = trace.set_span_in_context(trace.NonRecordingSpan(_remote(parent))) if parent else None
    kept = {key: value for key, value in attributes.items() if key in SPAN_KEYS}
    return trace.get_tracer("hub").start_span(name, context, trace.SpanKind[kind], kept)


def link(span: Any, traceparent: str) -> None:
    """Link a span of the hub to one of another trace, which must be a valid trace context."""
    ids = parse(traceparent)
    assert ids
    span.add_link(_remote(ids))


def _remote(ids: tuple[str, str]) -> Any:
    """The context of a span by its trace id and its own. Every trace is kept: the sender's sampling flag does not count."""
    from opentelemetry import trace

    return trace.SpanContext(int(ids[0], 16), int(ids[1], 16), is_remote=True, trace_flags=trace.TraceFlags(1))


def _credential() -> Any:
    """Managed identity if the setting requires it; otherwise ``None``, and the connection string is enough."""
    if "Authorization=AAD" not in setting("APPLICATIONINSIGHTS_AUTHENTICATION_STRING"):
        return None
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=setting("AZURE_CLIENT_ID") or None)


def _write(name: str, keys: dict[str, Any]) -> None:
    """Write one row of AppEvents in the trace of ``traceparent``."""
    from opentelemetry import context, trace

    parent = parse(str(keys.get("traceparent", "")))
    token = None
    if parent is not None:
        token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(_remote(parent))))
    try:
        kept = {key: value for key, value in keys.items() if key != "traceparent"}
        logging.getLogger(LOGGER).info(name, extra={EVENT_NAME: name, **kept})
    finally:
        if token is not None:
            context.detach(token)
