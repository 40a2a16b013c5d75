"""The declaration of an integration. Functions, queues, sheets, alerts and infrastructure are generated from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from shared.codes.table import CodeTable
from shared.envelope import Answer, Envelope, Identity, Outgoing, Receipt
from shared.issue import Issue, Verdict

Content = Any  # the result of Source.read: a Message, a FHIR resource, a JSON document


class Source(Protocol):
    """One format and its senders: how to read, identify and answer a body."""

    @property
    def format(self) -> str:
        """``hl7v2``, ``fhir``, ``json``, ``xml``, ``csv`` or ``file``."""

    def read(self, envelope: Envelope) -> Content:
        """The content of the body. Raises ``Unsupported``: not of this format, version, sender or type."""

    def repairs(self, content: Content) -> Sequence[Issue]:
        """The repairs of the reader, each an informational issue or a warning."""

    def identity(self, content: Content, envelope: Envelope) -> Identity:
        """Sender, facility and control id: with the integration they identify the message."""

    def is_synthetic(self, content: Content) -> bool:
        """Whether the message is marked as a test (MSH-11 ``T`` or ``D``, or a tag)."""

    def acknowledge(self, envelope: Envelope, content: Content | None, verdict: Verdict) -> Answer:
        """The sender's answer; ``content`` is ``None`` when it could not be read."""


class Profile(Protocol):
    """Structure and rules of one family of messages, with severities."""

    @property
    def name(self) -> str: ...

    def check(self, content: Content) -> Sequence[Issue]:
        """Every issue, with the id of its rule."""


class Destination(Protocol):
    """The receiver of messages. Connections are made when first needed, from settings under its name."""

    @property
    def name(self) -> str: ...

    @property
    def takes_synthetic(self) -> bool: ...

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Send it; raises ``Undelivered``."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Http:
    """``POST /api/v1/<name>``."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The storage queue ``<name>-in``."""


@dataclass(frozen=True, slots=True)
class EventGrid:
    """Events of these types, delivered to the function or to ``<name>-in``; ``subject_begins`` narrows blob events.

    ``pairs``: extensions of two files of one name that belong together, a document's and its sidecar's: ``("pdf", "json")``.
    ``acknowledges``: the acknowledgement of a file is written back as a file (``shared/intake/inbox/acknowledgement.py``).
    """

    types: tuple[str, ...]
    subject_begins: str = ""
    publisher: str = ""  # the integration whose outbox has the message of the event; empty: the event is the message
    filters: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # (operator, key, values) of an advanced filter
    pairs: tuple[str, ...] = ()
    acknowledges: bool = False


Trigger = Http | Queue | EventGrid


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Delivery:
    """Attempts and time limits of a delivery, and what happens to the lane after a dead letter. Times are in seconds."""

    attempts: int = 10
    first_wait: float = 5
    longest_wait: float = 900
    timeout: float = 30
    on_dead: Literal["continue", "hold"] = "continue"
    expires: float = 7 * 86400
    breaker_failures: int = 5
    breaker_wait: float = 30
    per_minute: int = 0  # 0: no limit
    concurrency: int = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Retention:
    """Days to keep data: receipts (to recognise duplicates), metadata and content of dead letters, published messages."""

    receipts: float = 14
    metadata: float = 90
    dead_content: float = 14
    published: float = 3


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Service:
    """What a partner may expect, for the interface sheet. Nothing at run time depends on it.

    ``within``: seconds from acceptance to delivery for 95 of 100 messages, if the destination is available; the alert *slow* has
    the same limit. ``support``: when a person answers, in the words of the sheet; the hub itself runs day and night.
    """

    within: float = 0.5
    support: str = "Monday to Friday, 09:00 to 17:00, except bank holidays in Wales"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Integration:
    """One source, one family of messages, one destination."""

    name: str
    summary: str
    owner: str
    source: Source
    triggers: tuple[Trigger, ...]
    profile: Profile
    lane: Callable[[Content], str]
    transform: Callable[[Content], Any]
    outgoing: Profile
    destination: Destination
    after: Callable[[Content], str] | None = None
    write: Callable[[Content, Any], tuple[Outgoing, ...]] | None = None  # default: by the type of what transform returns
    delivery: Delivery = Delivery()
    retention: Retention = Retention()
    service: Service = Service()
    refusal: Literal["AE", "AR"] = "AE"
    on_resend: Literal["answer", "deliver"] = "answer"
    dropped: Mapping[str, str] = field(default_factory=dict)  # path -> why it is not mapped
    seen: frozenset[str] = frozenset()  # places in the samples; others that are not mapped are counted at run time
    subscribers: tuple[str, ...] = ()  # integrations that read the messages of this one from its outbox
    codes: tuple[CodeTable, ...] = ()  # its code tables, and what a code without an entry means
    patient: Callable[[Content], str] | None = None  # the NHS Number, for the keyed search index

    @property
    def package(self) -> str:
        """The folder under ``integrations/``: the name with underscores."""
        return self.name.replace("-", "_")
