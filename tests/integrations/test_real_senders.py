"""What real senders send is taken: each oddity in every flow, with its finding; safety rules alone refuse, each with a reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from integrations import CATALOGUE, load
from integrations.pas_adt_to_cdr import rules as pas
from shared.issue import Issue
from shared.validation import policy
from shared.validation.policy import OTHER, SHARED
from tests.integrations.flows import BODIES, TO_MPI, UNCHANGED, ran
from toolkit.analyse.rule_decisions import listed
from toolkit.samples import samples

FLOWS = tuple(dict.fromkeys((*TO_MPI, *UNCHANGED)))  # the flows of the engine that the hub replaces
WITH_COMMON_RULES = tuple(name for name in FLOWS if name not in ("mpi-to-phw", "mpi-to-chemocare"))
CHANGED = ("phw-to-mpi", "pims-to-mpi", "chemocare-to-mpi")
AS_THEY_WRITE = ("phw-to-mpi", "pims-to-mpi", "chemocare-to-mpi", "wds-to-mpi", "mpi-outbound", "mpi-to-phw", "mpi-to-chemocare")
Change = Callable[[list[str]], list[str]]


def field(name: str, number: int, change: Callable[[str], str]) -> Change:
    """A change of one field, which is made longer as needed."""

    def changed(line: str) -> str:
        parts = line.split("|") + [""] * number
        at = number - 1 if name == "MSH" else number
        parts[at] = change(parts[at])
        return "|".join(parts).rstrip("|")

    return lambda lines: [changed(line) if line.startswith(name) else line for line in lines]


def dashed(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:14]}"


ODDITIES: dict[str, tuple[Change, str, str]] = {  # what is odd -> the change, the rule that names it, where
    "EVN-1 is a word": (field("EVN", 1, lambda _: "Sub"), "table-code", "EVN-1"),
    "a space behind EVN": (field("EVN", 2, lambda text: text + " "), "padding", "EVN-2"),
    "a space behind MSH": (lambda lines: [lines[0] + " ", *lines[1:]], "padding", "MSH-"),
    "MSH-7 with dashes": (field("MSH", 7, lambda text: dashed(text)), "date-form", "MSH-7"),
    "MSH-7 with dashes and T": (field("MSH", 7, lambda text: dashed(text).replace(" ", "T")), "date-form", "MSH-7"),
    "a long control id": (field("MSH", 10, lambda text: text + "-" + "9" * 30), "length", "MSH-10"),
    "a birth date with dashes": (field("PID", 7, lambda text: dashed(text)[:10]), "date-form", "PID-7"),
    "a sex in small letters": (field("PID", 8, str.lower), "code-case", "PID-8"),
    "a sex of no table": (field("PID", 8, lambda _: "X"), "administrative-sex", "PID-8"),
    "a tilde behind PID-13": (field("PID", 13, lambda text: (text or "01632 960001^PRN") + "~"), "trailing-delimiter", "PID-13["),
    "a date that does not exist": (field("EVN", 3, lambda _: "20260231"), "date", "EVN-3"),
    "a visit of another table": (field("PV1", 2, lambda _: "WL"), "local-code", "PV1-2"),
}


def clean(name: str) -> list[str]:
    """The lines of an accepted A31 (A08 for PIMS) without a finding."""
    for sample, body in BODIES[name].items():
        lines = body.decode("utf-8", "replace").replace("\n", "\r").strip("\r").split("\r")
        parts = lines[0].split("|")
        is_usual = lines[0].startswith("MSH|^~\\&|") and parts[6][:14].isdigit() and lines[0].isascii()
        found = ran(name, body).verdict if is_usual and sample.startswith(("a31", "a08", "a28")) else None
        pid = next((line.split("|") for line in lines if line.startswith("PID")), [])
        if (
            found
            and found.accepted
            and not found.issues
            and len(pid) > 13
            and len(pid[7]) == 8
            and "PV1" in body.decode("latin-1")
        ):
            return lines
    raise AssertionError(f"{name} has no clean sample")


@pytest.mark.parametrize("name", WITH_COMMON_RULES)
@pytest.mark.parametrize("odd", ODDITIES)
def test_an_oddity_is_accepted_and_named(name: str, odd: str) -> None:
    change, rule, where = ODDITIES[odd]
    body = ("\r".join(change(clean(name))) + "\r").encode()
    result = ran(name, body)
    found = [issue for issue in result.verdict.issues if issue.rule == rule and issue.where.startswith(where)]
    assert result.verdict.accepted, result.verdict.issues
    assert found, result.verdict.issues
    assert all(not issue.is_error for issue in result.verdict.issues)
    assert result.outgoing
    assert not result.faults
    if name in UNCHANGED:
        assert result.outgoing[0].body == body, "a pass-through forwards what was sent"


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize(
    "odd", ["MSH-7 with dashes", "MSH-7 with dashes and T", "a birth date with dashes", "a sex in small letters"]
)
def test_what_is_meant_leaves_as_if_it_had_been_sent_so(name: str, odd: str) -> None:
    lines = clean(name)
    body, meant = (("\r".join(each) + "\r").encode() for each in (ODDITIES[odd][0](lines), lines))
    assert ran(name, body).outgoing[0].body == ran(name, meant).outgoing[0].body


@pytest.mark.parametrize("name", AS_THEY_WRITE)
def test_each_sender_has_a_sample_with_all_its_oddities(name: str) -> None:
    (body,) = (
        body for sample, body in BODIES[name].items() if sample.startswith(("a31_as", "a08_as")) and sample.endswith("_writes_it")
    )
    result = ran(name, body)
    assert result.verdict.accepted
    assert result.verdict.issues
    if name in UNCHANGED:
        assert result.outgoing[0].body == body


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_rule_has_its_class_a_reason_and_an_example(name: str) -> None:
    for rule in listed(load(name).profile):
        assert rule.policy is not OTHER, f"declare a policy for {rule.rule}"
        assert rule.policy.reason, rule.rule
        assert rule.policy.example, rule.rule
        assert rule.text, rule.rule


@pytest.mark.parametrize("name", FLOWS)
def test_a_rule_that_refuses_is_of_a_class_that_refuses_or_raised_by_its_owner(name: str) -> None:
    """The principle: what the replaced engine accepted is accepted, but for rules that are listed with their reason."""
    integration = load(name)
    policies = {rule.rule: rule.policy for rule in listed(integration.profile)}
    for sample in samples(integration):
        for issue in ran(name, sample.body).verdict.issues:
            if issue.is_error:
                assert (policies.get(issue.rule) or SHARED[issue.rule]).refuses, (sample.name, issue.rule)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_owner_raises_only_rules_that_exist(name: str) -> None:
    integration = load(name)
    known = {rule.rule for rule in listed(integration.profile)}
    held = [integration.profile, *(getattr(integration.profile, n) for n in ("hl7", "json") if hasattr(integration.profile, n))]
    raised = [each.partition("@")[0] for profile in held for each in getattr(profile, "refuses", ())]
    assert set(raised) <= known


def test_the_owner_decides_one_field_at_a_time() -> None:
    found = Issue(severity="warning", code="code-invalid", where="EVN[2]-1", text="not in HL7 table 0003", rule="table-code")
    elsewhere = replace_where(found, "PID-24")
    assert [policy.apply_policy(each, {}, ("table-code@EVN-1",)).severity for each in (found, elsewhere)] == ["error", "warning"]


def replace_where(issue: Issue, where: str) -> Issue:
    return issue._replace(where=where)


def test_a_discharge_without_its_time_is_refused_by_decision() -> None:
    integration = load("pas-adt-to-cdr")
    assert integration.profile.refuses == ("discharge-has-its-time",)
    assert not pas.POLICIES["discharge-has-its-time"].refuses
    milder = replace(integration, profile=policy.with_refuses(integration.profile, (), ("discharge-has-its-time",)))
    (sample,) = (each for each in samples(integration) if each.name == "rejected_discharge_without_time")
    read = milder.source.read(sample.envelope)
    assert [issue.severity for issue in milder.profile.check(read) if issue.rule == "discharge-has-its-time"] == ["warning"]
