"""Rules from the tables of the standard: each value is allowed by the data type of its field. HL7 v2.5 section 2.5.3.

``date``: a date that does not exist. ``table-code``: the code of a field is not in its HL7-defined table. ``local-code``: the
same inside a component, or for a user-defined table. ``number``, ``length``, ``repetition``. ``identifier``: an identifier
without its number. All are of class quality (``policy.py``).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from shared.hl7 import Message, Repetition, Segment
from shared.hl7.long_lines import LongSegment
from shared.hl7.syntax.encoding import Encoding
from shared.issue import Issue
from shared.validation.datatypes import DATES, Leaf, is_allowed, is_checked, leaves, pattern
from shared.validation.standard import VERSIONS, Field, Standard, standard

# Other code checks these: delimiters, version and type, character set, and the Welsh values of the administrative sex.
ELSEWHERE = frozenset(("MSH-1", "MSH-2", "MSH-9", "MSH-12", "MSH-18", "PID-8"))
USUAL = Encoding()[:5]
OBSERVED = {"DT": "DT", "TM": "TM", "TS": "DTM", "DTM": "DTM", "NM": "NM"}  # OBX-2: the data type of OBX-5
_NO_LIMIT = 1 << 40


class Check:
    """The check of one field: a quick pattern first, and a test of each leaf only if the pattern does not match.

    ``reach`` is the first component with a test: a value with fewer components passes. The pattern is compiled for the first
    value, because most fields never have one.
    """

    __slots__ = ("fits", "leaves", "limit", "number", "of", "reach", "single")

    def __init__(self, number: int, of: Field, leaves: tuple[Leaf, ...], pattern: str) -> None:
        self.number, self.of, self.leaves = number, of, leaves
        self.single = not of.repeats
        self.limit = of.length or _NO_LIMIT
        self.reach = 0 if of.kind == "CX" else min((leaf.component for leaf in leaves), default=0) - 1
        self.fits: Callable[[str], object] = self._compiling(pattern)

    def is_too_long(self, text: str) -> bool:
        """Whether a repetition of a value, in the usual delimiters, is longer than the limit."""
        return self.single or max(map(len, text.split("~"))) > self.limit

    def _compiling(self, pattern: str) -> Callable[[str], object]:
        def fits(value: str) -> object:
            self.fits = re.compile(pattern).fullmatch
            return self.fits(value)

        return fits


class Plan(dict[str, list[Check]]):
    """The checks of each segment of a version, made when the segment first occurs."""

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
        raise ValueError("unknown version of HL7 v2")
    return Plan(known)


def fields_as_the_standard_says(message: Message) -> Iterator[Issue]:
    """Every field of every segment that is in the HL7 version of the message."""
    if message["MSH-12"] in VERSIONS:
        plan = plan_of(message["MSH-12"])
        for segment, check in failed_checks(message, plan):
            yield from _check_field(segment, check, plan)


def failed_checks(message: Message, plan: Plan) -> list[tuple[Segment, Check]]:
    """The fields that do not pass the quick check; cached in the message, because the repairs need them too."""
    if message.doubts is None:
        segments, usual = message.segments(), message.encoding[:5] == USUAL
        quick_check = _with_long_fields if LongSegment in map(type, segments) else _quick_check
        message.doubts = quick_check(segments, plan, usual)
    return message.doubts


def _quick_check(segments: Iterable[Segment], plan: Plan, usual: bool) -> list[tuple[Segment, Check]]:
    """Most of the time of a check is spent here, so the loop makes few calls."""
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
            is_unusual = not usual or (len(text) > check.limit and check.is_too_long(text)) or (check.single and "~" in text)
            if is_unusual or (check.leaves and (check.reach <= 0 or text.count("^") >= check.reach) and not check.fits(text)):
                found.append((segment, check))
    return found


def _with_long_fields(segments: Iterable[Segment], plan: Plan, usual: bool) -> list[tuple[Segment, Check]]:
    """The same where a segment has a long text: its field is in doubt, because a pattern would need all of it."""
    found: list[tuple[Segment, Check]] = []
    for segment in segments:
        if isinstance(segment, LongSegment):
            doubted = {check.number for _, check in _quick_check([segment.without_long], plan, usual)}
            checks = plan[segment.name]
            found += [(segment, each) for each in checks if each.number in doubted or segment.has_long(f"{each.number}")]
        else:
            found += _quick_check([segment], plan, usual)
    return found


def _check_field(segment: Segment, check: Check, plan: Plan) -> Iterator[Issue]:
    clause = f"HL7 v{plan.known.version} {segment.name}-{check.number} ({check.of.kind})"
    found = []
    if check.single and len(segment.repeats(str(check.number))) > 1:
        where = segment.where(f"{check.number}[2]")
        text = "the field must not repeat"
        found.append(Issue(severity="warning", code="structure", where=where, text=text, rule="repetition", hl7="102"))
    for where, repetition in segment.each(str(check.number)):
        found += _check_leaves(where, repetition, check, plan.known)
        found += _check_length(where, repetition, check)
    yield from (issue._replace(clause=clause) for issue in found)


def _check_leaves(where: str, repetition: Repetition, check: Check, known: Standard) -> Iterator[Issue]:
    sent = repetition.components
    for leaf in check.leaves:
        if leaf.component > sent:
            break
        if not is_allowed(leaf, repetition[leaf.path], known):
            own = check.of.kind == "TS" and leaf.component == 1  # name the field, not its first component TS.1
            yield _not_allowed(leaf, where if own else where + leaf.suffix)


def _check_length(where: str, repetition: Repetition, check: Check) -> Iterator[Issue]:
    if repetition.size > check.limit:
        yield Issue(severity="warning", code="too-long", where=where, text=f"longer than {check.limit} characters", rule="length")
    if check.of.kind == "CX" and not repetition["1"]:
        yield Issue(
            severity="warning", code="required", where=f"{where}.1", text="the identifier has no number", rule="identifier"
        )


def _not_allowed(leaf: Leaf, place: str) -> Issue:
    if leaf.kind in DATES:
        return Issue(severity="warning", code="value", where=place, text="not an existing date or time", rule="date")
    if leaf.kind == "ID" and not leaf.component:
        return Issue(
            severity="warning", code="code-invalid", where=place, text=f"not in HL7 table {leaf.table}", rule="table-code"
        )
    if leaf.kind in ("ID", "IS"):
        return Issue(severity="warning", code="code-invalid", where=place, text=f"not in table {leaf.table}", rule="local-code")
    return Issue(severity="warning", code="value", where=place, text="not a number", rule="number")


def observation_value(message: Message) -> Iterator[Issue]:
    """OBX-5 is a date, a time or a number if OBX-2 requires that."""
    known = standard(message["MSH-12"])
    for obx in message.segments("OBX"):
        if known and obx["2"] in OBSERVED:
            leaf = Leaf(0, 0, OBSERVED[obx["2"]], "")
            for where, repetition in obx.each("5"):
                if not is_allowed(leaf, repetition["1"], known):
                    yield _not_allowed(leaf, where)._replace(clause=f"HL7 v{known.version} OBX-5 ({obx['2']})")
