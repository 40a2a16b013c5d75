"""The data that moves through the hub: the body as received, with its identity and times, and the body to send."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shared.long_texts import LongText, put_in
from shared.privacy import shown, valid_traceparent

LARGEST = 100 * 1024 * 1024  # bytes of a body, before and after unpacking, and of a file in the inbox
Trigger = Literal["http", "queue", "event", "test"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Envelope:
    """One body as received.

    Args:
        received_at: UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``.
        partner: the name of the caller in settings; ``""`` for a queue or an event.
        reference: the blob of the body (a hash of its URL and its ETag); ``""`` otherwise.
        headers: those of the HTTP request, with names in lower case.
        files: blobs that belong to the message and are too large for its body; they are deleted together with its content.
        acknowledged: the code in the answer to the sender before the message was in the ledger (a member of a batch); ``""``
            otherwise.
        handed: the handing-over, as a keyed hash of a queue message, an event, a file or a row of an outbox. After a crash the
            same one delivers the message again; a resend has another one. ``""`` if it is not known, and over HTTP, where each
            call is from the sender.
        mode: in which mode it was accepted (a member of a batch); ``""``: in that of now.
        traceparent: the span that the message continues; ``""``: the work in progress, or a new trace.
        link: the span that only caused it (the batch of a member): the message then has a trace of its own.

    ``correlation_id`` and ``traceparent`` are texts of the caller, and are stored here in the form that may be shown.
    ``tracestate`` is not stored, because any system on the way may write free text in it.
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
    mode: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "correlation_id", shown("correlation", self.correlation_id))
        object.__setattr__(self, "traceparent", valid_traceparent(self.traceparent))

    def with_body(self, body: bytes, content_type: str) -> "Envelope":
        """The same with another body, such as one message of a file. The other values were made safe before, and are kept."""
        made = object.__new__(Envelope)
        for name in Envelope.__slots__:
            object.__setattr__(made, name, getattr(self, name))
        object.__setattr__(made, "body", body)
        object.__setattr__(made, "content_type", content_type)
        return made


class Identity(NamedTuple):
    """What identifies a message of an integration: sending application, facility and control id."""

    sender: str
    facility: str
    control_id: str


class Outgoing(NamedTuple):
    """One body to send. Each item of ``files`` opens a file that the body refers to by its index.

    ``texts``: long texts that are not in the body, which has a mark in the place of each: for a destination that reads them where
    they are (``Kind.reads_texts``).
    """

    content_type: str
    body: bytes
    control_id: str = ""
    properties: Mapping[str, str | bool] = {}
    files: tuple[Callable[[], AsyncIterator[bytes]], ...] = ()
    texts: tuple[LongText, ...] = ()

    def whole(self) -> "Outgoing":
        """The same, with its long texts in the body."""
        return self._replace(body=put_in(self.body, self.texts), texts=()) if self.texts else self


class Receipt(NamedTuple):
    """The answer of a destination that accepted a message: a short code of the hub and the destination's reference."""

    code: str = "accepted"
    reference: str = ""


class Answer(NamedTuple):
    """The answer to the caller, for every kind of trigger."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = {}


def language_headers(language: str) -> dict[str, str]:
    """The headers of an answer in a language that the caller prefers; none where the caller has no choice (``""``)."""
    return {"Content-Language": language, "Vary": "Accept-Language"} if language else {}
