"""Filters of spans and log records: only allowed keys remain before an exporter sees them.

The text of an exception may quote a message. Only its type is sent, and its frames in an event of the hub.
"""

from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from shared.telemetry.keys import EVENT_NAME, KEYS, SPAN_KEYS, allowed, safe

LOG_KEYS = KEYS | {EVENT_NAME}


class AllowedSpans(SpanProcessor):
    """Removes all attributes of a span that are not allowed, and its events, which include exceptions."""

    def on_end(self, span: ReadableSpan) -> None:
        span._attributes = allowed(span._attributes, SPAN_KEYS)
        span._events = ()
        span._name = str(safe("name", span._name))
        if span._status.description:
            span._status = type(span._status)(span._status.status_code)


class AllowedLogs(LogRecordProcessor):
    """Removes all attributes of a record that are not allowed. A record that is not an event of the hub keeps only its level."""

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        record = log_record.log_record
        record.attributes = allowed(record.attributes, LOG_KEYS)
        record.body = record.attributes.get(EVENT_NAME, "(withheld)")

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True
