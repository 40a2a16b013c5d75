"""Azure Monitor behind allow-lists: whatever library speaks, only known keys leave, and of an exception its type and frames.

Imports OpenTelemetry when it is set up, never before: it costs half a second.
"""

import logging
import threading
from typing import Any

from shared.settings import setting
from shared.telemetry.keys import EVENT_NAME, SPAN_KEYS
from shared.telemetry.traceparent import parse

OUTSIDE = ("azure_sdk", "django", "fastapi", "flask", "psycopg2", "requests", "urllib", "urllib3")
LOGGER = "hub.telemetry"

_ready = threading.Event()


def is_ready() -> bool:
    """Whether spans and events leave by now."""
    return _ready.is_set()


class Exporter:
    """Sends events; keeps them until the set-up, which runs in its own thread, is through."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._early: list[tuple[str, dict[str, Any]]] = []
        threading.Thread(target=self._set_up, name="telemetry", daemon=True).start()

    def send(self, name: str, keys: dict[str, Any]) -> None:
        with self._lock:
            if not is_ready():
                self._early.append((name, keys))
                return
        _say(name, keys)

    def flush(self, seconds: float = 5) -> None:
        """Wait for the set-up and for what was said to leave."""
        if not _ready.wait(seconds):
            return
        from opentelemetry import trace
        from opentelemetry._logs import get_logger_provider

        for provider in (get_logger_provider(), trace.get_tracer_provider()):
            provider.force_flush()  # type: ignore[union-attr]

    def _set_up(self) -> None:
        configure()
        with self._lock:
            early, self._early = self._early, []
            for name, keys in early:
                _say(name, keys)
            _ready.set()


def configure() -> None:
    """Set up the exporters: every span kept (the default sampler drops all but five a second), no automatic instruments."""
    from azure.monitor.opentelemetry import configure_azure_monitor

    from shared.telemetry.processors import AllowedLogs, AllowedSpans

    configure_azure_monitor(
        credential=_credential(),
        sampling_ratio=1.0,
        logger_name=LOGGER,
        enable_performance_counters=False,
        enable_live_metrics=False,
        disable_offline_storage=True,
        instrumentation_options={name: {"enabled": False} for name in OUTSIDE},
        span_processors=[AllowedSpans()],
        log_record_processors=[AllowedLogs()],
    )
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    logging.getLogger(LOGGER).propagate = False


def start_span(name: str, parent: tuple[str, str] | None, kind: str, attributes: dict[str, Any]) -> Any:
    """A span of ours; under the given trace and span ids when there are any."""
    from opentelemetry import trace

    context = None
    if parent is not None:
        far = trace.SpanContext(int(parent[0], 16), int(parent[1], 16), is_remote=True, trace_flags=trace.TraceFlags(1))
        context = trace.set_span_in_context(trace.NonRecordingSpan(far))
    kept = {key: value for key, value in attributes.items() if key in SPAN_KEYS}
    return trace.get_tracer("hub").start_span(name, context, trace.SpanKind[kind], kept)


def _credential() -> Any:
    """Managed identity where the settings ask for it, else none: the connection string alone."""
    if "Authorization=AAD" not in setting("APPLICATIONINSIGHTS_AUTHENTICATION_STRING"):
        return None
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=setting("AZURE_CLIENT_ID") or None)


def _say(name: str, keys: dict[str, Any]) -> None:
    """One row of AppEvents, in the trace it belongs to."""
    from opentelemetry import context, trace

    known = parse(str(keys.get("traceparent", "")))
    token = None
    if known is not None:
        far = trace.SpanContext(int(known[0], 16), int(known[1], 16), is_remote=True, trace_flags=trace.TraceFlags(1))
        token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(far)))
    try:
        kept = {key: value for key, value in keys.items() if key != "traceparent"}
        logging.getLogger(LOGGER).info(name, extra={EVENT_NAME: name, **kept})
    finally:
        if token is not None:
            context.detach(token)
