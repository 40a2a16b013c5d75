"""Which elements of a message reach nothing in the bundle, found in a few conversions instead of several for each element.

1. One conversion records which fields are read: what is not read reaches nothing.
2. An element whose text is in the bundle has reached it.
3. Each of the others gets a text of its own, all in one conversion, and is looked for in that bundle.
4. What is left is changed together. Where the bundle stays the same, no element of the group reaches it; else each half of the
   group is tried, down to the single element that does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from shared.fate import probes
from shared.fhir import to_json
from shared.hl7 import Message
from shared.hl7.leaves import Spot, hl7_spots, replaced
from shared.hl7.watched import Watch
from shared.mapping import to_bundle
from shared.mapping.preparation import prepared
from shared.mapping.texts import NULL

PROBES = ("", "WPN", "Y", "HL70001", "20200102")  # what is put in an element's place, besides another text of its shape
DATE = re.compile(r"(?:19|20)\d{6}")
LONG = 4  # characters from which a text can be recognised in the bundle; a shorter one is a code
MANY = 50_000

Known = set[tuple[str, str, str]]  # message type, path, text: what was found to reach the bundle in an earlier message
Probe = Callable[[Spot], str]
Changes = Iterable[tuple[Spot, str]]


def unreached(message: Message, known: Known) -> list[str]:
    """Paths of the populated elements that can change, or go, without a change in the bundle. ``known`` is added to."""
    watch = Watch(message)
    bundle = to_json(to_bundle(watch.message))
    spots = [spot for spot in hl7_spots(message) if spot.text != NULL]
    # A message that has to be cleaned first is read from a copy, which records nothing: each of its elements is tried.
    was_read = watch.was_read if prepared(message) is message else lambda path: True
    read = [spot for spot in spots if was_read(spot.path)]
    left = _without_marks(message, _unseen(read, bundle))
    silent = set(left) - _reaching(message, left, bundle, known)
    return [spot.path for spot in spots if spot in silent or not was_read(spot.path)]


def _unseen(spots: Sequence[Spot], bundle: bytes) -> list[Spot]:
    """Those whose text is not in the bundle, or too short or too common to be recognised there."""
    times, text = Counter(spot.text for spot in spots), bundle.decode()
    return [spot for spot in spots if len(spot.text) < LONG or times[spot.text] > 1 or f'"{spot.text}"' not in text]


def _without_marks(message: Message, spots: list[Spot]) -> list[Spot]:
    """Those that do not show when each has a text of its own. Codes decide what becomes of words, so they change separately."""
    for are_codes in (False, True):
        chosen = [spot for spot in spots if (len(spot.text) < LONG) is are_codes and not _decides(spot)]
        marks = {spot: _mark(number, spot.text) for number, spot in enumerate(chosen)}
        text = _converted(message, marks.items()).decode() if marks else ""
        spots = [spot for spot in spots if spot not in marks or not _shows(marks[spot], text)]
    return spots


def _decides(spot: Spot) -> bool:
    """MSH and OBX-2 decide how everything else is read."""
    return spot.path.startswith("MSH") or (spot.path.startswith("OBX") and spot.path.endswith("-2"))


def _mark(number: int, text: str) -> str:
    """A day, a number or a word, as the one that was sent, that no other element has."""
    if DATE.match(text):
        return f"{1800 + number // 300}{number // 25 % 12 + 1:02}{number % 25 + 1:02}{text[8:]}"
    return str(7310000 + number) if text.isdigit() else f"Zq{number:04}x"


def _shows(mark: str, text: str) -> bool:
    return mark in text or (mark.isdigit() and f"{mark[:4]}-{mark[4:6]}-{mark[6:8]}" in text)


def _reaching(message: Message, spots: list[Spot], bundle: bytes, known: Known) -> set[Spot]:
    """Those without which, or with another text, the bundle differs."""
    event = message["MSH-9.1"]
    found = {spot for spot in spots if (event, spot.path, spot.text) in known}
    for probe in (_same_shape, *(_constant(text) for text in PROBES)):
        found |= _differing(message, [spot for spot in spots if spot not in found], probe, bundle)
    if len(known) < MANY:
        known.update((event, spot.path, spot.text) for spot in found)
    return found


def _same_shape(spot: Spot) -> str:
    return next(probes(spot.text, ()))


def _constant(text: str) -> Probe:
    return lambda spot: text


def _differing(message: Message, spots: list[Spot], probe: Probe, bundle: bytes) -> set[Spot]:
    """Those of a group that change the bundle: one by one with the first probe, which most do, and by halves with the others."""
    if not spots or _converted(message, [(spot, probe(spot)) for spot in spots]) == bundle:
        return set()
    if len(spots) == 1:
        return set(spots)
    size = 1 if probe is _same_shape else len(spots) // 2
    groups = [spots[first : first + size] for first in range(0, len(spots), size)]
    return set().union(*(_differing(message, group, probe, bundle) for group in groups))


def _converted(message: Message, changes: Changes) -> bytes:
    return to_json(to_bundle(replaced(message, changes)))
