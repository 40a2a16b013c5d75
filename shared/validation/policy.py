"""Severity is policy: what a rule protects decides whether a breach refuses the message (docs/decisions/0014).

``safety``: the message cannot be processed rightly (no patient, a merge without the merged). It refuses.
``destination``: the receiver refuses it, or the interface agreed with the sender demands it. It refuses.
``quality``: everything else: codes, lengths, formats. It warns and is counted, until an integration's ``refuses`` raises it.
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
    """A breach means that the message could change the wrong record, or hide something about the patient."""
    return Policy("safety", reason, example)


def destination(reason: str, example: str = "") -> Policy:
    """A breach means that the receiver, or the agreement with the sender, does not take the message."""
    return Policy("destination", reason, example)


def quality(reason: str, example: str = "") -> Policy:
    """A breach is worth knowing, and changes nothing that the hub does with the message."""
    return Policy("quality", reason, example)


PATIENT = "without it the message could reach the wrong patient's record, or none"
GROUPS = "which segment belongs to which patient, visit or order follows from their order"
FRONT_DOOR = "the integration reads this version, sender and type alone; fields of others mean other things"

# The rules that several integrations share. A rule that only one integration has declares its policy there.
SHARED: Mapping[str, Policy] = {
    "not-hl7": safety("nothing of the message can be read", "a body that does not begin with MSH"),
    "version": safety(FRONT_DOOR, "MSH-12 is 2.6"),
    "sender": safety(FRONT_DOOR, "MSH-3 is another system's code"),
    "message-type": safety(FRONT_DOOR, "MSH-9 is ADT^A99"),
    "message-structure": safety(FRONT_DOOR, "MSH-9.3 is ADT_A99"),
    "segment-missing": safety(GROUPS, "no PID"),
    "segment-order": safety(GROUPS, "PID before EVN"),
    "segment-repeated": safety("a second patient in one message would be joined with the first", "a second PID in an A31"),
    "segment-unknown": destination("the receiver's structure has no such segment", "an ORC in an A31"),
    "z-segment": destination("the receiver refuses Z segments", "ZPI behind PID"),
    "not-a-segment": safety("part of another segment's text was cut off, or something else was sent", "a line of free text"),
    "control-id": safety("a resend could not be distinguished from a new message", "MSH-10 is empty"),
    "patient-identifier": safety(PATIENT, "PID-3 is empty"),
    "patient-name": safety("a receiver compares the name before it changes a record", "PID-5 is empty"),
    "merged-identifier": safety("a merge would name no record to merge", "MRG-1 is empty"),
    "merge-of-one-record": safety("the receiver could delete the record that it is to keep", "MRG-1 is a number of PID-3"),
    "message-time-sent": safety("the time of the message decides which update is the newer one", 'MSH-7 is ""'),
    "administrative-sex": quality("forwarded or mapped as unknown", "PID-8 is X"),
    "nhs-number-check-digit": quality("official test numbers fail it", "PID-3[1].1 is 9990000019"),
    "birth-date-given": safety(PATIENT, "PID-7 is empty"),
    "birth-date-is-a-day": safety(PATIENT, "PID-7 is 197001"),
    "birth-date-in-future": quality("a slip of the keyboard, or a clock that is wrong", "PID-7 is after MSH-7"),
    "date": quality("forwarded as sent, or left out where a typed date is written", "EVN-2 is 20261301"),
    "table-code": quality("forwarded as sent, or mapped as text", "EVN-1 is Sub"),
    "local-code": quality("local codes are usual in user-defined tables", "PV1-2 is 7"),
    "number": quality("forwarded as sent, or mapped as text", "PID-1 is A"),
    "length": quality("receivers of today take longer values", "MSH-10 has 36 characters"),
    "repetition": quality("the first repetition is read", "a second MSH-10"),
    "identifier": quality("an identifier without its number says nothing", "PID-3[2] is ^^^100^PI"),
    "mapped-to-fhir": quality("mapped as text, or left out, each with its path", "AL1-4 is a code of no table"),
    "refusal-against-status": safety(
        "a refused vaccine would be on record as given, or the other way", "RXA-18, and RXA-20 is CP"
    ),
    "codes-are-mapped": quality("mapped as text, or left out, each with its path", "AL1-4 is a code of no table"),
    "version-2-5": destination("the MPI takes version 2.5 alone", "MSH-12 is 2.4"),
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
SEVERAL = {  # rule functions whose findings have ids of their own
    "fields_as_the_standard_says": ("date", "table-code", "local-code", "number", "length", "repetition", "identifier"),
    "observation_value": ("date", "number"),
    "mapped_to_fhir": ("mapped-to-fhir", "refusal-against-status"),
}
TEXTS: Mapping[str, str] = {
    "mapped-to-fhir": "every element that FHIR has a place for can be mapped",
    "refusal-against-status": "a vaccination that has a reason for a refusal does not say that it was given",
    "not-hl7": "the body is an HL7 v2 message",
    "version": "MSH-12 is a version that is taken",
    "sender": "MSH-3 is a sender that is taken",
    "message-type": "MSH-9 is a type, event and structure that are taken",
    "message-structure": "MSH-9.3 is a structure that is known here",
    "segment-missing": "every required segment is there",
    "segment-order": "the segments are in the order of the structure",
    "segment-repeated": "a segment that does not repeat is there once",
    "segment-unknown": "every segment is part of the structure",
    "z-segment": "there is no Z segment",
    "not-a-segment": "every line begins with the name of a segment",
    "date": "a date or time exists",
    "table-code": "a code is in its HL7-defined table",
    "local-code": "a code inside a component, or of a user-defined table, is in its table",
    "number": "a number is one",
    "length": "a value is no longer than the standard's limit",
    "repetition": "a field that does not repeat is sent once",
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
    """Rules that are no function, by their ids."""
    return (_listed(each, TEXTS[each], own, refuses) for each in ids)


def rule_functions(rules: Iterable[Callable[..., Any]], own: Mapping[str, Policy], refuses: Sequence[str]) -> Iterator[Listed]:
    """Rules that are functions, each with the first paragraph of its docstring; one that finds several things lists them."""
    for rule in rules:
        if ids := SEVERAL.get(rule.__name__):
            yield from shared_rules(ids, own, refuses)
        else:
            text = (inspect.getdoc(rule) or "").partition("\n\n")[0].replace("\n", " ")
            yield _listed(rule.__name__.replace("_", "-"), text, own, refuses)


def _listed(rule: str, text: str, own: Mapping[str, Policy], refuses: Sequence[str]) -> Listed:
    policy = of(rule, own)
    raised = [each.partition("@")[2] for each in refuses if each.partition("@")[0] == rule]
    at = f" at {', '.join(raised)}" if all(raised) and raised else ""
    severity = "error" if policy.refuses else f"error{at}, by the owner's decision" if raised else "warning"
    return Listed(rule=rule, text=text, policy=policy, severity=severity)


def of(rule: str, own: Mapping[str, Policy], default: Policy = OTHER) -> Policy:
    """The policy of a rule: the integration's own, else the shared one, else ``default``."""
    return own.get(rule) or SHARED.get(rule, default)


