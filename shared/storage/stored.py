"""A row of a table as a value with typed fields: the base of each kind of row, and the one place that reads and writes them.

A row that an earlier version wrote has the default of each field that it lacks. A row without a field that every version wrote
cannot be read (``TypeError``): such a field has no default. A field is written when it has no default, when it is ``always``,
when its value is not the default, or when the row had it already, so that a row keeps what a newer version added.

There are some thirty kinds of rows, and an app imports them before its first message. ``dataclass`` writes and compiles methods
for each, a millisecond for one with twenty fields. So the kinds are dataclasses for the type checker, which knows each field;
at run time ``Stored`` has one method of each name for all of them.
"""

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar

from shared.storage import names
from shared.storage.pieces import joined, pieces
from shared.storage.store import Change, Row

__all__ = ["NOTHING", "Stored", "WithBody", "always", "row_type"]

T = TypeVar("T")
NOTHING = Row("", "", "", {})


class Kind(NamedTuple):
    """A kind of row: the names of its fields, the defaults, and (field, property, always, default) of each that is written."""

    names: frozenset[str]
    defaults: dict[str, Any]
    properties: tuple[tuple[str, str, bool, Any], ...]


_KNOWN: dict[Any, Kind] = {}

if TYPE_CHECKING:
    from dataclasses import dataclass as row_type
else:

    def row_type(**_of_stored: bool) -> Any:
        """``dataclass`` for a kind of row: only its fields are noted. Frozen and by name it is through ``Stored``."""
        return dataclass(init=False, eq=False, repr=False)


def always(default: T) -> T:
    """A field that every row of its kind has; ``default`` is what a row of an earlier version is read with."""
    found: T = field(default=default, metadata={"always": True})
    return found


@row_type(frozen=True, kw_only=True, repr=False)
class Stored:
    """A row as it was read, and its fields; ``row`` is empty for one that is not written yet."""

    row: Row = NOTHING
    schema: int = always(names.SCHEMA)
    STORED_AS: ClassVar[dict[str, str]] = {"identity": "key"}  # the name of a field -> that of its property

    if not TYPE_CHECKING:  # the type checker knows those of each kind

        def __init__(self, **given: Any) -> None:
            kind = _kind(type(self))
            values = {**kind.defaults, **given}
            if values.keys() != kind.names:
                raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(sorted(values.keys() ^ kind.names))}")
            self.__dict__.update(values)

        def __setattr__(self, name: str, _value: Any) -> None:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> None:
            raise FrozenInstanceError(f"cannot delete field {name!r}")

        def __eq__(self, other: object) -> bool:
            return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented

        __hash__ = None  # a row holds a dict

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row with its fields."""
        return cls(row=row, **cls.known(row))

    @classmethod
    def known(cls, row: Row) -> dict[str, Any]:
        """The fields that the row has, by their names here."""
        values = row.values
        return {name: values[stored] for name, stored, _, _ in _kind(cls).properties if stored in values}

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
        written, own = dict(self.row.values), self.__dict__
        for name, stored, is_always, default in _kind(type(self)).properties:
            value = own[name]
            if is_always or stored in written or value != default:
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


def _kind(kind: Any) -> Kind:
    """What is known of a kind of row. The row itself and its pieces are fields, and no properties."""
    if known := _KNOWN.get(kind):
        return known
    declared = fields(kind)
    defaults = {one.name: one.default for one in declared if one.default is not MISSING}
    stored = (one for one in declared if one.name not in ("row", "body"))
    properties = tuple(
        (one.name, kind.STORED_AS.get(one.name, one.name), bool(one.metadata.get("always")), one.default) for one in stored
    )
    return _KNOWN.setdefault(kind, Kind(frozenset(one.name for one in declared), defaults, properties))


@row_type(frozen=True, kw_only=True, repr=False)
class WithBody(Stored):
    """A row that holds bytes, in properties of at most 60 KiB."""

    body: bytes = b""

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(row=row, body=joined(row.values), **cls.known(row))

    def values(self) -> dict[str, Any]:
        return {**super().values(), **pieces(self.body)}
