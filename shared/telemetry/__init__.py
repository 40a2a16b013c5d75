"""Events and spans about messages: counted and searchable, never with a value out of a message.

A no-op without a connection string. With one, Azure Monitor is set up in a thread at the first event, so that no caller and
no cold start waits for it; what was said meanwhile is kept and sent.
"""

from shared.telemetry.events import emit, fault, flush, subscribe, unsubscribe
from shared.telemetry.keys import KEYS
from shared.telemetry.tracing import Span, current, span

__all__ = ["KEYS", "Span", "current", "emit", "fault", "flush", "span", "subscribe", "unsubscribe"]
