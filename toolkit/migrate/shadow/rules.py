"""What a decision about one rule would change, counted from the findings of messages that have been checked already."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from shared.integration import Integration
from shared.validation.policy import Listed, field_of
from toolkit.migrate.shadow.trial import Finding, Trial


class Decision(NamedTuple):
    """One decision: the rule, where (``""`` for everywhere), the severity it would get, and how many verdicts that changes."""

    rule: str
    where: str
    severity: str
    messages: int
    of: int

    @property
    def text(self) -> str:
        """In words: ``raising table-code at EVN-1 to error would refuse 92 of 140``."""
        at = f" at {self.where}" if self.where else ""
        if self.severity == "error":
            return f"raising {self.rule}{at} to error would refuse {self.messages} of {self.of}"
        return f"lowering {self.rule}{at} to warning would accept {self.messages} more of {self.of}"


def listed(profile: Any) -> dict[str, Listed]:
    """Every rule of a profile by its id, of both formats where it takes two."""
    if hasattr(profile, "listed"):
        return {each.rule: each for each in profile.listed()}
    found: dict[str, Listed] = {}
    for name in ("hl7", "json"):
        if hasattr(profile, name):
            found |= listed(getattr(profile, name))
    return found


def decisions(integration: Integration, trials: Iterable[Trial]) -> list[Decision]:
    """Each decision that an owner can take and that would change a verdict; the most far-reaching first."""
    rules, refuses = listed(integration.profile), tuple(_refuses(integration.profile))
    raised: Counter[tuple[str, str]] = Counter()
    lowered: Counter[tuple[str, str]] = Counter()
    total = 0
    for trial in trials:
        total += 1
        if trial.new_accepts:
            raised.update(set(_raisable(trial.findings, rules)))
        elif key := _lowerable(trial.findings, rules, refuses):
            lowered[key] += 1
    found = [Decision(*key, "error", count, total) for key, count in raised.items() if not _is_only_path(key, raised)]
    found += [Decision(*key, "warning", count, total) for key, count in lowered.items()]
    return sorted(found, key=lambda each: (-each.messages, each.rule, each.where))


def _raisable(findings: Iterable[Finding], rules: dict[str, Listed]) -> Iterator[tuple[str, str]]:
    """Rules that warn and may be raised, everywhere and at the field of the finding."""
    for each in findings:
        if each.severity == "warning" and each.rule in rules and not rules[each.rule].policy.refuses:
            yield each.rule, ""
            yield each.rule, at(each.where)


def _is_only_path(key: tuple[str, str], raised: Counter[tuple[str, str]]) -> bool:
    """Whether a rule was broken at one field alone: the decision for that field then says all."""
    return key[1] == "" and sum(rule == key[0] and where != "" for rule, where in raised) == 1


def _lowerable(findings: Iterable[Finding], rules: dict[str, Listed], refuses: tuple[str, ...]) -> tuple[str, str] | None:
    """The one rule that refuses a message by its owner's decision alone, with the field where the decision names one."""
    errors = [each for each in findings if each.severity in ("error", "fatal")]
    named = {each.rule for each in errors}
    if len(named) != 1 or any(each.rule not in rules or rules[each.rule].policy.refuses for each in errors):
        return None
    whole = errors[0].rule in refuses
    places = {at(each.where) for each in errors}
    return (errors[0].rule, "") if whole or len(places) > 1 else (errors[0].rule, places.pop())


def _refuses(profile: Any) -> Iterator[str]:
    yield from getattr(profile, "refuses", ())
    for name in ("hl7", "json"):
        yield from _refuses(getattr(profile, name)) if hasattr(profile, name) else ()


def at(where: str) -> str:
    """The place that a decision names: the field of an HL7 path, any other path as it is.

    >>> at("PID[2]-3[2].4"), at("Patient.birthDate")
    ('PID-3', 'Patient.birthDate')
    """
    return field_of(where) if where[:3].isupper() and where[3:4] in ("", "-", "[") else where
