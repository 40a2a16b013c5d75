"""A FHIR bundle that records which of its elements are read: an element that no writer reads has no field and is named.

Only leaves are recorded: a text, a number, a boolean, or a list of them. An element without any read leaf is named as a whole.
"""

from typing import Any

ABOUT_ITSELF = frozenset(("resourceType", "id", "meta", "text", "implicitRules", "language"))  # of a resource
SILENT = frozenset(("id", "resourceType"))  # of an element inside a resource; they have no content of their own
HOLDERS = (dict, list)


class Read(dict[str, Any]):
    """An element, and the path of a resource; ``seen`` has the names of the leaves that were read."""

    __slots__ = ("seen", "where")

    def __init__(self, element: dict[str, Any], where: str = "") -> None:
        super().__init__(element)
        for name, value in element.items():
            if isinstance(value, HOLDERS):  # nearly every value is a text, which stays as it is
                self[name] = wrapped(value)
        self.where = where
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)

    def items(self) -> Any:
        self.seen.update(self)
        return super().items()

    def values(self) -> Any:
        self.seen.update(self)
        return super().values()


class Parts(list[Any]):
    """The elements of a repeating element, in their order."""

    __slots__ = ()


def wrapped(value: Any) -> Any:
    """The same value, whose elements record which of their leaves are read."""
    if isinstance(value, dict):
        return Read(value)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return Parts(map(wrapped, value))
    return value


def peek(element: dict[str, Any], name: str) -> Any:
    """A value for a decision of the writer that is not written itself: it does not count as read."""
    return dict.get(element, name)


def peek_codes(value: object) -> set[str]:
    """A code, or every code of a concept, without marking it as read."""
    if isinstance(value, dict):
        return {str(peek(each, "code") or "") for each in peek(value, "coding") or ()}
    return {str(value or "")}


def forget(element: dict[str, Any], name: str) -> None:
    """A value that was read but has no field: it counts as not read."""
    if isinstance(element, Read):
        element.seen.discard(name)


def expressed(element: Any, *names: str) -> None:
    """Mark what the place of a segment in its message expresses: everything below these names. Without a name, nothing."""
    if isinstance(element, list):
        for each in element:
            expressed(each, *names)
    elif isinstance(element, Read):
        for name in names:
            if name in element:
                element.seen.add(name)
                wholly_expressed(dict.__getitem__(element, name))


def wholly_expressed(element: Any) -> None:
    """Mark everything below an element."""
    if isinstance(element, list):
        for each in element:
            wholly_expressed(each)
    elif isinstance(element, Read):
        expressed(element, *dict.keys(element))


def only_first(elements: list[Any]) -> list[Any]:
    """What a field that does not repeat has room for: the first element. The others count as not read, so that they are named."""
    leave_out(elements[1:])
    return elements[:1]


def leave_out(value: Any) -> None:
    """What was read, for a decision or with its list, but has no field: everything below it counts as not read."""
    if isinstance(value, list):
        for each in value:
            leave_out(each)
    elif isinstance(value, Read):
        value.seen.clear()
        leave_out(list(dict.values(value)))


def unread(resource: Read) -> list[str]:
    """The path of each element of a resource that no writer has read."""
    return [f"{resource.where}{path}" for path in _look(resource)[1]]


def _look(element: Read) -> tuple[bool, list[str]]:
    """Whether any leaf of an element was read, and the paths in it that were not: ``.name[0].given``. Each is visited once."""
    is_touched, missed = False, []
    silent = ABOUT_ITSELF if "resourceType" in element else SILENT
    for name, value in dict.items(element):
        if name in SILENT:
            continue
        if isinstance(value, (Read, Parts)):
            was_read, inner = _look(value) if isinstance(value, Read) else _look_at_parts(value)
            if not was_read:
                inner = [""] if value else []
        else:
            was_read = name in element.seen
            inner = [] if was_read else [""]
        is_touched |= was_read
        if inner and name not in silent:
            missed += [f".{name}{path}" for path in inner]
    return is_touched, missed


def _look_at_parts(parts: Parts) -> tuple[bool, list[str]]:
    is_touched, missed = False, []
    for number, each in enumerate(parts):
        if isinstance(each, Read):
            was_read, inner = _look(each)
            is_touched |= was_read
            missed += [f"[{number}]{path}" for path in (inner if was_read else [""])]
        elif isinstance(each, Parts):  # a list in a list is not FHIR: its elements have no path of their own
            is_touched |= _look_at_parts(each)[0]
    return is_touched, missed
