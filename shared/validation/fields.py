"""Rules from the tables of the standard: each field holds what its data type says. HL7 v2.5 section 2.5.3.

``date``: a date that does not exist. ``table-code``: a field whose code is not in its HL7-defined table. ``local-code``: such
a code inside a component, or of a user-defined table. ``number``, ``length``, ``repetition``. ``identifier``: an identifier
without its number. All are of class quality (``policy.py``).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from shared.hl7 import Message, Repetition, Segment
from shared.hl7.encoding import Encoding
from shared.issue import Issue
from shared.validation.datatypes import DATES, Leaf, holds, is_checked, leaves, pattern
from shared.validation.standard import VERSIONS, Field, Standard, standard

# Checked elsewhere: delimiters, front door, character set, and the Welsh values of the administrative sex.
ELSEWHERE = frozenset(("MSH-1", "MSH-2", "MSH-9", "MSH-12", "MSH-18", "PID-8"))
USUAL = Encoding()[:5]
OBSERVED = {"DT": "DT", "TM": "TM", "TS": "DTM", "DTM": "DTM", "NM": "NM"}  # what OBX-2 makes of OBX-5
_NO_LIMIT = 1 << 40


class Check:
    """What is asked of one field: a quick yes, and only when it fails a look at the leaves one by one.

    ``reach`` is the first component that is looked at: a value with fewer components passes unread. The pattern is compiled
    when the first value arrives, for most fields of most segments never have one.
    """

    __slots__ = ("fits", "leaves", "limit", "number", "of", "reach", "single")

    def __init__(self, number: int, of: Field, leaves: tuple[Leaf, ...], pattern: str) -> None:
        self.number, self.of, self.leaves = number, of, leaves
        self.single = not of.repeats
        self.limit = of.length or _NO_LIMIT
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

    def __init__(self, known: Standard) -> None:
        self.known = known

    def __missing__(self, segment: str) -> list[Check]:
        fields = self.known.fields(segment)
        checks = [self._check(n, field) for n, field in enumerate(fields, 1) if f"{segment}-{n}" not in ELSEWHERE]
        return self.setdefault(segment, checks) if fields else checks

    def _check(self, number: int, field: Field) -> Check:
        every = leaves(field.kind, field.table, self.known)
        chosen = tuple(leaf for leaf in every if is_checked(leaf, self.known))
        one = pattern(field.kind, list(chosen), self.known)
        if field.kind == "CX":
            one = rf"(?!\^){one}"
        return Check(number, field, chosen, f"{one}(?:~{one})*")


@lru_cache
def plan_of(version: str) -> Plan:
    """The checks of a version, one of ``VERSIONS``."""
    known = standard(version)
    if known is None:
        raise ValueError("a version of HL7 v2 that is not known here")
    return Plan(known)


def fields_as_the_standard_says(message: Message) -> Iterator[Issue]:
    """Every field of every segment that the version of the message knows."""
    if message["MSH-12"] in VERSIONS:
        plan = plan_of(message["MSH-12"])
        for segment, check in doubtful(message, plan):
            yield from _of_field(segment, check, plan)


def doubtful(message: Message, plan: Plan) -> list[tuple[Segment, Check]]:
    """The checks that the quick look does not pass; kept with the message, because its reader asks for them as well."""
    if message.doubts is None:
        message.doubts = _doubtful(message.segments(), plan, message.encoding[:5] == USUAL)
    return message.doubts


def _doubtful(segments: Iterable[Segment], plan: Plan, usual: bool) -> list[tuple[Segment, Check]]:
    """A message spends most of its check here."""
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
    found = list(_repeated(segment, check))
    for where, repetition in segment.each(str(check.number)):
        found += _of_leaves(where, repetition, check, plan.known)
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
            severity="warning",
            code="structure",
            where=segment.where(f"{check.number}[2]"),
            text="the field does not repeat",
            rule="repetition",
            hl7="102",
        )


def _advice(where: str, repetition: Repetition, check: Check) -> Iterator[Issue]:
    if len(repetition.sent) > check.limit:
        yield Issue(severity="warning", code="too-long", where=where, text=f"longer than {check.limit} characters", rule="length")
    if check.of.kind == "CX" and not repetition["1"]:
        yield Issue(
            severity="warning", code="required", where=f"{where}.1", text="an identifier without its number", rule="identifier"
        )


def _wrong(leaf: Leaf, place: str) -> Issue:
    if leaf.kind in DATES:
        return Issue(severity="warning", code="value", where=place, text="not a date or time that exists", rule="date")
    if leaf.kind == "ID" and not leaf.component:
        return Issue(
            severity="warning", code="code-invalid", where=place, text=f"not in HL7 table {leaf.table}", rule="table-code"
        )
    if leaf.kind in ("ID", "IS"):
        return Issue(severity="warning", code="code-invalid", where=place, text=f"not in table {leaf.table}", rule="local-code")
    return Issue(severity="warning", code="value", where=place, text="not a number", rule="number")


def observation_value(message: Message) -> Iterator[Issue]:
    """OBX-5 holds what OBX-2 says: a date, a time, a number."""
    known = standard(message["MSH-12"])
    for obx in message.segments("OBX"):
        if known and obx["2"] in OBSERVED:
            leaf = Leaf(0, 0, OBSERVED[obx["2"]], "")
            for where, repetition in obx.each("5"):
                if not holds(leaf, repetition["1"], known):
                    yield _wrong(leaf, where)._replace(clause=f"HL7 v{known.version} OBX-5 ({obx['2']})")
