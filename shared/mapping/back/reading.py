"""A FHIR bundle that records which of its elements are read: an element that no writer reads has no field and is named.

Only leaves are recorded: a text, a number, a boolean, or a list of them. An element without any read leaf is named as a whole.
"""

from collections.abc import Iterator
from typing import Any

from shared.fhir.resource import Resource

ABOUT_ITSELF = frozenset(("resourceType", "id", "meta", "text", "implicitRules", "language"))  # of a resource
SILENT = frozenset(("id", "resourceType"))  # of an element inside a resource; they have no content of their own


class Read(dict[str, Any]):
    """An element with its path; ``seen`` has the names of the leaves that were read."""

    __slots__ = ("seen", "where")

    def __init__(self, element: dict[str, Any], where: str) -> None:
        super().__init__({name: wrapped(value, f"{where}.{name}") for name, value in element.items()})
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


def wrapped(value: Any, where: str) -> Any:
    """The same value, whose elements record which of their leaves are read."""
    if isinstance(value, dict):
        return Read(value, where)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [wrapped(each, f"{where}[{n}]") for n, each in enumerate(value)]
    return value


def peek(element: dict[str, Any], name: str) -> Any:
    """A value for a decision of the writer that is not written itself: it does not count as read."""
    return dict.get(element, name)


def forget(element: dict[str, Any], name: str) -> None:
    """A value that was read but has no field: it counts as not read."""
    if isinstance(element, Read):
        element.seen.discard(name)


def expressed(element: Any, *names: str) -> None:
    """Mark what the place of a segment in its message expresses: everything below these names, or below the element itself."""
    if isinstance(element, list):
        for each in element:
            expressed(each, *names)
    elif isinstance(element, Read):
        for name in names or dict.keys(element):
            if name in element:
                element.seen.add(name)
                expressed(dict.__getitem__(element, name))


def is_touched(element: Any) -> bool:
    """Whether any leaf of the element was read."""
    if isinstance(element, Read):
        children = dict.items(element)
        return any(
            is_touched(value) if is_element(value) else name in element.seen for name, value in children if name not in SILENT
        )
    return isinstance(element, list) and any(map(is_touched, element))


def is_element(value: Any) -> bool:
    return isinstance(value, Read) or (isinstance(value, list) and any(isinstance(each, Read) for each in value))


def unread(resource: Resource) -> Iterator[str]:
    """The path of each element of a resource that no writer has read."""
    skipped = ABOUT_ITSELF if "resourceType" in resource else SILENT
    where = resource.where if isinstance(resource, Read) else ""
    for name, value in dict.items(resource):
        if name not in skipped:
            yield from _unread(resource, name, value, f"{where}.{name}")


def _unread(element: dict[str, Any], name: str, value: Any, where: str) -> Iterator[str]:
    if not is_element(value):
        if isinstance(element, Read) and name not in element.seen:
            yield where
    elif not is_touched(value):
        if value:
            yield where
    elif isinstance(value, list):
        for n, each in enumerate(value):
            if isinstance(each, Read):
                yield from unread(each) if is_touched(each) else iter((f"{where}[{n}]",))
    else:
        yield from unread(value)
