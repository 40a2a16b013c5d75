"""The class of a rule decides whether a breach of it rejects the message (docs/decisions/0014).

``safety``: the message cannot be processed safely (no patient, a merge without the merged patient). It rejects.
``destination``: the receiver would reject it, or the interface agreement requires it. It rejects.
``quality``: all other rules: codes, lengths, formats. It warns and is counted, unless ``refuses`` of an integration names it.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeVar

from shared.issue import Issue, Severity

RuleClass = Literal["safety", "destination", "quality"]
P = TypeVar("P")


class Policy(NamedTuple):
    """The class of one rule, the reason for it, and an example of a breach for the interface sheet."""

    rule_class: RuleClass
    reason: str
    example: str = ""

    @property
    def refuses(self) -> bool:
        return self.rule_class != "quality"


def safety(reason: str, example: str = "") -> Policy:
    """A breach could change the wrong record or hide a fact about the patient."""
    return Policy("safety", reason, example)


def destination(reason: str, example: str = "") -> Policy:
    """The receiver, or the agreement with the sender, does not accept a message with this breach."""
    return Policy("destination", reason, example)


def quality(reason: str, example: str = "") -> Policy:
    """A breach is a warning; the hub processes the message as usual."""
    return Policy("quality", reason, example)


PATIENT = "without it the message could change the wrong patient's record, or no record"
GROUPS = "the order of segments shows to which patient, visit or order each one belongs"
FRONT_DOOR = "the integration reads only this version, sender and type; in others, the fields have other meanings"

# The rules that several integrations share. The policy of a rule that only one integration has is declared there.
SHARED: Mapping[str, Policy] = {
    "not-hl7": safety("the message cannot be read", "a body that does not begin with MSH"),
    "version": safety(FRONT_DOOR, "MSH-12 is 2.6"),
    "sender": safety(FRONT_DOOR, "MSH-3 is another system's code"),
    "message-type": safety(FRONT_DOOR, "MSH-9 is ADT^A99"),
    "message-structure": safety(FRONT_DOOR, "MSH-9.3 is ADT_A99"),
    "segment-missing": safety(GROUPS, "no PID"),
    "segment-order": safety(GROUPS, "PID before EVN"),
    "segment-repeated": safety("a second patient in one message would be merged with the first", "a second PID in an A31"),
    "segment-unknown": destination("the receiver's structure has no such segment", "an ORC in an A31"),
    "z-segment": destination("the receiver rejects Z segments", "ZPI after PID"),
    "not-a-segment": safety("the text of another segment was split, or the line is not HL7", "a line of free text"),
    "control-id": safety("a resend could not be distinguished from a new message", "MSH-10 is empty"),
    "patient-identifier": safety(PATIENT, "PID-3 is empty"),
    "patient-name": safety("the receiver compares the name before it changes a record", "PID-5 is empty"),
    "merged-identifier": safety("the merge would not name the record to merge", "MRG-1 is empty"),
    "hidden-character": safety(
        "the number looks like another one, and names another patient or order", "a zero-width space in PID-3"
    ),
    "merge-of-one-record": safety("the receiver could delete the record that it must keep", "MRG-1 is a number of PID-3"),
    "message-time-sent": safety("the time of the message shows which update is newer", 'MSH-7 is ""'),
    "administrative-sex": quality("forwarded or mapped as unknown", "PID-8 is X"),
    "nhs-number-check-digit": quality("official test numbers fail it", "PID-3[1].1 is 9990000019"),
    "birth-date-given": safety(PATIENT, "PID-7 is empty"),
    "birth-date-is-a-day": safety(PATIENT, "PID-7 is 197001"),
    "birth-date-in-future": quality("a typing error, or a clock that is wrong", "PID-7 is after MSH-7"),
    "date": quality("forwarded as sent, or left out of a FHIR date", "EVN-2 is 20261301"),
    "table-code": quality("forwarded as sent, or mapped as text", "EVN-1 is Sub"),
    "local-code": quality("local codes are usual in user-defined tables", "PV1-2 is 7"),
    "number": quality("forwarded as sent, or mapped as text", "PID-1 is A"),
    "length": quality("most receivers accept longer values", "MSH-10 has 36 characters"),
    "repetition": quality("the first repetition is read", "a second MSH-10"),
    "identifier": quality("an identifier without its number has no meaning", "PID-3[2] is ^^^100^PI"),
    "mapped-to-fhir": quality("mapped as text, or left out, with the path", "AL1-4 is not in its table"),
    "refusal-against-status": safety(
        "a refused vaccine could be recorded as given, or a given one as refused", "RXA-18, and RXA-20 is CP"
    ),
    "codes-are-mapped": quality("mapped as text, or left out, with the path", "AL1-4 is not in its table"),
    "version-2-5": destination("the MPI accepts only version 2.5", "MSH-12 is 2.4"),
}
FRONT_DOOR_RULES = ("not-hl7", "version", "sender", "message-type")
STRUCTURE_RULES = (
    "message-structure",
    "segment-missing",
    "segment-order",
    "segment-repeated",
    "segment-unknown",
    "z-segment",
    "not-a-segment",
)
SEVERAL = {  # rule functions whose issues have other ids
    "fields_as_the_standard_says": ("date", "table-code", "local-code", "number", "length", "repetition", "identifier"),
    "observation_value": ("date", "number"),
    "mapped_to_fhir": ("mapped-to-fhir", "refusal-against-status"),
}
TEXTS: Mapping[str, str] = {
    "mapped-to-fhir": "every value with an element in FHIR can be mapped",
    "refusal-against-status": "a vaccination with a reason for refusal is not recorded as given",
    "not-hl7": "the body is an HL7 v2 message",
    "version": "MSH-12 is a version that the integration accepts",
    "sender": "MSH-3 is a sender that the integration accepts",
    "message-type": "MSH-9 is a type, event and structure that the integration accepts",
    "message-structure": "MSH-9.3 is a structure of this profile",
    "segment-missing": "every required segment is present",
    "segment-order": "the segments are in the order of the structure",
    "segment-repeated": "a segment that must not repeat occurs once",
    "segment-unknown": "every segment is part of the structure",
    "z-segment": "there is no Z segment",
    "not-a-segment": "every line begins with the name of a segment",
    "date": "a date or time is an existing one",
    "table-code": "a code is in its HL7-defined table",
    "local-code": "a code inside a component, or of a user-defined table, is in its table",
    "number": "a numeric field has a number",
    "length": "a value is no longer than the standard's limit",
    "repetition": "a field that must not repeat is sent once",
    "identifier": "an identifier has its number",
}
OTHER = quality("not listed")


class Listed(NamedTuple):
    """One rule as the interface sheet shows it."""

    rule: str
    text: str
    policy: Policy
    severity: str


def shared_rules(ids: Iterable[str], own: Mapping[str, Policy] = {}, refuses: Sequence[str] = ()) -> Iterator[Listed]:
    """Rules without a function of their own, by id."""
    return (_listed(each, TEXTS[each], own, refuses) for each in ids)


def rule_functions(rules: Iterable[Callable[..., Any]], own: Mapping[str, Policy], refuses: Sequence[str]) -> Iterator[Listed]:
    """Rules that are functions, each with the first paragraph of its docstring. A function in ``SEVERAL`` lists its ids."""
    for rule in rules:
        if ids := SEVERAL.get(rule.__name__):
            yield from shared_rules(ids, own, refuses)
        else:
            text = (inspect.getdoc(rule) or "").partition("\n\n")[0].replace("\n", " ")
            yield _listed(rule.__name__.replace("_", "-"), text, own, refuses)


def _listed(rule: str, text: str, own: Mapping[str, Policy], refuses: Sequence[str]) -> Listed:
    policy = of(rule, own)
    raised = [each.partition("@")[2] for each in refuses if each.partition("@")[0] == rule]
    at = f" at {', '.join(raised)}" if all(raised) else ""
    severity = "error" if policy.refuses else f"error{at}, by the owner's decision" if raised else "warning"
    return Listed(rule=rule, text=text, policy=policy, severity=severity)


def of(rule: str, own: Mapping[str, Policy], default: Policy = OTHER) -> Policy:
    """The policy of a rule: that of the integration, otherwise the shared one, otherwise ``default``."""
    return own.get(rule) or SHARED.get(rule, default)


def apply_policy(issue: Issue, own: Mapping[str, Policy], refuses: Sequence[str], default: Policy = OTHER) -> Issue:
    """The same issue with the severity of its policy. Information stays information.

    ``refuses`` holds rule ids, or ``RULE@PATH`` for one field or one exact path: ``table-code@EVN-1``.

    >>> found = Issue(severity="error", code="code-invalid", where="EVN-1", text="not in HL7 table 0003", rule="table-code")
    >>> apply_policy(found, {}, ()).severity, apply_policy(found, {}, ("table-code@EVN-1",)).severity
    ('warning', 'error')
    """
    if issue.severity == "information":
        return issue
    severity: Severity = "error" if of(issue.rule, own, default).refuses or is_raised(issue, refuses) else "warning"
    return issue if issue.severity == severity else issue._replace(severity=severity)


def is_raised(issue: Issue, refuses: Sequence[str]) -> bool:
    """Whether ``refuses`` of the integration raises this issue to an error."""
    return any(_matches(issue, *each.partition("@")[::2]) for each in refuses) if refuses else False


def _matches(issue: Issue, rule: str, where: str) -> bool:
    return issue.rule == rule and where in ("", issue.where, field_of(issue.where))


def field_of(where: str) -> str:
    """The field of an HL7 path, without occurrence, repetition and component, as in an exemption or ``refuses``.

    >>> field_of("PID[2]-3[2].4"), field_of("PV1")
    ('PID-3', 'PV1')
    """
    segment, _, place = where.partition("-")
    number = place.partition(".")[0].partition("[")[0]
    return f"{segment[:3]}-{number}" if number else segment[:3]


def with_refuses(profile: P, raised: Sequence[str], lowered: Sequence[str] = ()) -> P:
    """The same profile with other rules in ``refuses``. A profile of two formats changes both of its profiles."""
    old: Any = profile
    if hasattr(old, "refuses"):
        changed = {"refuses": (*(each for each in old.refuses if each not in lowered), *raised)}
    else:
        changed = {name: with_refuses(getattr(old, name), raised, lowered) for name in ("hl7", "json") if hasattr(old, name)}
    new: P = replace(old, **changed) if changed else profile
    return new
