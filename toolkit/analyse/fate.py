"""What became of each populated element of a message, found by changing each in turn and comparing what comes out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple

from integrations import load
from shared.envelope import Envelope
from shared.fate import PROPERTY, Outcome, altered, outcome, probes
from shared.formats import leaves
from shared.hl7 import Message
from shared.hl7.leaves import hl7_spots, replaced, segment_texts
from shared.hl7.watched import Watch
from shared.integration import Integration
from shared.leaves import INDEX, Leaf, short
from shared.mapping.preparation import prepared
from shared.problems import Rejected, Unsupported
from toolkit.analyse.fate_memory import Memory
from toolkit.analyse.together import Changes, Reached, reached_alone, reached_together
from toolkit.samples import samples

Known = Mapping[str, Iterable[str]]  # path -> texts that other samples have there


class Fate(NamedTuple):
    """One element: ``copied``, ``mapped`` (with where it went), ``dropped`` (with the reason) or ``lost`` (with none)."""

    path: str
    fate: str
    to: tuple[str, ...] = ()
    reason: str = ""


def fates(integration: Integration, content: Any, known: Known | None = None) -> list[Fate]:
    """The fate of every leaf of what was read of a message."""
    base, was_read = _watched(integration, content)
    reached = _reached_quickly(integration, content, base, was_read, known or {})
    if reached is None:
        return [_fate(integration, leaf, base, (known or {}).get(leaf.path, ()))
                if was_read(leaf.path) else _unreached(integration, leaf.path) for leaf in leaves(content)]  # fmt: skip
    return [
        Fate(leaf.path, "mapped", tuple(reached[leaf.path])) if leaf.path in reached else _unreached(integration, leaf.path)
        for leaf in leaves(content)
    ]


def _reached_quickly(
    integration: Integration, content: Any, base: Outcome, was_read: Callable[[str], bool], known: Known
) -> Reached | None:
    """What each element reaches, in few conversions, where an HL7 v2 message becomes a bundle; ``None`` for anything else."""
    if not isinstance(content, Message) or integration.write or any(isinstance(piece, tuple) for piece in base.values()):
        return None

    def convert(changes: Changes) -> Outcome:
        try:
            return outcome(integration, replaced(content, changes))
        except (ValueError, KeyError):
            return {}

    spots = [spot for spot in hl7_spots(content) if was_read(spot.path)]
    together = reached_together(spots, base, convert)
    return together | reached_alone([spot for spot in spots if spot.path not in together], base, convert, known)


def _watched(integration: Integration, content: Any) -> tuple[Outcome, Callable[[str], bool]]:
    """What leaves, and which elements were read to make it: all of them, unless an HL7 v2 message becomes something else.

    A message that becomes a message is copied line by line, which reads no field; one that has to be cleaned before it
    becomes FHIR is read from a copy, which records nothing. Each of their elements is changed to see its fate.
    """
    if not isinstance(content, Message) or prepared(content) is not content:
        return outcome(integration, content), lambda path: True
    watch = Watch(content)
    base = outcome(integration, watch.message)
    copied = any(isinstance(piece, tuple) for piece in base.values())
    return base, (lambda path: True) if copied else watch.was_read


def faces(integration: Integration, envelope: Envelope) -> list[dict[str, Any]]:
    """The fates of one message as ``run --json`` prints them; paths and reasons, never a value."""
    content = integration.source.read(envelope)
    memory = _memory(integration.name)
    found = memory.recall(content)
    if found is None:
        found = fates(integration, content, _known(integration.name))
        memory.keep(content, found, outcome(integration, content))
    return [{"path": each.path, "fate": each.fate, "to": list(each.to), "reason": each.reason} for each in found]


@cache
def _known(name: str) -> Known:
    """The texts that the samples of an integration have at each path; a sample that cannot be read has none."""
    return seen(_contents(load(name)))


def _contents(integration: Integration) -> Iterator[Any]:
    for sample in samples(integration):
        with suppress(Unsupported, Rejected, ValueError):
            yield integration.source.read(sample.envelope)


@cache
def _memory(name: str) -> "Memory[Fate]":
    return Memory()


def seen(contents: Iterable[Any]) -> Known:
    """The texts that these documents have at each path, in order."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for content in contents:
        for leaf in leaves(content):
            found[leaf.path][leaf.text] = None
    return found


