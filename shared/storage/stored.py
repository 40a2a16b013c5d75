"""A row of a table as a value with typed fields: the base of each kind of row, and the one place that reads and writes them.

A row that an earlier version wrote has the default of each field that it lacks. A row without a field that every version wrote
cannot be read (``TypeError``): such a field has no default. A field is written when it has no default, when it is ``always``,
when its value is not the default, or when the row had it already, so that a row keeps what a newer version added.
"""

from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Self, TypeVar

from shared.storage import names
from shared.storage.pieces import joined, pieces
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
        return cls(row=row, **cls.known(row))

    @classmethod
    def known(cls, row: Row) -> dict[str, Any]:
        """The fields that the row has, by their names here."""
        return {name: row.values[stored] for name, stored, _ in _properties(cls) if stored in row.values}

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

    def put(self, key: str) -> Change:
        """The change that writes it in place of any other."""
        return Change("put", key, self.values())

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
class WithBody(Stored):
    """A row that holds bytes, in properties of at most 60 KiB."""

    body: bytes = b""

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(row=row, body=joined(row.values), **cls.known(row))

    def values(self) -> dict[str, Any]:
        return {**super(WithBody, self).values(), **pieces(self.body)}
