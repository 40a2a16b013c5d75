"""The syntax of a path: ``PID-5.1``, ``PID-3[2].4``, ``OBX[2]-5``."""

import re
from typing import NamedTuple

_FIELD = r"(?P<field>[1-9]\d{0,2})(?:\[(?P<repetition>[1-9]\d*)\])?(?:\.(?P<component>[1-9]\d*)(?:\.(?P<sub>[1-9]\d*))?)?"
_FIELD_PATH = re.compile(_FIELD)
_PATH = re.compile(rf"(?P<segment>[A-Z][A-Z0-9]{{2}})(?:\[(?P<occurrence>[1-9]\d*)\])?(?:-{_FIELD})?")


class FieldPath(NamedTuple):
    """A place inside a segment: ``3[2].4``. Numbers are from 1; 0 if the path does not have that part."""

    field: int = 0
    repetition: int = 0
    component: int = 0
    subcomponent: int = 0

    @classmethod
    def parse(cls, text: str) -> "FieldPath":
        """
        >>> FieldPath.parse("3[2].4")
        FieldPath(field=3, repetition=2, component=4, subcomponent=0)
        """
        found = _FIELD_PATH.fullmatch(text)
        if found is None:
            raise ValueError(f"not a path inside a segment: {text!r}; write it as 5, 5.1 or 3[2].4")
        return cls(*(int(part or 0) for part in found.groups()))

    def __str__(self) -> str:
        repetition = f"[{self.repetition}]" if self.repetition > 1 else ""
        parts = "".join(f".{part}" for part in self[2:] if part)
        return f"{self.field}{repetition}{parts}" if self.field else ""


class Path(NamedTuple):
    """A place in a message.

    >>> str(Path.parse("PID[1]-3[2].4"))
    'PID-3[2].4'
    >>> Path.parse("OBX[3]-5").erl()
    'OBX^3^5'
    """

    segment: str
    occurrence: int = 1
    place: FieldPath = FieldPath()

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Raises ``ValueError`` for any other syntax, so that a typing error does not read as an absent value."""
        found = _PATH.fullmatch(text)
        if found is None:
            raise ValueError(f"not a path: {text!r}; write it as PID, PID-5.1, PID-3[2].4 or OBX[2]-5")
        segment, occurrence, *place = found.groups()
        return cls(segment, int(occurrence or 1), FieldPath(*(int(part or 0) for part in place)))

    def __str__(self) -> str:
        occurrence = f"[{self.occurrence}]" if self.occurrence > 1 else ""
        return f"{self.segment}{occurrence}-{self.place}" if self.place.field else f"{self.segment}{occurrence}"

    def erl(self) -> str:
        """ERR-2 from version 2.5: data type ERL, numbers from 1, with a repetition if there is a component (2.A.28)."""
        field, repetition, component, subcomponent = self.place
        parts = [self.segment, self.occurrence, field, repetition or (1 if component else 0), component, subcomponent]
        while not parts[-1]:
            parts.pop()
        return "^".join(str(part) for part in parts)

    def eld(self) -> str:
        """The first three components of ERR-1 before version 2.5: data type ELD, segment, sequence and field."""
        parts = (self.segment, str(self.occurrence), str(self.place.field or ""))
        return "^".join(parts).rstrip("^")
