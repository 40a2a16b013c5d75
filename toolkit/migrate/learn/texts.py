"""Rules for one text: a component, or a field without components. Simplest first."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from shared.hl7 import Raw
from toolkit.migrate.learn.helpers import looked_up, prefixed, typed, without_offset
from toolkit.migrate.learn.private import LONGEST_CODE
from toolkit.migrate.learn.rule import Row, Rule

ANCHORS = ("MSH-3.1", "MSH-9.2", "MSH-9.1", "MSH-9.3", "MSH-4.1", "MSH-5.1", "MSH-6.1", "MSH-7", "MSH-10", "EVN-1", "EVN-2")
PATIENT = ("PID-2.1", "PID-3.1", "PID-7", "PID-8")
LARGEST_TABLE = 60  # entries; more than that is not a code table
DELIMITERS = frozenset("|^~&\\")


class Place(NamedTuple):
    """Where a text may come from: the expression for it as sent, the one for it as text, and the function."""

    raw: str
    text: str
    value: Callable[[Row], Raw]
    near: bool  # the place that the text would be copied from

    def read(self, row: Row) -> str:
        return str(self.value(row))


def text_rules(rows: Sequence[Row], texts: Sequence[str], places: Sequence[Place], named: "Named") -> Iterator[Rule]:
    """Every rule that may make these texts, the simplest first; none names a value of a person."""
    near = [each for each in places if each.near]
    if not any(texts):
        yield Rule('""', lambda row: "", "absent")
        return
    for place in near:
        yield from _same(place)
    if len(set(texts)) == 1 and named.is_public(texts[0]):
        constant = texts[0]
        yield Rule(quoted(constant), lambda row: Raw(constant), "constant")
    for place in near:
        yield from _tables(rows, texts, place, named)
        yield from _with_exceptions(rows, texts, place, named)
    for place in places:
        if not place.near and len(set(texts)) > 1:
            yield from _same(place)


def far_rules(rows: Sequence[Row], texts: Sequence[str], places: Sequence[Place], named: "Named") -> Iterator[Rule]:
    """Rules that put texts of other places together: a prefix, or a code table of another place."""
    for place in places:
        yield from _prefixes(rows, texts, place, places, named)
    for place in places:
        if not place.near and place.text.startswith("message["):
            yield from _tables(rows, texts, place, named)


def quoted(text: str) -> str:
    """A text as Python code in the house's quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if '"' not in text or "'" in text else f"'{text}'"


def _same(place: Place) -> Iterator[Rule]:
    """The text as it is, without blanks around it, without its offset, its first 14 or 8 characters."""
    value = place.value
    yield Rule(place.raw, value, "copied")
    yield Rule(f"{place.text}.strip()", lambda row: Raw(value(row).strip()), "trimmed")
    yield Rule(f"without_offset({place.text})", lambda row: Raw(without_offset(value(row))), "date cut")
    for length in (14, 12, 8):
        yield Rule(f"{place.text}[:{length}]", lambda row, length=length: Raw(value(row)[:length]), "date cut")  # type: ignore[misc]
    yield Rule(f"{place.text}.upper()", lambda row: Raw(value(row).upper()), "capitals")


def _tables(rows: Sequence[Row], texts: Sequence[str], place: Place, named: "Named") -> Iterator[Rule]:
    """A code table: each code has one target, and the pairs hold more than one."""
    entries = table_of([place.read(row) for row in rows], texts)
    if entries is None or len(set(entries.values())) < 2 or not named.is_table(entries):
        return
    name = named.table(entries)
    code = f"looked_up({name}, {place.text})"
    value = place.value
    yield Rule(
        code,
        lambda row: Raw(looked_up(entries, str(value(row)))),
        "table",
        tables=((name, tuple(entries.items())),),
    )


def table_of(codes: Sequence[str], texts: Sequence[str]) -> dict[str, str] | None:
    """Code -> text, where each code has one text and an absent one has none; else ``None``."""
    entries: dict[str, str] = {}
    for code, text in zip(codes, texts, strict=True):
        if entries.setdefault(code, text) != text:
            return None
    if entries.pop("", ""):
        return None
    return entries


