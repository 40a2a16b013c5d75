"""Rules for one field of the target: copied, constant, components of the source, every repetition, or a list of numbers."""

from collections.abc import Iterator, Sequence
from itertools import chain

from shared.hl7 import Raw, Repetition
from toolkit.migrate.learn.helpers import present
from toolkit.migrate.learn.rule import Row, Rule
from toolkit.migrate.learn.texts import (
    Named,
    Place,
    far_rules,
    message_places,
    repetition_place,
    segment_place,
    text_rules,
    typed_places,
)

COMPONENTS = 20
MOST_KINDS = 6  # kinds of repetitions that one list may have
FEWEST = 10  # a kind that fewer than one in ten has is left out


def field_rule(rows: Sequence[Row], field: str, named: Named) -> Rule | None:
    """The simplest rule that makes this field in every row, else the one that makes it in most of them; else ``None``."""
    texts = [str(row.made.raw(field)) for row in rows]
    named.at = f"{rows[0].made.name}-{field}"
    best, most = None, (len(rows) + 1) // 2 - 1
    for rule in _rules(rows, field, texts, named):
        explained = sum(rule.text(row) == text for row, text in zip(rows, texts, strict=True))
        if explained == len(rows):
            return rule
        if explained > most:
            best, most = rule, explained
    return best


def _rules(rows: Sequence[Row], field: str, texts: Sequence[str], named: Named) -> Iterator[Rule]:
    yield Rule(f'source.raw("{field}")', lambda row: row.source.raw(field), "copied")
    yield from _parts_of_first(rows, field, texts)
    places = list(_places(rows, field))
    yield from text_rules(rows, texts, places, named)
    if rows[0].source.name != "MSH":  # none of its fields that are put together repeats
        yield from _every_repetition(rows, field, texts, named)
    if (
        _holds(rows, texts, "component")
        and not _holds(rows, texts, "repetition")
        and (made := tuple_rule(rows, texts, places, named))
    ):
        yield made
    yield from far_rules(rows, texts, places, named)
    for by in (("5",), ("5", "4")):
        if made := _numbers(rows, texts, places, named, by):
            yield made


def _places(rows: Sequence[Row], field: str) -> Iterator[Place]:
    """Where the parts of a field may come from: the same field, the others of the segment, then the rest of the message."""
    yield segment_place(f"{field}.1", near=True)
    yield segment_place(f"{field}.1.1", near=True)
    yield from (
        segment_place(f"{field}.{number}", near=False) for number in range(2, COMPONENTS) if _any(rows, f"{field}.{number}")
    )
    fields = max((len(row.source.fields) for row in rows), default=0)
    for number in range(1, fields):
        if str(number) != field and _any(rows, str(number)) and rows[0].source.name != "MSH":
            yield segment_place(f"{number}.1", near=False)
    for number in range(1, fields):
        if _any(rows, f"{number}[2]"):
            yield segment_place(f"{number}[2].1", near=False)
        yield from typed_places(rows, str(number))
    yield from message_places(rows)


def _holds(rows: Sequence[Row], texts: Sequence[str], level: str) -> bool:
    """Whether any text is divided at this level."""
    return any(getattr(row.message.encoding, level) in text for row, text in zip(rows, texts, strict=True))


def _any(rows: Sequence[Row], path: str) -> bool:
    return any(row.source.raw(path) for row in rows)


def _parts_of_first(rows: Sequence[Row], field: str, texts: Sequence[str]) -> Iterator[Rule]:
    """The first repetition: all of it, or the components that any target has."""
    yield Rule(f'source.first("{field}").raw()', lambda row: row.source.first(field).raw(), "first repetition")
    if kept := _components(rows, texts):
        code = f'source.first("{field}").only({", ".join(map(str, kept))})'
        yield Rule(code, lambda row: row.source.first(field).only(*kept), "components")


