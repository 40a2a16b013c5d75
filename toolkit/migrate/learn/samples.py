"""Samples of a draft: recorded messages in which every text about a person is replaced, the same text always by the same one."""

from collections.abc import Iterator, Sequence

from shared.compare.trees import place
from shared.hl7 import Message, compose, replace
from shared.hl7.leaves import hl7_spots, replaced
from shared.hl7.repetition import NULL
from toolkit.migrate.learn.private import is_private
from toolkit.migrate.reproduce.synthetic import stand_ins

MOST = 12


def samples(messages: Sequence[Message]) -> dict[str, bytes]:
    """Name -> message: few that have every event and every populated place, and one without a name, which is refused."""
    chosen = list(_covering(messages))
    texts = stand_ins_of(chosen)
    made = {_name(each, number): _safe(each, texts, f"DRAFT{number:06}") for number, each in enumerate(chosen, 1)}
    first = next(iter(made.values()))
    nameless = [replace(each, {"5": ""}) if each.name == "PID" else each for each in first.segments()]
    made["rejected_no_name"] = compose(first, nameless)
    return {f"{name}.in.hl7": message.encode() for name, message in made.items()}


def stand_ins_of(messages: Sequence[Message]) -> dict[str, str]:
    """Text about a person -> its stand-in. No stand-in is an original text, and no two texts share one."""
    private = dict.fromkeys(
        spot.text for each in messages for spot in hl7_spots(each) if spot.text != NULL and is_private(each, spot.path, spot.text)
    )
    used = {text.lower() for text in private}
    found: dict[str, str] = {}
    for text in private:
        other = next((each for each in stand_ins(text) if each.lower() not in used), "")
        found[text] = other
        used.add(other.lower())
    return found


def _covering(messages: Sequence[Message]) -> Iterator[Message]:
    """Messages that each have an event with a place, or a repetition of one, that none before has; at most ``MOST``."""
    seen: set[tuple[str, str]] = set()
    for _ in range(min(MOST, len(messages))):
        best = max(messages, key=lambda each: len(_features(each) - seen))
        if not _features(best) - seen:
            return
        seen |= _features(best)
        yield best


def _features(message: Message) -> set[tuple[str, str]]:
    return {(message["MSH-9.2"], place(spot.path)) for spot in hl7_spots(message)}


def _name(message: Message, number: int) -> str:
    return f"{message['MSH-9.2'].lower()}_{number:02}"


def _safe(message: Message, texts: dict[str, str], control: str) -> Message:
    """The message with stand-ins, its own control id, and marked in the usual way as what it was."""
    changed = replaced(message, [(spot, _text(message, spot.path, spot.text, texts)) for spot in hl7_spots(message)])
    return compose(changed, [replace(changed["MSH"], {"10": control}), *changed.segments()[1:]])


def _text(message: Message, path: str, text: str, texts: dict[str, str]) -> str:
    return texts.get(text, text) if is_private(message, path, text) else text
