"""What the sender said at a path: text, or nothing. The null ``""`` says nothing here; who deletes asks ``is_null``."""

from typing import Protocol

NULL = '""'


class Part(Protocol):
    """A segment or a repetition of a field."""

    def __getitem__(self, path: str, /) -> str: ...


def said(part: Part, path: str) -> str:
    """The text at this path; ``""`` when it is absent or null."""
    text = part[path]
    return "" if text == NULL else text
