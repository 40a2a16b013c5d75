"""One operation id for all steps of a message: a W3C trace context, stored in the envelope and in the row of the ledger.

A step that continues a message is a child of the step before, however many queues and days are between them. What only caused
a step (the batch of a member, the trace of a message that is replayed) is linked.
Source: W3C Trace Context, ``traceparent`` = ``00-<32 hex>-<16 hex>-<2 hex>``; flags are bits and are not compared.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.telemetry.keys import SPAN_KEYS, Value, allowed
from shared.telemetry.traceparent import parse


@dataclass(eq=False, repr=False, slots=True)
class Span:
    """A piece of work in progress; ``recorded`` is its OpenTelemetry span, ``None`` without telemetry."""

    traceparent: str
    recorded: Any = None
    attributes: dict[str, Value] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def set(self, key: str, value: Value) -> None:
        """Set an attribute. Only those on the list of span keys are sent."""
        self.attributes[key] = value
        if self.recorded is not None:
            self.recorded.set_attribute(key, value)

    def link(self, traceparent: str) -> None:
        """Link it to a span of another trace, which caused it and which it does not continue."""
        if not parse(traceparent):
            return
        self.links.append(traceparent)
        if self.recorded is not None:
            from shared.telemetry import azure_monitor

            azure_monitor.link(self.recorded, traceparent)


class Finished(NamedTuple):
    """A span that has ended: ``start`` in seconds since 1970, ``ms`` its duration, ``parent`` ``""`` for the first of a trace."""

    name: str
    traceparent: str
    parent: str
    kind: str
    links: tuple[str, ...]
    start: float
    ms: float
    attributes: dict[str, Value]


Watcher = Callable[[Finished], None]
_current: ContextVar[Span | None] = ContextVar("span", default=None)
_watchers: list[Watcher] = []


def current() -> str:
    """The ``traceparent`` of the work in progress; ``""`` if there is none."""
    here = _current.get()
    return here.traceparent if here else ""


def trace_headers() -> dict[str, str]:
    """What a request carries of the work in progress: an id and nothing else; empty if there is none."""
    here = current()
    return {"traceparent": here} if here else {}


def note(key: str, value: Value) -> None:
    """Set an attribute of the work in progress."""
    if here := _current.get():
        here.set(key, value)


def link(traceparent: str) -> None:
    """Link the work in progress to a span of another trace."""
    if here := _current.get():
        here.link(traceparent)


def watch(watcher: Watcher) -> None:
    """Call this function with every span that ends from now on (tests, the local host)."""
    _watchers.append(watcher)


def unwatch(watcher: Watcher) -> None:
    """Stop calling this function."""
    _watchers.remove(watcher)


@contextmanager
def under(traceparent: str) -> Iterator[None]:
    """Run work as part of a span of someone else, of the host or of the sender; without one, as it is."""
    before = _current.set(Span(traceparent)) if parse(traceparent) else None
    try:
        yield
    finally:
        if before:
            _current.reset(before)


@contextmanager
def span(name: str, parent: str = "", *, link: str = "", kind: str = "INTERNAL", **attributes: Value) -> Iterator[Span]:
    """Run work in one trace: that of ``parent``, otherwise that of the work in progress, otherwise a new one.

    Args:
        link: a span of another trace that caused this one; without a parent the work then begins a new trace.
    """
    parent = parent if parse(parent) else "" if parse(link) else current()
    recorded = _recorded(name, parent, kind, attributes)
    started = Span(_traceparent(recorded, parent), recorded, dict(attributes))
    started.link(link)
    before, start, clock = _current.set(started), time.time(), time.perf_counter()
    try:
        yield started
    finally:
        _current.reset(before)
        if recorded is not None:
            recorded.end()
        if _watchers:
            _report(name, parent, kind, started, start, (time.perf_counter() - clock) * 1000)


def _report(name: str, parent: str, kind: str, ended: Span, start: float, ms: float) -> None:
    """Pass a finished span to the watchers, with the attributes that Azure Monitor would get."""
    kept = allowed(ended.attributes, SPAN_KEYS)
    finished = Finished(
        name=name,
        traceparent=ended.traceparent,
        parent=parent,
        kind=kind,
        links=tuple(ended.links),
        start=start,
        ms=round(ms, 3),
        attributes=kept,
    )
    for watcher in tuple(_watchers):
        watcher(finished)


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
