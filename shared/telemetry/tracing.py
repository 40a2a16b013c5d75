"""One operation id over all hops: W3C trace context made here, carried in the envelope and the ledger's row.

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
    """A piece of work under way; ``recorded`` is the OpenTelemetry span when telemetry is on."""

    traceparent: str
    recorded: Any = None

    def set(self, key: str, value: str | float | bool) -> None:
        """An attribute; those that are not on the list of telemetry keys do not leave."""
        if self.recorded is not None:
            self.recorded.set_attribute(key, value)


def current() -> str:
    """The ``traceparent`` of the work under way; ``""`` outside any."""
    return _current.get()


@contextmanager
def span(name: str, parent: str = "", *, kind: str = "INTERNAL", **attributes: str | float | bool) -> Iterator[Span]:
    """Work under one trace: the parent's when there is one, else the surrounding work's, else a new one."""
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
    known = parse(parent)
    return f"00-{known[0] if known else secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _recorded(name: str, parent: str, kind: str, attributes: dict[str, Any]) -> Any:
    """An OpenTelemetry span under the parent; ``None`` until telemetry is set up."""
    from shared.telemetry import azure_monitor

    if not azure_monitor.is_ready():
        return None
    return azure_monitor.start_span(name, parse(parent), kind, attributes)
