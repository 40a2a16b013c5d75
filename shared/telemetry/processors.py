"""What may leave: spans and log records are rewritten to their allowed keys before any exporter sees them.

Of an exception leave its type and, as events of ours, its frames: the text of an exception may quote a message.
"""

from typing import Any

from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from shared.telemetry.keys import EVENT_NAME, KEYS, SPAN_KEYS, safe

LOG_KEYS = KEYS | {EVENT_NAME}


def allowed(attributes: Any, keys: frozenset[str]) -> dict[str, Any]:
    """The attributes on the list, each with a value that looks like one of ours."""
    return {key: safe(key, value) for key, value in (attributes or {}).items() if key in keys}


class AllowedSpans(SpanProcessor):
    """Leaves of every span its allowed attributes; its events (exceptions among them) stay here."""

    def on_end(self, span: ReadableSpan) -> None:
        span._attributes = allowed(span._attributes, SPAN_KEYS)
        span._events = ()
        span._name = str(safe("name", span._name))
        if span._status.description:
            span._status = type(span._status)(span._status.status_code)


class AllowedLogs(LogRecordProcessor):
    """Leaves of every record its allowed attributes; a record that is no event of ours keeps only its level."""

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        record = log_record.log_record
        record.attributes = allowed(record.attributes, LOG_KEYS)
        record.body = record.attributes.get(EVENT_NAME, "(withheld)")

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True
