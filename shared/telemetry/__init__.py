"""Events and spans about messages: counted and searchable, never with a value from a message.

Without a connection string nothing is sent. With one, a thread sets up Azure Monitor at the first event, so that no caller and
no cold start waits for it; events in the meantime are queued and sent.
"""

from shared.telemetry.events import emit, fault, flush, subscribe, unsubscribe
from shared.telemetry.keys import KEYS
from shared.telemetry.tracing import Span, current, span

__all__ = ["KEYS", "Span", "current", "emit", "fault", "flush", "span", "subscribe", "unsubscribe"]
