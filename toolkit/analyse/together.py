"""What several elements of a message reach, found by changing them all at once, where the output shows which is which.

Words that were copied show in the output: a changed output that holds the new words of one element is its own. Elements of one
place and one text, in segment after segment (``OBX-11``), each change the same elements of a resource of their own. Where the
output shows anything else, there is no result: each element is then changed alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.fate import Outcome, probes
from shared.hl7.leaves import Spot
from shared.leaves import place

SHORT = 4  # characters from which a text can be recognised in the output
FEWEST = 3  # elements of one place and text that are worth a conversion of their own
NAME = re.compile(r"^[^.]*")
Changes = Sequence[tuple[Spot, str]]
Convert = Callable[[Changes], Outcome]  # the output for other texts at some places; empty when the mapping refuses them
Reached = dict[str, dict[str, str]]  # path of an element -> the elements that it reaches, as they were


def reached_together(spots: Sequence[Spot], base: Outcome, convert: Convert) -> Reached:
    """What the elements reach. An element whose target is not certain is left out."""
    found = _copied(spots, base, convert)
    classes: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    for spot in spots:
        if spot.path not in found and not spot.path.startswith("MSH"):
            classes[place(spot.path), spot.text].append(spot)
    for alike in classes.values():
        if len(alike) >= FEWEST:
            found |= _repeated(alike, base, convert)
    return found


def reached_alone(spots: Sequence[Spot], base: Outcome, convert: Convert, known: Mapping[str, Iterable[str]]) -> Reached:
    """What each of these elements reaches, each changed alone; those that show nothing get other texts together, by halves."""
    found: Reached = {}
    for spot in spots:
        if shown := _differing(base, convert([(spot, _other(spot))])):
            found[spot.path] = _before(shown)
    texts = {spot: [text for text in known.get(spot.path, ()) if text != spot.text] + [""] for spot in spots}
    for number in range(max(map(len, texts.values()), default=0)):
        left = [(spot, every[number]) for spot, every in texts.items() if spot.path not in found and number < len(every)]
        found |= _by_halves(left, base, convert)
    return found


def _by_halves(changes: Changes, base: Outcome, convert: Convert) -> Reached:
    shown = _differing(base, convert(changes)) if changes else {}
    if shown == {}:
        return {}
    if len(changes) == 1:
        return {changes[0][0].path: _before(shown)} if shown else {}
    half = len(changes) // 2
    return _by_halves(changes[:half], base, convert) | _by_halves(changes[half:], base, convert)


def _before(shown: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {path: before for path, (before, _) in shown.items()}


def _copied(spots: Sequence[Spot], base: Outcome, convert: Convert) -> Reached:
    """Elements whose words are in the output, all changed at once."""
    output, sent = "\n".join(map(str, base.values())), "\n".join(spot.text for spot in spots)
    chosen = [(spot, _other(spot)) for spot in spots if spot.text in output and _is_recognised(spot, sent)]
    return _marked(chosen, base, convert)


def _marked(chosen: Changes, base: Outcome, convert: Convert) -> Reached:
    """These elements at once; by halves, where the output shows a difference that is in the words of none of them."""
    shown = _differing(base, convert(chosen)) if len(chosen) > 1 else None
    if len(chosen) < 2 or shown == {}:
        return {}
    found: Reached = {spot.path: {} for spot, _ in chosen}
    for path, (before, after) in (shown or {}).items():
        causes = [spot for spot, text in chosen if text in after and spot.text in before]
        if not causes:
            shown = None
            break
        for spot in causes:
            found[spot.path][path] = before
    if shown is None:
        half = len(chosen) // 2
        return _marked(chosen[:half], base, convert) | _marked(chosen[half:], base, convert)
    return {path: reached for path, reached in found.items() if reached}


def _is_recognised(spot: Spot, sent: str) -> bool:
    """Whether the text, and the one that takes its place, are in no other element."""
    if len(spot.text) < SHORT or spot.path.startswith("MSH"):
        return False
    return sent.count(spot.text) == 1 and _other(spot) not in sent


def _repeated(alike: Sequence[Spot], base: Outcome, convert: Convert) -> Reached:
    """Elements of one place and text: the first alone, the others at once."""
    first, *others = alike
    alone = _differing(base, convert([(first, _other(first))]))
    shown = _differing(base, convert([(spot, _other(spot)) for spot in others]))
    names = list(dict.fromkeys(NAME.findall(path)[0] for path in alone or ()))
    if not alone or not shown or len(names) != 1:
        return {}
    by_name: dict[str, dict[str, str]] = defaultdict(dict)
    for path, (before, _) in shown.items():
        by_name[NAME.findall(path)[0]][path] = before
    same = {path[len(names[0]) :] for path in alone}
    if len(by_name) != len(others) or any({path[len(name) :] for path in paths} != same for name, paths in by_name.items()):
        return {}
    in_order = sorted(by_name, key=_number)
    found = {spot.path: by_name[name] for spot, name in zip(others, in_order, strict=True)}
    return {first.path: _before(alone), **found}


def _number(name: str) -> int:
    return int(name.partition("[")[2].rstrip("]") or 1)


def _differing(base: Outcome, changed: Outcome) -> dict[str, tuple[str, str]] | None:
    """The leaves that differ, before and after; ``None`` when the mapping did not take the texts."""
    if not changed:
        return None
    paths = dict.fromkeys([*base, *changed])
    return {path: (base.get(path, ""), changed.get(path, "")) for path in paths if base.get(path) != changed.get(path)}


def _other(spot: Spot) -> str:
    return next(probes(spot.text, ()))
