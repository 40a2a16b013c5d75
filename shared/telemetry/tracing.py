"""One operation id for all steps of a message: a W3C trace context, stored in the envelope and in the row of the ledger.

Source: W3C Trace Context, ``traceparent`` = ``00-<32 hex>-<16 hex>-<2 hex>``; flags are bits and are not compared.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from shared.telemetry.traceparent import parse

_current: ContextVar[str] = ContextVar("traceparent", default="")


class Span(NamedTuple):
    """A piece of work in progress; ``recorded`` is its OpenTelemetry span, ``None`` without telemetry."""

    traceparent: str
    recorded: Any = None

    def set(self, key: str, value: str | float | bool) -> None:
        """Set an attribute. Only those on the list of telemetry keys are sent."""
        if self.recorded is not None:
            self.recorded.set_attribute(key, value)


def current() -> str:
    """The ``traceparent`` of the work in progress; ``""`` if there is none."""
    return _current.get()


@contextmanager
def span(name: str, parent: str = "", *, kind: str = "INTERNAL", **attributes: str | float | bool) -> Iterator[Span]:
    """Run work in one trace: that of ``parent``, otherwise that of the work in progress, otherwise a new one."""
    parent = parent if parse(parent) else current()
    recorded = _recorded(name, parent, kind, attributes)
    started = Span(_traceparent(recorded, parent), recorded)
    before = _current.set(started.traceparent)
    try:
        yield started
    finally:
        _current.reset(before)
        if recorded is not None:
            recorded.end()


def _traceparent(recorded: Any, parent: str) -> str:
    if recorded is not None:
        context = recorded.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    ids = parse(parent)
    return f"00-{ids[0] if ids else secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _recorded(name: str, parent: str, kind: str, attributes: dict[str, Any]) -> Any:
    """An OpenTelemetry span under the parent; ``None`` before telemetry is set up."""
    from shared.telemetry import azure_monitor

    if not azure_monitor.is_ready():
        return None
    return azure_monitor.start_span(name, parse(parent), kind, attributes)