def _with_exceptions(rows: Sequence[Row], texts: Sequence[str], place: Place, named: "Named") -> Iterator[Rule]:
    """The text itself, but for a few codes: ``DEATH_CODES.get(text, text)``."""
    for rule in _same(place):
        wrong = [(place.read(row).strip(), text) for row, text in zip(rows, texts, strict=True) if rule.text(row) != text]
        entries = table_of([code for code, _ in wrong], [text for _, text in wrong]) or {}
        if not entries or len(wrong) * 2 > len(rows) or not all(map(named.is_public, (*entries, *entries.values()))):
            continue
        name, value, plain = named.table(entries), place.value, rule.value
        yield Rule(
            f"{name}.get({place.text}.strip(), {rule.code})",
            lambda row, entries=entries, plain=plain, value=value: Raw(entries.get(str(value(row)).strip(), plain(row))),  # type: ignore[misc]
            f"{rule.kind}, with exceptions",
            tables=((name, tuple(entries.items())),),
        )


def _prefixes(rows: Sequence[Row], texts: Sequence[str], place: Place, places: Sequence[Place], named: "Named") -> Iterator[Rule]:
    """A prefix before a text from the message: always the same one, or one from a code table."""
    sent = [place.read(row) for row in rows]
    if not all(text.endswith(each) for text, each in zip(texts, sent, strict=True)) or not any(sent):
        return
    prefixes = [text[: len(text) - len(each)] if each else "" for text, each in zip(texts, sent, strict=True)]
    if any(text and not each for text, each in zip(texts, sent, strict=True)):
        return
    value = place.value
    with_text = [(row, prefix) for row, prefix, each in zip(rows, prefixes, sent, strict=True) if each]
    used = {prefix for _, prefix in with_text}
    if len(used) == 1 and named.is_public(constant := used.pop()) and constant:
        code = f"prefixed({quoted(constant)}, {place.raw})"
        yield Rule(code, lambda row: Raw(prefixed(constant, value(row))), "prefix")
        return
    for other in places:
        entries = table_of([other.read(row) for row, _ in with_text], [prefix for _, prefix in with_text])
        if entries and len(set(entries.values())) > 1 and named.is_table(entries):
            name, key = named.table(entries), other.value
            yield Rule(
                f"prefixed(looked_up({name}, {other.text}), {place.raw})",
                lambda row, entries=entries, key=key: Raw(prefixed(looked_up(entries, str(key(row))), value(row))),  # type: ignore[misc]
                "prefix from a table",
                tables=((name, tuple(entries.items())),),
            )
            return


class Named:
    """What a draft may name as a text: codes, never a value of a patient; and the names of its code tables."""

    def __init__(self, private: frozenset[str]) -> None:
        self.private = private
        self.names: dict[tuple[tuple[str, str], ...], str] = {}
        self.at = ""

    def is_public(self, text: str) -> bool:
        """Whether a text may be a constant: short, without delimiters, and no value of a person in any pair."""
        return len(text) <= LONGEST_CODE and DELIMITERS.isdisjoint(text) and text.strip().lower() not in self.private

    def is_table(self, entries: dict[str, str]) -> bool:
        """Whether these may be the entries of a code table."""
        if not 2 <= len(entries) <= LARGEST_TABLE or any(len(each) > 4 and each.isdecimal() for each in entries):
            return False  # numbers of five digits and more are dates or identifiers
        return all(map(self.is_public, (*entries, *entries.values())))

    def table(self, entries: dict[str, str]) -> str:
        """The name of a table: that of the place it is for; a table with the same entries has one name."""
        key = tuple(sorted(entries.items()))
        return self.names.setdefault(key, f"{self.at.replace('-', '_').replace('.', '_')}_CODES")


def message_places(rows: Sequence[Row]) -> Iterator[Place]:
    """Header, event and patient of the message, where any pair has them."""
    for path in (*ANCHORS, *PATIENT):
        if any(row.message.raw(path) for row in rows):
            yield _at_message(path)


def _at_message(path: str) -> Place:
    return Place(f'message.raw("{path}")', f'message["{path}"]', lambda row: row.message.raw(path), near=False)


def segment_place(path: str, *, near: bool) -> Place:
    """A place in the segment that the target is made from."""
    return Place(f'source.raw("{path}")', f'source["{path}"]', lambda row: row.source.raw(path), near)


def repetition_place(path: str, *, near: bool) -> Place:
    """A place in one repetition of a field."""
    return Place(f'each.raw("{path}")', f'each["{path}"]', lambda row: row.each.raw(path), near)


def typed_places(rows: Sequence[Row], field: str) -> Iterator[Place]:
    """The number of a type, for each type that the repetitions of a field have."""
    kinds = {each["5"].strip().upper(): None for row in rows for each in row.source.repeats(field) if each["5"].strip()}
    for kind in kinds:
        code = f'typed(source, "{field}", "{kind}")'
        yield Place(code, code, lambda row, kind=kind: Raw(typed(row.source, field, kind)), near=False)  # type: ignore[misc]