def weighed(issue: Issue, own: Mapping[str, Policy], refuses: Sequence[str], default: Policy = OTHER) -> Issue:
    """The same finding with the severity that policy gives it. Information stays information.

    ``refuses`` holds rule ids, or ``RULE@PATH`` for one field or one exact path: ``table-code@EVN-1``.

    >>> found = Issue(severity="error", code="code-invalid", where="EVN-1", text="not in HL7 table 0003", rule="table-code")
    >>> weighed(found, {}, ()).severity, weighed(found, {}, ("table-code@EVN-1",)).severity
    ('warning', 'error')
    """
    if issue.severity == "information":
        return issue
    severity: Severity = "error" if of(issue.rule, own, default).refuses or is_raised(issue, refuses) else "warning"
    return issue if issue.severity == severity else issue._replace(severity=severity)


def is_raised(issue: Issue, refuses: Sequence[str]) -> bool:
    """Whether the owner of an integration decided that this finding refuses."""
    return any(_names(issue, *each.partition("@")[::2]) for each in refuses) if refuses else False


def _names(issue: Issue, rule: str, where: str) -> bool:
    return issue.rule == rule and where in ("", issue.where, field_of(issue.where))


def field_of(where: str) -> str:
    """The field of an HL7 path, without occurrence, repetition and component: what an exemption or ``refuses`` names.

    >>> field_of("PID[2]-3[2].4"), field_of("PV1")
    ('PID-3', 'PV1')
    """
    segment, _, place = where.partition("-")
    number = place.partition(".")[0].partition("[")[0]
    return f"{segment[:3]}-{number}" if number else segment[:3]


def with_refuses(profile: P, raised: Sequence[str], lowered: Sequence[str] = ()) -> P:
    """The same profile with more rules that refuse, or fewer; every profile of a source that takes two formats."""
    held: Any = profile
    if hasattr(held, "refuses"):
        changed = {"refuses": (*(each for each in held.refuses if each not in lowered), *raised)}
    else:
        changed = {name: with_refuses(getattr(held, name), raised, lowered) for name in ("hl7", "json") if hasattr(held, name)}
    made: P = replace(held, **changed) if changed else profile
    return made
