"""Rules for segments: which ones are kept, for which events, in which order, and how each of their fields is made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from shared.hl7 import Message, Segment, compose, replace, segment
from toolkit.migrate.learn.fields import field_rule
from toolkit.migrate.learn.rule import Row, Rule
from toolkit.migrate.learn.texts import Named

Example = tuple[Message, Message]  # as it was received, and what the old engine sent


@dataclass
class SegmentRule:
    """How the segments of one name are made.

    ``style``: ``unchanged``, ``changed`` (every other field as it was sent) or ``listed`` (these fields and no others).
    ``events``: MSH-9.2 of the messages that keep it; empty for all. ``unexplained``: fields that no rule explains.
    """

    name: str
    style: str
    fields: dict[str, Rule] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    unexplained: list[str] = field(default_factory=list)

    def made(self, message: Message, source: Segment) -> Segment:
        """The target segment; an empty one where it is left out."""
        if self.events and message["MSH-9.2"] not in self.events:
            return Segment(self.name, "", message.encoding)
        if self.style == "unchanged":
            return source
        values = {number: rule.value(Row(message, source, source)) for number, rule in self.fields.items()}
        return replace(source, values) if self.style == "changed" else segment(self.name, values, like=message)


@dataclass
class Draft:
    """A mapping: rules for segments, names that are dropped, and the order where it is not the sender's."""

    segments: dict[str, SegmentRule]
    dropped: tuple[str, ...]
    order: dict[str, int]
    is_copy: bool = False

    def transform(self, message: Message) -> Message:
        """What the drafted mapping makes of a message; a name that no pair had is copied."""
        if self.is_copy:
            return message
        kept = [each for each in message.segments() if each.name not in self.dropped]
        if self.order:
            kept.sort(key=lambda each: self.order.get(each.name, len(self.order)))
        return compose(message, [self._made(message, each) for each in kept])

    def _made(self, message: Message, source: Segment) -> Segment:
        rule = self.segments.get(source.name)
        return rule.made(message, source) if rule else source

    def rules(self) -> list[tuple[str, Rule]]:
        """Every rule with the path that it is for."""
        return [(f"{each.name}-{number}", rule) for each in self.segments.values() for number, rule in each.fields.items()]


def learn(examples: Sequence[Example], private: frozenset[str]) -> Draft:
    """The draft that explains as much as it can of these pairs. ``private``: texts that must not be named in it."""
    named = Named(private)
    sent = dict.fromkeys(each.name for message, _ in examples for each in message.segments())
    made = dict.fromkeys(each.name for _, message in examples for each in message.segments())
    rules = {name: _segment_rule(name, examples, named) for name in sent if name in made}
    is_copy = all(old.lines == new.lines for old, new in examples)
    dropped = tuple(name for name in sent if name not in made)
    return Draft(rules, dropped, _order(examples, dropped), is_copy)


def _segment_rule(name: str, examples: Sequence[Example], named: Named) -> SegmentRule:
    events = _events(name, examples)
    rows = [row for old, new in examples for row in _rows(name, old, new)]
    if not rows or all(row.source.line == row.made.line for row in rows):
        return SegmentRule(name, "unchanged", events=events)
    numbers = range(3 if name == "MSH" else 1, max(max(len(row.source.fields), len(row.made.fields)) for row in rows))
    found = {str(number): field_rule(rows, str(number), named) for number in numbers}
    populated = {number for number in found if any(row.source.raw(number) for row in rows)}
    unexplained = [number for number, rule in found.items() if rule is None or not _is_explained(rule, number, rows)]
    copied = [number for number, rule in found.items() if rule and rule.code == f'source.raw("{number}")' and number in populated]
    if populated and len(copied) * 2 > len(populated):
        changed = {number: rule for number, rule in found.items() if rule and rule.code != f'source.raw("{number}")'}
        return SegmentRule(name, "changed", changed, events, unexplained)
    headers = {number: Rule(f'source["{number}"]', _delimiters(number), "copied") for number in ("1", "2") if name == "MSH"}
    kept = {number: rule for number, rule in found.items() if rule and any(row.made.raw(number) for row in rows)}
    return SegmentRule(name, "listed", headers | kept, events, unexplained)


def _delimiters(number: str) -> Callable[[Row], str]:
    return lambda row: row.source[number]


def _events(name: str, examples: Sequence[Example]) -> tuple[str, ...]:
    """The events whose messages keep a segment, where others that have it lose it; empty where all keep it."""
    keeps = {old["MSH-9.2"] for old, new in examples if new.segments(name)}
    loses = {old["MSH-9.2"] for old, new in examples if old.segments(name) and not new.segments(name)}
    return tuple(sorted(keeps)) if loses - keeps else ()


def _rows(name: str, old: Message, new: Message) -> list[Row]:
    """The segments of one pair next to those that they became, where there are as many of them."""
    sent, made = old.segments(name), new.segments(name)
    if len(sent) != len(made):
        return []
    return [Row(old, one, other) for one, other in zip(sent, made, strict=True)]


def _order(examples: Sequence[Example], dropped: Iterable[str]) -> dict[str, int]:
    """The place of each name, where the sender's order is not kept; names that mix share a place and keep the sender's order."""
    if all(_is_kept(old, new) for old, new in examples):
        return {}
    before = {
        (one, other)
        for _, new in examples
        for number, one in enumerate(new.names)
        for other in new.names[number + 1 :]
        if one != other
    }
    names = dict.fromkeys(name for _, new in examples for name in new.names)
    follows = {name: {other for one, other in before if one == name and (other, one) not in before} for name in names}
    depth: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in depth:
            depth[name] = 0
            depth[name] = max((place(other) + 1 for other in follows[name]), default=0)
        return depth[name]

    for name in names:
        place(name)
    deepest = max(depth.values())
    return {name: deepest - number for name, number in depth.items()}


def _is_kept(old: Message, new: Message) -> bool:
    """Whether the target's segments are in the sender's order."""
    names = iter(old.names)
    return all(any(name == other for other in names) for name in new.names)


def _is_explained(rule: Rule, number: str, rows: Sequence[Row]) -> bool:
    return rule.explains(rows, [str(row.made.raw(number)) for row in rows])
