"""Rules from the tables of the standard: each field holds what its data type says.

Errors: a date that is none (``date``), a field whose code is not in its HL7-defined table (``table-code``). Warnings: such a
code inside a component, or of a user-defined table (``local-code``), ``number``, ``length``, ``repetition``, an identifier
without its number (``identifier``). HL7 v2.5 section 2.5.3.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from shared.hl7 import Message, Repetition, Segment
from shared.hl7.encoding import Encoding
from shared.issue import Issue
from shared.validation.datatypes import DATES, Leaf, holds, is_checked, leaves, pattern
from shared.validation.standard import Field, Standard, standard

# Checked elsewhere: delimiters, front door, character set, and the Welsh values of the administrative sex.
ELSEWHERE = frozenset(("MSH-1", "MSH-2", "MSH-9", "MSH-12", "MSH-18", "PID-8"))
USUAL = Encoding()[:5]
OBSERVED = {"DT": "DT", "TM": "TM", "TS": "DTM", "DTM": "DTM", "NM": "NM"}  # what OBX-2 makes of OBX-5
_NO_LIMIT = 1 << 40


class Check:
    """What is asked of one field: a quick yes, and only when it fails a look at the leaves one by one.

    ``reach`` is the first component that is looked at: a value with fewer components passes unread. The pattern is compiled
    when the first value arrives, for most fields of most segments never have one. ``limit`` is ``None`` when only errors count.
    """

    __slots__ = ("fits", "leaves", "limit", "number", "of", "reach", "single")

    def __init__(self, number: int, of: Field, leaves: tuple[Leaf, ...], limit: int | None, pattern: str) -> None:
        self.number, self.of, self.leaves = number, of, leaves
        self.single = limit is not None and not of.repeats
        self.limit = limit or _NO_LIMIT
        self.reach = 0 if of.kind == "CX" else min((leaf.component for leaf in leaves), default=0) - 1
        self.fits: Callable[[str], object] = self._compiling(pattern)

    def is_too_long(self, text: str) -> bool:
        """Whether a repetition of a value in the usual delimiters is longer than the limit."""
        return self.single or max(map(len, text.split("~"))) > self.limit

    def _compiling(self, pattern: str) -> Callable[[str], object]:
        def fits(value: str) -> object:
            self.fits = re.compile(pattern).fullmatch
            return self.fits(value)

        return fits


class Plan(dict[str, list[Check]]):
    """The checks of each segment of a version, made when the segment is first met."""

    def __init__(self, known: Standard, errors_only: bool, aside: "Plan | None" = None) -> None:
        self.known, self.errors_only, self.aside = known, errors_only, aside

    def __missing__(self, segment: str) -> list[Check]:
        fields = self.known.fields(segment)
        covered = self.aside.places(segment) if self.aside is not None else frozenset()
        checks = [
            check
            for number, field in enumerate(fields, 1)
            if f"{segment}-{number}" not in ELSEWHERE and (check := self._check(number, field, covered))
        ]
        return self.setdefault(segment, checks) if fields else checks

    def places(self, segment: str) -> frozenset[tuple[object, ...]]:
        """What is looked at in a segment, and for what."""
        return frozenset(self._place(check.number, leaf) for check in self[segment] for leaf in check.leaves)

    def _place(self, number: int, leaf: Leaf) -> tuple[object, ...]:
        return (number, leaf.path, leaf.kind, self.known.codes(leaf.table))

    def _check(self, number: int, field: Field, covered: frozenset[tuple[object, ...]]) -> Check | None:
        every = leaves(field.kind, field.table, self.known)
        checked = (leaf for leaf in every if is_checked(leaf, self.known, self.errors_only))
        chosen = tuple(leaf for leaf in checked if self._place(number, leaf) not in covered)
        if self.errors_only and not chosen:
            return None
        limit = None if self.errors_only else field.length
        return Check(number, field, chosen, limit, self._pattern(field, chosen))

    def _pattern(self, field: Field, chosen: tuple[Leaf, ...]) -> str:
        one = pattern(field.kind, list(chosen), self.known)
        if field.kind == "CX" and not self.errors_only:
            one = rf"(?!\^){one}"
        return f"{one}(?:~{one})*"


@lru_cache
def _plan(version: str, errors_only: bool) -> Plan | None:
    known = standard(version)
    return Plan(known, errors_only) if known is not None else None


def fields_as_the_standard_says(message: Message) -> Iterator[Issue]:
    """Every field of every segment that the version of the message knows."""
    yield from _found(message, _plan(message["MSH-12"], False))


def types_as_the_standard_says(message: Message) -> Iterator[Issue]:
    """The errors alone: what our own output must never have."""
    yield from _found(message, _plan(message["MSH-12"], True))


def copied_into(version: str, *segments: str) -> Callable[[Message], Iterator[Issue]]:
    """A rule for segments that are copied into a message of another version: they hold what that version says too.

    Without it a message could be acknowledged and then fail the check of what goes out.
    """

    def fits_the_version_it_goes_to(message: Message) -> Iterator[Issue]:
        yield from _found(message, _stricter(version, message["MSH-12"]), segments)

    return fits_the_version_it_goes_to


@lru_cache
def _stricter(version: str, than: str) -> Plan | None:
    """What one version calls an error and another does not look at: few fields, so that nothing is looked at twice."""
    known, other = standard(version), _plan(than, True)
    return Plan(known, True, aside=other) if known is not None and other is not None else None


def _found(message: Message, plan: Plan | None, names: tuple[str, ...] = ()) -> Iterator[Issue]:
    if plan is None:
        return
    for segment, check in _doubtful(message.segments(*names), plan, message.encoding[:5] == USUAL):
        yield from _of_field(segment, check, plan)


def _doubtful(segments: Iterable[Segment], plan: Plan, usual: bool) -> list[tuple[Segment, Check]]:
    """The checks that the quick look does not pass. A message spends most of its check here."""
    found = []
    for segment in segments:
        sent = segment.fields
        size = len(sent)
        for check in plan[segment.name]:
            number = check.number
            if number >= size:
                break
            text = sent[number]
            if not text:
                continue
            odd = not usual or (len(text) > check.limit and check.is_too_long(text)) or (check.single and "~" in text)
            if odd or (check.leaves and (check.reach <= 0 or text.count("^") >= check.reach) and not check.fits(text)):
                found.append((segment, check))
    return found


def _of_field(segment: Segment, check: Check, plan: Plan) -> Iterator[Issue]:
    clause = f"HL7 v{plan.known.version} {segment.name}-{check.number} ({check.of.kind})"
    found = [] if plan.errors_only else list(_repeated(segment, check))
    for where, repetition in segment.each(str(check.number)):
        found += _of_leaves(where, repetition, check, plan.known)
        if not plan.errors_only:
            found += _advice(where, repetition, check)
    yield from (issue._replace(clause=clause) for issue in found)


def _of_leaves(where: str, repetition: Repetition, check: Check, known: Standard) -> Iterator[Issue]:
    sent = repetition.components
    for leaf in check.leaves:
        if leaf.component > sent:
            break
        if not holds(leaf, repetition[leaf.path], known):
            own = check.of.kind == "TS" and leaf.component == 1  # the field is the date, for all that TS is a composite
            yield _wrong(leaf, where if own else where + leaf.suffix)


def _repeated(segment: Segment, check: Check) -> Iterator[Issue]:
    repetitions = segment.repeats(str(check.number))
    if len(repetitions) > 1 and not check.of.repeats:
        yield Issue(
            "warning", "structure", segment.where(f"{check.number}[2]"), "the field does not repeat", "repetition", hl7="102"
        )


def _advice(where: str, repetition: Repetition, check: Check) -> Iterator[Issue]:
    if len(repetition.sent) > check.limit:
        yield Issue("warning", "too-long", where, f"longer than {check.limit} characters", "length")
    if check.of.kind == "CX" and not repetition["1"]:
        yield Issue("warning", "required", f"{where}.1", "an identifier without its number", "identifier")


def _wrong(leaf: Leaf, place: str) -> Issue:
    if leaf.kind in DATES:
        return Issue("error", "value", place, "not a date or time that exists", "date")
    if leaf.kind == "ID" and not leaf.component:
        return Issue("error", "code-invalid", place, f"no code of HL7 table {leaf.table}", "table-code")
    if leaf.kind in ("ID", "IS"):
        return Issue("warning", "code-invalid", place, f"no code of table {leaf.table}", "local-code")
    return Issue("warning", "value", place, "not a number", "number")


def observation_value(message: Message) -> Iterator[Issue]:
    """OBX-5 holds what OBX-2 says: a date, a time, a number."""
    known = standard(message["MSH-12"])
    for obx in message.segments("OBX"):
        if known and obx["2"] in OBSERVED:
            leaf = Leaf(0, 0, OBSERVED[obx["2"]], "")
            for where, repetition in obx.each("5"):
                if not holds(leaf, repetition["1"], known):
                    yield _wrong(leaf, where)._replace(clause=f"HL7 v{known.version} OBX-5 ({obx['2']})")
