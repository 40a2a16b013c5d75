"""What one integration declares. Functions, queues, sheets, alerts and infrastructure are generated from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from shared.envelope import Answer, Envelope, Identity, Outgoing, Receipt
from shared.issue import Issue, Verdict

Content = Any  # what a source reads: a Message, a FHIR resource, a JSON document


class Source(Protocol):
    """One format and who may send it: how a body is read, told apart and answered."""

    @property
    def format(self) -> str:
        """``hl7v2``, ``fhir``, ``json``, ``xml``, ``csv`` or ``file``."""

    def read(self, envelope: Envelope) -> Content:
        """The content of the body. Raises ``Unsupported``: not of this format, version, sender or type."""

    def repairs(self, content: Content) -> Sequence[Issue]:
        """What the reader put right, each an informational issue or a warning."""

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
        """Every finding; each names its rule."""


class Destination(Protocol):
    """Where messages go. A declaration: connections are made when first needed, from settings under its name."""

    @property
    def name(self) -> str: ...

    @property
    def takes_synthetic(self) -> bool: ...

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Hand it over; raises ``Undelivered``."""

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
    """

    types: tuple[str, ...]
    subject_begins: str = ""
    publisher: str = ""  # the integration whose outbox the event knocks for; empty: the event itself is the message
    filters: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # (operator, key, values) of an advanced filter
    pairs: tuple[str, ...] = ()


Trigger = Http | Queue | EventGrid


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Delivery:
    """How often and how long a message is tried, and what its death means for its lane. Times are in seconds."""

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
    """Days that things are kept: receipts (duplicates), the metadata of the dead and the content of dead letters."""

    receipts: float = 14
    metadata: float = 90
    dead_content: float = 14
    published: float = 3


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
    refusal: Literal["AE", "AR"] = "AE"
    on_resend: Literal["answer", "deliver"] = "answer"
    dropped: Mapping[str, str] = field(default_factory=dict)  # path -> why it reaches nothing
    seen: frozenset[str] = frozenset()  # places that some sample has; others that reach nothing are counted at run time
    subscribers: tuple[str, ...] = ()  # integrations that each take what this one publishes, from its outbox
    patient: Callable[[Content], str] | None = None  # the NHS Number, for the keyed search index

    @property
    def package(self) -> str:
        """The folder under ``integrations/``: the name with underscores."""
        return self.name.replace("-", "_")
