"""Whether an element of a message reaches anything that leaves: found by changing it and comparing the output.

At run time this is checked for elements that no sample has, once for each: one that reaches nothing is counted in the ledger.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from shared import bounds
from shared.formats import leaves
from shared.formats.fhir.leaves import bundle_texts
from shared.hl7 import Message
from shared.hl7.leaves import segments
from shared.integration import Integration
from shared.leaves import Leaf, place

Outcome = dict[str, Any]
PROPERTY = "property "


def unforeseen(integration: Integration, content: Any, known: dict[tuple[str, str], bool]) -> list[str]:
    """Places that no sample has (``Integration.seen``) and whose text reaches nothing; ``known`` remembers the answers.

    Each becomes the key of a counter, so their number is bounded (``shared.bounds``); no more than that are looked at.
    """
    found = {place(leaf.path): leaf for leaf in leaves(content)}
    places = [(integration.name, path) for path in found if path not in integration.seen]
    if fresh := [key for key in places if key not in known][: _room(integration, known)]:
        base = outcome(integration, content)
        known |= {key: not _reaches(integration, found[key[1]], base) for key in fresh}
    return [path for name, path in places if known.get((name, path))]


def _room(integration: Integration, known: dict[tuple[str, str], bool]) -> int:
    """How many more places this message may add."""
    return min(bounds.PROBES, max(0, bounds.PLACES - sum(name == integration.name for name, _ in known)))


def _reaches(integration: Integration, leaf: Leaf, base: Outcome) -> bool:
    return any(altered(integration, leaf, text) not in ({}, base) for text in probes(leaf.text, ()))


def altered(integration: Integration, leaf: Leaf, text: str) -> Outcome:
    """The output with another text there; nothing when the mapping does not take that text: another may do."""
    try:
        return outcome(integration, leaf.changed(text))
    except (ValueError, KeyError):
        return {}


def probes(text: str, known: Iterable[str]) -> Iterator[str]:
    """Texts to put in its place: one of the same shape, what other samples have there, and nothing."""
    yield "".join(map(_next, text))
    yield from (other for other in known if other != text)
    yield ""


def _next(character: str) -> str:
    """Another character of the same kind: ``3`` for ``2``, ``N`` for ``M``."""
    if character.isdigit():
        return "2" if character == "1" else "1"
    if character.isalpha() and character.isascii():
        return chr(ord(character) + (1 if character not in "zZ" else -1))
    return character


def outcome(integration: Integration, content: Any) -> Outcome:
    """What leaves, in pieces that are quick to compare: segments, elements, and the properties it is routed by."""
    made = integration.transform(content)
    found = pieces(made)
    for each in integration.write(content, made) if integration.write else ():
        found |= {f"{PROPERTY}{key}": str(value) for key, value in each.properties.items()}
    return found


def pieces(made: Any) -> Outcome:
    if isinstance(made, Message):
        return {segment: (line, made.encoding) for segment, line in segments(made).items()}
    if isinstance(made, dict) and made.get("resourceType") == "Bundle":
        return bundle_texts(made)
    return {leaf.path: leaf.text for leaf in leaves(made)}
