"""Ids that each engine makes for itself: two bundles whose references refer to the same entries are equal.

An entry that only its bundle knows has an address such as ``urn:uuid:...``, and references to it repeat that address.
Before two bundles are compared, the addresses of the old one become those of the entries that they correspond to.
"""

from collections import defaultdict, deque
from typing import Any

from shared.compare.alignment import align
from shared.compare.trees import as_text, document_tree, entry_part, loaded

LOCAL = "urn:uuid:"
Bundle = dict[str, Any]


def json_trees(old: bytes, new: bytes) -> tuple[Any, Any]:
    """The trees of two JSON bodies, the old one with the new one's addresses where their entries correspond."""
    try:
        before, after = loaded(old), loaded(new)
    except ValueError:
        return as_text(old), as_text(new)
    if before == after:
        return {}, {}
    was, now = _addresses(before), _addresses(after)
    if was and now and was != now:
        before = _renamed(before, _same(before, after, was, now))
    return document_tree(before), document_tree(after)


def _addresses(document: Any) -> dict[int, str]:
    """The local addresses of a bundle's entries by their number; none when it is not a bundle with entries."""
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle" or not isinstance(document.get("entry"), list):
        return {}
    found = {number: each.get("fullUrl") for number, each in enumerate(document["entry"]) if isinstance(each, dict)}
    return {number: each for number, each in found.items() if isinstance(each, str) and each.startswith(LOCAL)}


def _same(before: Bundle, after: Bundle, was: dict[int, str], now: dict[int, str]) -> dict[str, str]:
    """Old address -> new one, where the entries are the same except for addresses, or the most alike."""
    old = [_renamed(each, dict.fromkeys(was.values(), LOCAL)) for each in before["entry"]]
    new = [_renamed(each, dict.fromkeys(now.values(), LOCAL)) for each in after["entry"]]
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for number, each in enumerate(new):
        waiting[repr(each)].append(number)
    pairs = {number: waiting[key].popleft() for number, each in enumerate(old) if waiting[key := repr(each)]}
    left = [number for number in range(len(old)) if number not in pairs]
    right = sorted(set(range(len(new))) - set(pairs.values()))
    rest = align([entry_part(old[number]) for number in left], [entry_part(new[number]) for number in right]).pairs
    pairs |= {left[one]: right[other] for one, other in rest}
    return {was[one]: now[other] for one, other in pairs.items() if one in was and other in now}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same document with these texts replaced."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return value
