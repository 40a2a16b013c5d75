"""The rows of a lane, each kind with its fields: what the ledger knows of a message is written and read here alone.

A row that an earlier version wrote has the default of each field that it lacks. A row without a field that every version wrote
cannot be read (``TypeError``): such a field has no default. A field is written when it has no default, when it is ``always``,
when its value is not the default, or when the row had it already, so that a row keeps what a newer version added.
"""

from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeVar

from shared.ledger.pieces import joined, pieces
from shared.storage import names
from shared.storage.store import Change, Row

T = TypeVar("T")
NOTHING = Row("", "", "", {})
_KNOWN: dict[Any, tuple[tuple[str, str, Field[Any]], ...]] = {}


def always(default: T) -> T:
    """A field that every row of its kind has; ``default`` is what a row of an earlier version is read with."""
    found: T = field(default=default, metadata={"always": True})
    return found


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stored:
    """A row as it was read, and its fields; ``row`` is empty for one that is not written yet."""

    row: Row = NOTHING
    schema: int = always(names.SCHEMA)
    STORED_AS: ClassVar[dict[str, str]] = {"identity": "key"}  # the name of a field -> that of its property

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row with its fields."""
        known = {name: row.values[stored] for name, stored, _ in _properties(cls) if stored in row.values}
        return cls(row=row, **known)

    @property
    def lane(self) -> str:
        """The partition that the row is in."""
        return self.row.partition

    @property
    def n(self) -> int:
        """The number of its message in the lane."""
        return names.number(self.row.key)

    def values(self) -> dict[str, Any]:
        """The properties of the row as it is to be written."""
        written = dict(self.row.values)
        for name, stored, one in _properties(type(self)):
            value = getattr(self, name)
            if stored in written or one.metadata.get("always") or value != one.default:
                written[stored] = value
        return written

    def inserted(self, key: str) -> Change:
        """The change that writes it as a new row; ``Conflict`` when there is one."""
        return Change("insert", key, self.values())

    def replaced(self) -> Change:
        """The change that writes its fields, if the row is still what was read."""
        return Change("replace", self.row.key, self.values(), self.row.etag)

    def deleted(self) -> Change:
        """The change that deletes it, if the row is still what was read."""
        return Change("delete", self.row.key, {}, self.row.etag)


def _properties(kind: Any) -> tuple[tuple[str, str, Field[Any]], ...]:
    """Each field of a kind of row with the name of its property; except the row itself and its pieces."""
    if known := _KNOWN.get(kind):
        return known
    stored = (one for one in fields(kind) if one.name not in ("row", "body"))
    return _KNOWN.setdefault(kind, tuple((one.name, kind.STORED_AS.get(one.name, one.name), one) for one in stored))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claimed(Stored):
    """``claim``: who works on the lane until ``end``, in seconds since 1970; ``turn`` marks who wrote it last."""

    owner: str = always("")
    end: float
    turn: str = always("")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WithBody(Stored):
    """A row that holds bytes, in properties of at most 60 KiB."""

    body: bytes = b""

    @classmethod
    def of(cls, row: Row) -> Self:
        known = {name: row.values[stored] for name, stored, _ in _properties(cls) if stored in row.values}
        return cls(row=row, body=joined(row.values), **known)

    def values(self) -> dict[str, Any]:
        return {**super(WithBody, self).values(), **pieces(self.body)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Receipt(WithBody):
    """``r|identity``: the message with this identity is number ``number``; ``body`` is its acknowledgement, compressed.

    ``token`` marks the process that stored it. ``reference``: copies in batches, ``handed``: handings-over, each the last few,
    separated by blanks. ``redelivered`` counts those of the ``duplicates`` that were only brought again.
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Message(Stored):
    """What a message keeps from its acceptance to its end. Times are seconds since 1970.

    ``identity``: the key of its receipt; ``mark``: of its open row; ``blob``: names of its blobs, separated by blanks.
    ``since``: when it was accepted or last replayed. ``resent``: the number of the message that it repeats.
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Waiting(Message):
    """``w|n``: a message that waits, or that a worker is sending.

    ``after``: the lane whose messages up to number ``after_n`` must be delivered first.
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

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row; the first version did not write ``since``."""
        known = {name: row.values[stored] for name, stored, _ in _properties(cls) if stored in row.values}
        return cls(row=row, **{"since": row.values.get("at", 0.0), **known})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hold(Stored):
    """``w|0``: a dead message, number ``number``, holds the lane."""

    STORED_AS: ClassVar[dict[str, str]] = {"number": "n"}
    number: int
    due: float = always(0.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Published(Stored):
    """``p|n``: a published message that the ``pending`` subscribers have not taken. ``routing``: JSON, what they choose by."""

    pending: str
    routing: str = always("")
    identity: str = always("")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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
