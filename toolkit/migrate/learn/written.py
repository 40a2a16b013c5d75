"""The files of a draft: mapping and code tables, in the style of the other integrations."""

from collections.abc import Iterable, Iterator

from toolkit.migrate.learn.helpers import HELPERS, source_of
from toolkit.migrate.learn.segments import Draft, SegmentRule
from toolkit.migrate.learn.texts import quoted

UNCHANGED = "unchanged"
PASSED_ON = '''"""Drafted from {pairs} recorded pairs: each message was passed on as it was received."""

from shared.hl7 import Message


def to_{target}(message: Message) -> Message:
    """The message as it was sent."""
    return message
'''


def mapping(draft: Draft, package: str, target: str, pairs: int) -> str:
    """``mapping.py``: a function for each segment that changes, a line for each field."""
    if draft.is_copy:
        return PASSED_ON.format(target=target, pairs=pairs)
    code = " ".join(rule.code for _, rule in draft.rules())
    helpers = [each for each in HELPERS if f"{each}(" in code]
    body = "\n\n".join([*_functions(draft), *(source_of(each) for each in helpers)])
    return "\n".join([*_head(draft, package, pairs), "", *_transform(draft, target), "", body, "", *_tables(draft)])


def codes(draft: Draft, pairs: int) -> str:
    """``codes.py``: each code table with the entries that the pairs have; empty where the draft has none."""
    found = {name: entries for _, rule in draft.rules() for name, entries in rule.tables} if not draft.is_copy else {}
    lines = [
        f'"""Code tables as {pairs} recorded pairs show them: complete each from the sender\'s own list.',
        "",
        "A message with a code that its table does not have is rejected at the door, and the code is listed by ./hub codes.",
        '"""',
        "",
        "from shared.codes.table import CodeTable",
    ]
    for name, entries in found.items():
        rows = (f"        {quoted(code)}: {quoted(text)}," for code, text in sorted(entries))
        lines += ["", f"{name} = CodeTable(", f"    {quoted(name)},", "    __name__,", "    {", *rows, "    },", ")"]
    return "\n".join([*lines, ""]) if found else ""


def tables(draft: Draft) -> list[str]:
    """The names of the code tables of a draft."""
    return [] if draft.is_copy else sorted({name for _, rule in draft.rules() for name, _ in rule.tables})


def _head(draft: Draft, package: str, pairs: int) -> Iterator[str]:
    code = " ".join(rule.code for _, rule in draft.rules())
    yield f'"""Drafted from {pairs} recorded pairs: one line for each target field. Check each line before it goes live."""'
    yield ""
    if "looked_up" in code:
        yield "from collections.abc import Mapping"
        yield ""
    if named := tables(draft):
        yield f"from integrations.{package}.codes import {', '.join(named)}"
    styles = {each.style for each in draft.segments.values()}
    extra = [*(["replace"] if "changed" in styles else []), *(["segment"] if "listed" in styles else [])]
    yield f"from shared.hl7 import {', '.join(['Message', 'Segment', 'compose', *extra])}"


def _transform(draft: Draft, target: str) -> Iterator[str]:
    if draft.dropped:
        yield "# Segments that the replaced engine did not send on."
        yield f"DROPPED = ({', '.join(map(quoted, draft.dropped))},)"
    if draft.order:
        yield "# The place of each segment; those with the same one keep the sender's order."
        yield f"ORDER = {{{', '.join(f'{quoted(name)}: {number}' for name, number in _ranked(draft.order))}}}"
    yield ""
    yield ""
    yield f"def to_{target}(message: Message) -> Message:"
    yield '    """The message as the replaced engine sent it. A segment that no recorded pair had is copied."""'
    kept = "message.segments()"
    if draft.dropped:
        yield f"    kept = [each for each in {kept} if each.name not in DROPPED]"
        kept = "kept"
    if draft.order:
        yield f"    kept = sorted({kept}, key=lambda each: ORDER.get(each.name, len(ORDER)))"
        kept = "kept"
    yield f"    return compose(message, [SEGMENTS.get(each.name, {UNCHANGED})(message, each) for each in {kept}])"


def _ranked(order: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(order.items(), key=lambda each: (each[1], each[0]))


def _changing(draft: Draft) -> list[SegmentRule]:
    return [each for each in draft.segments.values() if each.style != "unchanged" or each.events]


def _functions(draft: Draft) -> Iterator[str]:
    yield f"\ndef {UNCHANGED}(message: Message, source: Segment) -> Segment:\n    return source\n"
    for each in _changing(draft):
        yield "\n".join(["", *_function(each), ""])


def _function(rule: SegmentRule) -> Iterator[str]:
    yield f"def {rule.name.lower()}(message: Message, source: Segment) -> Segment:"
    if rule.events:
        yield f'    if message["MSH-9.2"] not in ({", ".join(map(quoted, rule.events))},):'
        yield f'        return Segment({quoted(rule.name)}, "", message.encoding)'
    if rule.style == "unchanged":
        yield "    return source"
        return
    yield "    return replace(" if rule.style == "changed" else "    return segment("
    yield "        source," if rule.style == "changed" else f"        {quoted(rule.name)},"
    yield "        {"
    yield from _fields(rule)
    yield "        }," if rule.style == "changed" else "        }, like=message,"
    yield "    )"


def _fields(rule: SegmentRule) -> Iterable[str]:
    for number in sorted({*rule.fields, *rule.unexplained}, key=int):
        if number in rule.unexplained:
            yield "            # No rule explains every recorded pair here: see unexplained.md."
        if number in rule.fields:
            yield f"            {quoted(number)}: {rule.fields[number].code},"


def _tables(draft: Draft) -> Iterator[str]:
    rows = ", ".join(f"{quoted(each.name)}: {each.name.lower()}" for each in _changing(draft))
    yield f"\nSEGMENTS = {{{rows}}}"
    yield ""