def _components(rows: Sequence[Row], texts: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the components that any target has."""
    found: set[int] = set()
    for row, text in zip(rows, texts, strict=True):
        for part in text.split(row.message.encoding.repetition):
            found |= {number for number, each in enumerate(part.split(row.message.encoding.component), 1) if each}
    return tuple(sorted(found))


def _every_repetition(rows: Sequence[Row], field: str, texts: Sequence[str], named: Named) -> Iterator[Rule]:
    """The same components of every repetition, or each repetition by one rule for each of its components."""
    kept = _components(rows, texts)
    if not kept:
        return
    if kept == (1,):
        code = f'[each.raw("1") for each in source.repeats("{field}")]'
        yield Rule(code, lambda row: [each.raw("1") for each in row.source.repeats(field)], "every repetition")
    only = ", ".join(map(str, kept))
    code = f'[each.only({only}) for each in source.repeats("{field}")]'
    yield Rule(code, lambda row: [each.only(*kept) for each in row.source.repeats(field)], "every repetition")
    if made := _each(rows, field, texts, named):
        yield made


def _each(rows: Sequence[Row], field: str, texts: Sequence[str], named: Named) -> Rule | None:
    """One rule for each component, the same for every repetition."""
    inner: list[Row] = []
    parts: list[str] = []
    for row, text in zip(rows, texts, strict=True):
        repeats = row.source.repeats(field)
        made = text.split(row.message.encoding.repetition) if text else []
        if len(made) != len(repeats):
            return None
        inner += [row._replace(each=each) for each in repeats]
        parts += made
    if not inner:
        return None
    places = [
        repetition_place(str(number), near=False)
        for number in range(1, COMPONENTS)
        if any(r.each.raw(str(number)) for r in inner)
    ]
    rule = tuple_rule(inner, parts, [*places, *message_places(rows)], named, repeated=True)
    if rule is None:
        return None
    code, value = f'[{rule.code} for each in source.repeats("{field}")]', rule.value
    made_value = lambda row: [value(row._replace(each=each)) for each in row.source.repeats(field)]  # noqa: E731
    return Rule(code, made_value, "every repetition", rule.tables)


def tuple_rule(
    rows: Sequence[Row], texts: Sequence[str], places: Sequence[Place], named: Named, *, repeated: bool = False
) -> Rule | None:
    """One rule for each component of a text without repetitions; ``None`` where a component has none."""
    split = [text.split(row.message.encoding.component) for row, text in zip(rows, texts, strict=True)]
    rules: list[Rule] = []
    at = named.at
    for number in range(max(map(len, split))):
        parts = [each[number] if number < len(each) else "" for each in split]
        named.at = f"{at}.{number + 1}"
        near = (
            [each._replace(near=repeated and each.raw == f'each.raw("{number + 1}")') for each in places] if repeated else places
        )
        tried = chain(text_rules(rows, parts, near, named), far_rules(rows, parts, near, named))
        rule = next((each for each in tried if each.explains(rows, parts)), None)
        if rule is None:
            return None
        rules.append(rule)
    named.at = at
    code = f"({', '.join(each.code for each in rules)}{',' if len(rules) == 1 else ''})"
    tables = tuple(table for each in rules for table in each.tables)
    return Rule(code, lambda row: tuple(each.value(row) for each in rules), "components", tables)


def _numbers(
    rows: Sequence[Row], texts: Sequence[str], places: Sequence[Place], named: Named, by: tuple[str, ...]
) -> Rule | None:
    """A list of repetitions, each of one kind, present where its first component is. ``by``: the components that tell kinds."""
    made = [[Repetition(part, row.message.encoding) for part in _split(row, text)] for row, text in zip(rows, texts, strict=True)]
    kinds = list(dict.fromkeys(tuple(each[part] for part in by) for several in made for each in several))
    if len(kinds) > MOST_KINDS:
        return None
    rules = []
    for kind in kinds:
        found = [
            (row, each.sent)
            for row, several in zip(rows, made, strict=True)
            for each in several
            if tuple(each[part] for part in by) == kind
        ]
        rule = tuple_rule([row for row, _ in found], [text for _, text in found], places, named)
        if rule and len(found) * FEWEST >= len(rows):
            rules.append(rule)
    if not rules:
        return None
    code = f"present({', '.join(each.code for each in rules)})"
    tables = tuple(table for each in rules for table in each.tables)
    return Rule(code, lambda row: _texts_of(present(*(each.value(row) for each in rules))), "list", tables)


def _split(row: Row, text: str) -> list[str]:
    return text.split(row.message.encoding.repetition) if text else []


def _texts_of(values: list[tuple[str, ...]]) -> list[tuple[Raw, ...]]:
    return [tuple(map(Raw, each)) for each in values]
