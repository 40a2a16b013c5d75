"""The rows of a lane, each kind with its fields: what the ledger knows of a message is written and read here alone."""

from typing import ClassVar, Literal, Self

from shared.storage import names
from shared.storage.store import Row
from shared.storage.stored import Stored, WithBody, always, row_type


@row_type(frozen=True, kw_only=True, repr=False)
class Head(Stored):
    """``head``: the last number of the lane.

    ``idle`` equals ``number`` when nothing waits in the lane and no worker has claimed it. ``duplicates`` and ``purged`` count
    receipts and messages that are no longer in the ledger.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int
    idle: int = always(-1)
    duplicates: int = 0
    purged: int = 0


@row_type(frozen=True, kw_only=True, repr=False)
class Claimed(Stored):
    """``claim``: who works on the lane until ``end``, in seconds since 1970; ``turn`` marks who wrote it last."""

    owner: str = always("")
    end: float
    turn: str = always("")


@row_type(frozen=True, kw_only=True, repr=False)
class Receipt(WithBody):
    """``r|identity``: the message with this identity is number ``number``; ``body`` is its acknowledgement, compressed.

    ``token`` marks the process that stored it. ``reference``: copies in batches, ``handed``: handings-over, each the last few,
    separated by blanks. ``redelivered`` counts those of the ``duplicates`` that a queue only redelivered. ``language``: of the
    acknowledgement, where the sender has a choice of it; ``""`` otherwise, and in a receipt of an earlier version.
    """

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int
    at: float
    digest: str
    token: str = always("")
    reference: str = always("")
    duplicates: int = always(0)
    redelivered: int = always(0)
    handed: str = always("")
    status: int = always(0)
    content_type: str = always("")
    language: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Message(Stored):
    """What a message keeps from its acceptance to its end. Times are seconds since 1970.

    ``identity``: the key of its receipt; ``mark``: of its open row; ``blob``: names of its blobs, separated by blanks.
    ``since``: when it was accepted or last replayed. ``resent``: the number of the message that it repeats. ``observed``: it was
    accepted in mode observe, so it is never delivered, in no later mode either. ``tried``: its attempts since then, as a text
    (``shared/ledger/tried.py``).
    """

    at: float
    since: float = 0.0
    attempts: int = always(0)
    tries: int = 0
    ambiguous: bool = always(False)
    replays: int = 0
    code: str = always("")
    identity: str = always("")
    mark: str = always("")
    control: str = always("")
    sender: str = always("")
    facility: str = always("")
    partner: str = always("")
    synthetic: bool = False
    blob: str = always("")
    bytes: int = always(0)
    correlation_id: str = always("")
    traceparent: str = always("")
    rules: str = always("")
    resent: int = 0
    observed: bool = False
    tried: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Waiting(Message):
    """``w|n``: a message that waits, or that a worker is sending.

    ``after``: the lane whose messages up to number ``after_n`` must be delivered first. ``codes``: keys of the unmapped codes
    that it waits for, separated by blanks; ``tables``: the code tables that did not have them, as a hash. ``began``: when the
    worker that is sending it began.
    """

    since: float = always(0.0)
    tries: int = always(0)
    replays: int = always(0)
    synthetic: bool = always(False)
    resent: int = always(0)
    state: Literal["waiting", "sending"] = always("waiting")
    due: float = always(0.0)
    sent: int = always(0)
    after: str = always("")
    after_n: int = always(0)
    failed_at: float = 0.0
    began: float = 0.0
    codes: str = ""
    tables: str = ""

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row; the first version did not write ``since``."""
        return cls(row=row, **{"since": row.values.get("at", 0.0), **cls.known(row)})


@row_type(frozen=True, kw_only=True, repr=False)
class Ended(Message):
    """``d|n``: what became of a message; no content.

    ``pending``: subscribers that have not taken it; ``blob_pending``: blobs that are to be deleted. ``resent_as``: the number
    under which its sender sent it again. ``acknowledgement`` and ``content``: of a rejected message, what it was answered, and
    whether its content is kept.
    """

    outcome: names.EndedAs
    ended: float
    where: str = always("")
    reference: str = always("")
    pending: str = always("")
    blob_pending: str = always("")
    resent_as: int = 0
    acknowledgement: str = ""
    content: bool = False


@row_type(frozen=True, kw_only=True, repr=False)
class Content(WithBody):
    """``c|n``: the body of a message, compressed, or the blob that holds it, and the facts of its envelope."""

    received_at: str = always("")
    content_type: str = always("")
    trigger: str = always("")
    correlation_id: str = always("")
    traceparent: str = always("")
    partner: str = always("")
    reference: str = always("")
    files: str = ""
    blob: str = ""


@row_type(frozen=True, kw_only=True, repr=False)
class Explained(Stored):
    """``e|n``: what the destination answered about a dead message, in its own words."""

    detail: str = always("")


@row_type(frozen=True, kw_only=True, repr=False)
class Hold(Stored):
    """``w|0``: a dead message, number ``number``, holds the lane."""

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int
    due: float = always(0.0)


@row_type(frozen=True, kw_only=True, repr=False)
class Published(Stored):
    """``p|n``: a published message that the ``pending`` subscribers have not taken.

    ``routing``: JSON, what they choose by. ``traceparent``: the attempt that published it, which they continue. ``bytes``: its
    size, 0 for a small one (``shared/budget.py``).
    """

    pending: str
    routing: str = always("")
    identity: str = always("")
    traceparent: str = ""
    bytes: int = 0


@row_type(frozen=True, kw_only=True, repr=False)
class Cursor(Stored):
    """``s|subscriber``: the last number that the subscriber has taken from the lane."""

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int


def message_of(row: Row) -> Ended | Waiting:
    """A row ``w|n`` or ``d|n``: a message that waits, or what became of one."""
    return Waiting.of(row) if row.key.startswith("w|") else Ended.of(row)


def is_last(key: str) -> bool:
    """Whether a key is that of what became of a message in the end, and not of an earlier attempt.

    >>> is_last("d|0000000007"), is_last("d|0000000007|1"), is_last("w|0000000007")
    (True, False, False)
    """
    return key.startswith("d|") and key.count("|") == 1
