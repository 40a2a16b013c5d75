"""Values in another form than the standard's whose meaning is clear: they are read, and recorded as a repair.

Each repair is an issue of severity ``information`` with its path. ``Message.as_sent`` is the original, so that a pass-through
forwards the message as sent. A value in the standard's form is never changed.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.hl7 import Message, Segment
from shared.hl7.repetition import NULL
from shared.hl7.syntax.encoding import NONE
from shared.hl7.syntax.timestamp import is_dtm
from shared.issue import Issue
from shared.validation.datatypes import CODED, DATES, Leaf, is_allowed
from shared.validation.fields import OBSERVED, Check, failed_checks, plan_of
from shared.validation.nhs_number import is_nhs_number
from shared.validation.rules import ADMINISTRATIVE_SEX
from shared.validation.standard import VERSIONS, Standard

TEXTS = {
    "padding": "spaces around the value were removed",
    "date-form": "a date and time in another format was read",
    "code-case": "a code in lower case was read as upper case",
    "nhs-number-form": "an NHS Number with spaces or dashes was read",
    "trailing-delimiter": "empty repetitions at the end of the field were removed",
}
NHS_TYPES = ("NH", "NI")  # CX.5 of an NHS Number: HL7 UK table 0203, and the value of PIMS
_OTHER_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,4})?\d*)?)? ?(?:([+-]\d\d):?(\d\d)|(Z))?", re.ASCII
)
_GROUPED = re.compile(r"\d{3}[ -]\d{3}[ -]\d{4}", re.ASCII)


class Change(NamedTuple):
    """One place of a message and its new value. Numbers are from 1; component 0 is the whole repetition."""

    segment: Segment
    field: int
    value: str
    rule: str
    repetition: int = 1
    component: int = 0
    subcomponent: int = 0

    @property
    def where(self) -> str:
        inner = "".join(f".{part}" for part in (self.component, self.subcomponent) if part)
        return self.segment.where(f"{self.field}{f'[{self.repetition}]' if self.repetition > 1 else ''}{inner}")


def repair(message: Message) -> Message:
    """The message with its repairs, each recorded; the same message if it needs none."""
    message = _apply(message, _repair_header(message["MSH"]))
    version = message["MSH-12"]
    plan = plan_of(version if version in VERSIONS else VERSIONS[-1])
    changes = [change for segment, check in failed_checks(message, plan) for change in _repair_field(segment, check, plan.known)]
    changes += _repair_observations(message, plan.known)
    changes += [change for pid in message.segments("PID", "MRG") for change in _repair_patient(pid)]
    end = message.encoding.repetition
    between = end + message.encoding.field  # where a field ends with an empty repetition
    changes += [
        change
        for segment, line in zip(message.segments(), message.lines_without_long(NONE), strict=True)
        if (between in line or line.endswith(end)) and segment.name
        for change in _remove_empty_repetitions(segment)
    ]
    return _apply(message, changes)


def date_time(text: str) -> str:
    """A date or time in the format of HL7 (``YYYYMMDD[HHMM[SS[.SSSS]]][+/-ZZZZ]``); ``""`` if it is not an existing one.

    Args:
        text: as sent. ``YYYY-MM-DD``, ``YYYY-MM-DD HH:MM[:SS[.S]]`` and the same with ``T`` are accepted, with an offset or
            ``Z``. A format in which day and month could be confused is not. A fraction is cut to four digits.

    Source: HL7 v2.5.1 section 2.A.22 (DTM); ISO 8601.

    >>> date_time("2025-05-05 23:23:32"), date_time("2025-05-05T23:23Z"), date_time(" 20250505 "), date_time("05/05/2025")
    ('20250505232332', '202505052323+0000', '20250505', '')
    """
    text = text.strip()
    if found := _OTHER_DATE.fullmatch(text):
        year, month, day, hour, minute, second, fraction, hours, minutes, zulu = found.groups("")
        offset = "+0000" if zulu else hours + minutes
        text = f"{year}{month}{day}{hour}{minute}{second}{fraction}{offset if hour else ''}"
    return text if is_dtm(text) else ""


def nhs_number(text: str) -> str:
    """The ten digits of an NHS Number with spaces or hyphens; any other text is returned unchanged.

    >>> nhs_number("999 000 0018"), nhs_number("999-000-0018"), nhs_number("A 123")
    ('9990000018', '9990000018', 'A 123')
    """
    if text.isalnum():  # nearly always
        return text
    found = text.strip()
    compact = re.sub("[ -]", "", found) if _GROUPED.fullmatch(found) else found
    return compact if is_nhs_number(compact) else text


def _interpret(leaf: Leaf, text: str, known: Standard) -> tuple[str, str]:
    """The meaning of a value that is not allowed, and the repair; two empty texts if the meaning is not clear."""
    bare = text.strip()
    if not bare:
        return "", ""
    if bare != text and is_allowed(leaf, bare, known):
        return bare, "padding"
    if leaf.kind in DATES and (read := date_time(bare)) and is_allowed(leaf, read, known):
        return read, "date-form"
    if leaf.kind in CODED and bare.upper() != bare and is_allowed(leaf, bare.upper(), known):
        return bare.upper(), "code-case"
    if leaf.kind in CODED and bare != text:
        return bare, "padding"  # a local code: no code begins or ends with a space
    return "", ""


def _repair_field(segment: Segment, check: Check, known: Standard) -> Iterator[Change]:
    for number, repetition in enumerate(segment.repeats(str(check.number)), 1):
        sent = repetition.components
        for leaf in check.leaves:
            if leaf.component <= sent and (text := repetition[leaf.path]) and not is_allowed(leaf, text, known):
                value, rule = _interpret(leaf, text, known)
                if rule:
                    component, part = (0, 0) if check.of.kind == "TS" and leaf.component == 1 else leaf[:2]
                    yield Change(
                        segment=segment,
                        field=check.number,
                        value=value,
                        rule=rule,
                        repetition=number,
                        component=component,
                        subcomponent=part,
                    )


def _repair_header(msh: Segment) -> Iterator[Change]:
    """Spaces after the last field of MSH and around the parts of MSH-9, which select the integration.

    MSH-3 and MSH-4 are names, which are compared without repair.
    """
    last = len(msh.fields) - 1
    if last > 9 and msh.fields[last].endswith(" "):
        yield _last_leaf(msh, last)
    type_sent = msh.fields[9] if last > 9 else ""
    if type_sent.split() == [type_sent] and msh.encoding.escape not in type_sent:  # nearly always
        return
    for component in (1, 2, 3) if last > 9 else ():
        text = msh[f"9.{component}"]
        if text != text.strip() and text.strip():
            yield Change(segment=msh, field=9, component=component, value=text.strip(), rule="padding")


def _last_leaf(segment: Segment, field: int) -> Change:
    """The end of a field without the spaces after it."""
    encoding = segment.encoding
    repetitions = segment.fields[field].split(encoding.repetition)
    components = repetitions[-1].split(encoding.component)
    parts = components[-1].split(encoding.subcomponent)
    component, part = (len(each) if len(each) > 1 else 0 for each in (components, parts))
    return Change(
        segment=segment,
        field=field,
        value=parts[-1].rstrip(" "),
        rule="padding",
        repetition=len(repetitions),
        component=component,
        subcomponent=part,
    )


def _repair_observations(message: Message, known: Standard) -> Iterator[Change]:
    """OBX-5, by the data type in OBX-2."""
    for obx in message.segments("OBX"):
        if obx["2"] in OBSERVED:
            leaf = Leaf(0, 0, OBSERVED[obx["2"]], "")
            for number, repetition in enumerate(obx.repeats("5"), 1):
                if not is_allowed(leaf, repetition["1"], known):
                    value, rule = _interpret(leaf, repetition["1"], known)
                    if rule:
                        yield Change(segment=obx, field=5, value=value, rule=rule, repetition=number)


def _repair_patient(segment: Segment) -> Iterator[Change]:
    """The NHS Numbers in PID-2, PID-3 and MRG-1, and the administrative sex."""
    for field in ("2", "3") if segment.name == "PID" else ("1",):
        for number, cx in enumerate(segment.repeats(field), 1):
            text = cx["1"]
            if cx["5"].strip().upper() in NHS_TYPES and (value := nhs_number(text)) != text:
                rule = "padding" if text.strip() == value else "nhs-number-form"
                yield Change(segment=segment, field=int(field), value=value, rule=rule, repetition=number, component=1)
    sex = segment["8"] if segment.name == "PID" else ""
    if sex not in ("", NULL) and sex not in ADMINISTRATIVE_SEX and sex.strip().upper() in ADMINISTRATIVE_SEX:
        rule = "padding" if sex.strip() in ADMINISTRATIVE_SEX else "code-case"
        yield Change(segment=segment, field=8, value=sex.strip().upper(), rule=rule)


def _remove_empty_repetitions(segment: Segment) -> Iterator[Change]:
    """Repetition separators at the end of a field with no value after them."""
    end = segment.encoding.repetition
    for number, text in enumerate(segment.fields):
        if text[-1:] == end and (number > 2 or segment.name != "MSH") and text.strip(end):
            yield Change(segment=segment, field=number, value="", rule="trailing-delimiter", repetition=text.count(end) + 1)


def _apply(message: Message, changes: Iterable[Change]) -> Message:
    """The message with these changes, each recorded."""
    by_line: dict[int, list[Change]] = {}
    for change in changes:
        line = message.index[change.segment.name][change.segment.occurrence - 1]
        by_line.setdefault(line, []).append(change)
    if not by_line:
        return message
    lines = message.lines.copy()
    for number, made in by_line.items():
        lines[number] = _line(made)
    issues = [
        Issue(severity="information", code="informational", where=each.where, text=TEXTS[each.rule], rule=each.rule)
        for made in by_line.values()
        for each in made
    ]
    return Message(lines, message.encoding, (*message.repairs, *issues), sent=message.as_sent)


def _line(changes: list[Change]) -> str:
    """The text of a segment with its changes. Empty repetitions are removed last, so that the numbers of places stay valid."""
    segment = changes[0].segment
    encoding, fields = segment.encoding, list(segment.fields)
    for change in sorted(changes, key=lambda each: each.rule == "trailing-delimiter"):
        text = fields[change.field]
        cut = change.rule == "trailing-delimiter"
        fields[change.field] = text.rstrip(encoding.repetition) if cut else _replace(text, change)
    return encoding.field.join([segment.name, *fields[2:]] if segment.name == "MSH" else fields)


def _replace(text: str, change: Change) -> str:
    """The text of a field with one leaf replaced; the other parts stay as sent."""
    encoding = change.segment.encoding
    steps = ((encoding.repetition, change.repetition), (encoding.component, change.component or 1))
    return _put(text, (*steps, (encoding.subcomponent, change.subcomponent or 1)), change.value)


def _put(text: str, steps: tuple[tuple[str, int], ...], value: str) -> str:
    if not steps:
        return value
    (delimiter, number), *rest = steps
    parts = text.split(delimiter)
    parts[number - 1] = _put(parts[number - 1], tuple(rest), value)
    return delimiter.join(parts)
