"""What goes through the hub: the body as it arrived with its identity and times, and the body that leaves."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shared.privacy import shown, trace_kept

LARGEST = 100 * 1024 * 1024  # bytes of a body, before and after unpacking, and of a file in the inbox
Trigger = Literal["http", "queue", "event", "test"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Envelope:
    """One body as it arrived.

    ``received_at`` is UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``. ``partner`` is the caller's name in settings, ``""`` for a queue or
    an event. ``reference`` names the blob that the body came from (a hash of its URL and its ETag), ``""`` otherwise.
    ``headers`` are those of the HTTP request, names in lower case. ``files`` names blobs that belong to the message and are too
    large to be in its body; they go when its content goes. ``acknowledged`` is the code that the sender was given before the
    ledger had the message (a member of a batch), ``""`` otherwise. ``handed`` is the handing-over that brought it, as a keyed
    hash: of a queue message, an event, a file or a row of an outbox. The same one brings it again after a crash, a resend is
    another; ``""`` where it is not known, and over HTTP, where each call is the sender's own.

    ``correlation_id`` and ``traceparent`` are the caller's own texts: from here on they are held in the form in which they may be
    kept and shown. ``tracestate`` is not held: it is free text of whatever systems the request passed through.
    """

    integration: str
    body: bytes
    received_at: str
    content_type: str = ""
    trigger: Trigger = "test"
    correlation_id: str = ""
    traceparent: str = ""
    partner: str = ""
    reference: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    acknowledged: str = ""
    handed: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "correlation_id", shown("correlation", self.correlation_id))
        object.__setattr__(self, "traceparent", trace_kept(self.traceparent))


class Identity(NamedTuple):
    """Who sent it and what they call it: sender application, facility and control id."""

    sender: str
    facility: str
    control_id: str


class Outgoing(NamedTuple):
    """One body that leaves: what the destination is handed. Each of ``files`` opens one that the body refers to by its place."""

    content_type: str
    body: bytes
    control_id: str = ""
    properties: Mapping[str, str | bool] = {}
    files: tuple[Callable[[], AsyncIterator[bytes]], ...] = ()


class Receipt(NamedTuple):
    """What the destination said when it took the message: a short code of ours and its own reference (never content)."""

    code: str = "accepted"
    reference: str = ""


class Answer(NamedTuple):
    """What the caller is told, whatever carried the message in."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = {}
