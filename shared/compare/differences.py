"""Two bodies compared: each difference with its path and its cause. One engine for every format that has a reader."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from shared.compare import trees
from shared.compare.alignment import align
from shared.compare.references import json_trees
from shared.compare.trees import Items, tidy

Cause = Literal[
    "value",
    "missing",
    "extra",
    "order",
    "null-for-absent",
    "absent-for-null",
    "refused",
    "accepted",
    "fault",
    "warned",
    "no-longer-warned",
]
CAUSES: dict[str, str] = {
    "value": "both have a value there, and the values differ",
    "missing": "the old output has a value there, the hub's has none",
    "extra": "the hub's output has a value there, the old one has none",
    "order": "the same part is in another place of the sequence",
    "null-for-absent": "the hub sends the null (delete what you hold), the old output has nothing there",
    "absent-for-null": "the old output has the null (delete what you hold), the hub sends nothing there",
    "refused": "the old engine accepted the message, the hub refuses it",
    "accepted": "the old engine refused the message, the hub accepts it",
    "fault": "the hub fails at the message: its mapping broke, or its output does not pass its check",
}
LONGEST = 200  # characters of a value that an example shows


class Difference(NamedTuple):
    """One place at which two outputs differ; ``old`` and ``new`` are values, so they are shown locally or not shown."""

    path: str
    cause: Cause
    old: str = ""
    new: str = ""
    rule: str = ""


def compare(old: bytes, new: bytes) -> list[Difference]:
    """Every difference between the old body and the new one; a whole part that is missing or extra is one difference."""
    if old == new:
        return []
    if trees.format_of(old) != trees.format_of(new):
        return [_difference(trees.BODY, "value", trees.format_of(old), trees.format_of(new))]
    both = json_trees(old, new) if trees.format_of(old) == "json" else (trees.tree(old), trees.tree(new))
    return list(_compare(*both, ""))


def _compare(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Items) and isinstance(new, Items):
        yield from _sequences(old, new, path)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _parts(old, new, path)
    elif _is_first_part(old, new):
        yield from _parts({".1": old}, new, path)
    elif _is_first_part(new, old):
        yield from _parts(old, {".1": new}, path)
    else:
        yield _difference(path, "value", old, new)


def _is_first_part(text: Any, parts: Any) -> bool:
    """Whether one side has a text where the other has components: the text is then the first of them."""
    return isinstance(text, str) and isinstance(parts, dict) and all(key[1:].isdecimal() for key in parts)


def _parts(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key in old and key in new:
            yield from _compare(old[key], new[key], path + key)
        elif key in old:
            yield _missing(path + key, old[key])
        else:
            yield _extra(path + key, new[key])


def _sequences(old: Items, new: Items, path: str) -> Iterator[Difference]:
    found = align(old.parts, new.parts)
    old_paths, new_paths = _paths(old, path), _paths(new, path)
    for one, other in found.pairs:
        if one in found.moved:
            yield _difference(old_paths[one], "order", old.parts[one][1], new.parts[other][1])
        yield from _compare(old.parts[one][1], new.parts[other][1], old_paths[one])
    yield from (_missing(old_paths[one], old.parts[one][1]) for one in found.missing)
    yield from (_extra(new_paths[other], new.parts[other][1]) for other in found.extra)


def _paths(items: Items, path: str) -> list[str]:
    counts: dict[str, int] = {}
    found = []
    for number, (name, _) in enumerate(items.parts):
        counts[name] = earlier = counts.get(name, -1) + 1
        found.append(path + items.spelled(number, earlier))
    return found


def _missing(path: str, old: Any) -> Difference:
    return _difference(path, "absent-for-null" if trees.is_null(old) else "missing", old, "")


def _extra(path: str, new: Any) -> Difference:
    return _difference(path, "null-for-absent" if trees.is_null(new) else "extra", "", new)


def _difference(path: str, cause: Cause, old: Any, new: Any) -> Difference:
    return Difference(tidy(path), cause, trees.text(old)[:LONGEST], trees.text(new)[:LONGEST])