def _fate(integration: Integration, leaf: Leaf, base: Outcome, known: Iterable[str]) -> Fate:
    reached = _reached(integration, leaf, base, known)
    if list(reached) == [short(leaf.path)] and leaf.text in reached.values():
        return Fate(leaf.path, "copied", tuple(reached))
    if reached:
        return Fate(leaf.path, "mapped", tuple(reached))
    return _unreached(integration, leaf.path)


def _unreached(integration: Integration, path: str) -> Fate:
    reason = why_dropped(integration.dropped, path)
    return Fate(path, "dropped" if reason else "lost", (), reason)


def _reached(integration: Integration, leaf: Leaf, base: Outcome, known: Iterable[str]) -> dict[str, str]:
    """The elements of the output that change with this one, as they were; the first kind of change that shows any decides.

    What a message is routed by may hang on whether an element is there at all.
    """
    changes = (changed for text in probes(leaf.text, known) if (changed := altered(integration, leaf, text)) not in ({}, base))
    reached = difference(base, found) if (found := next(changes, None)) else {}
    if integration.write and (without := altered(integration, leaf, "")):
        reached |= {path: text for path, text in difference(base, without).items() if path.startswith(PROPERTY)}
    return reached


def difference(base: Outcome, changed: Outcome) -> dict[str, str]:
    """The leaves that differ, each with its text in the first; ``""`` when it was not there."""
    found: dict[str, str] = {}
    for key in dict.fromkeys([*base, *changed]):
        if base.get(key) != changed.get(key):
            before, after = (_expanded(key, piece) for piece in _differing(base.get(key, ""), changed.get(key, "")))
            found |= {path: before.get(path, "") for path in {**before, **after} if before.get(path) != after.get(path)}
    return found


def _differing(before: Any, after: Any) -> tuple[Any, Any]:
    """Two segments without the fields that are the same in both; other pieces as they are."""
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return before, after
    (one, encoding), (other, _) = before, after
    pairs = zip_longest(one.split(encoding.field), other.split(encoding.field), fillvalue="")
    blank = [("", "") if left == right else (left, right) for left, right in pairs]
    left, right = (encoding.field.join(side) for side in zip(*blank, strict=True))
    return (left, encoding), (right, encoding)


def _expanded(key: str, piece: Any) -> dict[str, str]:
    if isinstance(piece, tuple):
        return {short(path): text for path, text in segment_texts(key, *piece).items()}
    return {key: piece} if piece else {}


def expanded(of: Outcome) -> dict[str, str]:
    """Every leaf of what leaves."""
    return {path: text for key, piece in of.items() for path, text in _expanded(key, piece).items()}


def why_dropped(dropped: Mapping[str, str], path: str) -> str:
    """The reason that an integration gives for an element, by the nearest path: ``PID-11[2].6`` asks for itself,
    ``PID-11[2]``, ``PID-11.6``, ``PID-11``, ``PID``; ``[2]`` stands for every repetition after the first.

    >>> why_dropped({"PID-11[2]": "first only", "PID-11.6": "no country"}, "PID-11[3].6")
    'first only'
    >>> why_dropped({"order/lines": "not needed"}, "order/lines/line[2]/drug")
    'not needed'
    """
    return next((dropped[asked] for asked in (*_above(path), *_asked(path)) if asked in dropped), "")


def _above(path: str) -> Iterator[str]:
    """A path in XML, and the elements that it is in, without indices; nothing for other paths."""
    plain = INDEX.sub("", path) if "/" in path else ""
    while plain:
        yield plain
        plain = plain.rpartition("/")[0]


def _asked(path: str) -> Iterator[str]:
    segment, _, field = path.partition("-")
    name, again = segment.partition("[")[0], "[" in segment
    number, _, rest = field.partition(".")
    parts = rest.split(".") if rest else []
    for occurrence in (name + "[2]", name) if again else (name,):
        for place in dict.fromkeys((_later(number), number.partition("[")[0])):
            for length in range(len(parts), -1, -1):
                yield f"{occurrence}-" + ".".join((place, *parts[:length]))
        yield occurrence


def _later(place: str) -> str:
    number, again, _ = place.partition("[")
    return f"{number}[2]" if again else number
