"""Sources and profiles as the interface sheet describes them. One that has no description of its own gets a default."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Link = Callable[[Path], str]  # from a file of the repository to its address in a page


def described(source: Any) -> list[str]:
    """What a source accepts; by default its format and the first sentence of its docstring."""
    if hasattr(source, "described"):
        return list(source.described())
    return [f"{source.format}: {(inspect.getdoc(source) or '').partition('.')[0]}"]


def variants(source: Any) -> Mapping[str, str]:
    """Other forms of values that a source accepts, each by the rule of its repair; by default none."""
    return dict(source.variants()) if hasattr(source, "variants") else {}


def profiles(profile: Any) -> Iterator[Any]:
    """The profiles that a profile consists of; by default itself."""
    yield from getattr(profile, "profiles", (profile,))


def contents(profile: Any, link: Link) -> list[str]:
    """What a profile checks apart from its rules: structures, or a schema; by default its name."""
    return list(profile.described(link)) if hasattr(profile, "described") else [profile.name]


def types(source: Any) -> tuple[str, ...]:
    """The types of message that a source accepts; by default one, named as its format."""
    return tuple(source.types()) if hasattr(source, "types") else (source.format,)


def type_of(source: Any, content: Any) -> str:
    """Which of these types a message has that was read; never a text of the message that is not one of them."""
    known = types(source)
    found = source.type_of(content) if hasattr(source, "type_of") else source.format
    return found if found in known else ""
