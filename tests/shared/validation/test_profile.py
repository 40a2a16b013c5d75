"""A profile: which rules it leaves alone and where, how policy sets severities, and what the interface sheet lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.formats.either.profile import EitherProfile
from shared.formats.json.schema import SchemaProfile
from shared.hl7 import Message, parse
from shared.issue import Issue
from shared.validation import Hl7Profile, Structure
from shared.validation.policy import apply_policy, destination, field_of, quality, safety, with_refuses

WHERE = ("PID-7", "PID-7[2]", "PID-7.1", "PID[2]-7[1].1", "PID-70", "PID-1", "PID", "EVN-7", "")


def odd_everywhere(message: Message) -> Iterator[Issue]:
    """Finds the same in each place."""
    yield from (Issue(severity="error", code="value", where=where, text="odd") for where in WHERE)


def other(message: Message) -> Iterator[Issue]:
    """Finds something else."""
    yield Issue(severity="error", code="value", where="PID-7", text="odd", rule="named-by-itself")


def profile(**more: object) -> Hl7Profile:
    return Hl7Profile(name="x", structures={"ADT_A05": Structure("MSH EVN PID")}, rules=(odd_everywhere, other), **more)  # type: ignore[arg-type]


def found(of: Hl7Profile, structure: str = "ADT_A05") -> list[tuple[str, str, str]]:
    issues = of.check(parse(f"MSH|^~\\&|A|B|C|D|20240501||ADT^A28^{structure}|C1|P|2.5\rEVN|\rPID|1\r"))
    return [(issue.rule, issue.where, issue.severity) for issue in issues]


ODD = [("odd-everywhere", where, "warning") for where in WHERE]
NAMED = ("named-by-itself", "PID-7", "warning")


def test_each_finding_has_the_rule_that_found_it() -> None:
    assert found(profile()) == [*ODD, NAMED]


@pytest.mark.parametrize(
    ("exempt", "left"),
    [
        ({"odd-everywhere": ("PID-7",)}, [*ODD[4:], NAMED]),
        ({"odd-everywhere": ("PID-7", "EVN-7")}, [*ODD[4:7], ODD[8], NAMED]),
        ({"odd-everywhere": ("PID-70",)}, [*ODD[:4], *ODD[5:], NAMED]),
        ({"odd-everywhere": ("PID",)}, [*ODD[:6], *ODD[7:], NAMED]),
        ({"odd-everywhere": ("PID-7.1",)}, [*ODD, NAMED]),  # a field is named, never a part of it
        ({"odd-everywhere": ()}, [*ODD, NAMED]),
        ({"named-by-itself": ("PID-7",)}, ODD),
        ({"named-by-itself": ("PID-1",)}, [*ODD, NAMED]),
        ({"another": ("PID-7",)}, [*ODD, NAMED]),
    ],
)
def test_a_rule_leaves_alone_the_fields_it_is_exempt_from_and_no_other(
    exempt: dict[str, tuple[str, ...]], left: list[tuple[str, str, str]]
) -> None:
    assert found(profile(exempt=exempt)) == left


def test_a_structure_that_is_not_known_is_one_finding_and_the_rules_go_on() -> None:
    issues = profile().check(parse("MSH|^~\\&|A|B|C|D|20240501||ADT^A28^ADT_A99|C1|P|2.5\r"))
    first = issues[0]
    assert (first.severity, first.code, first.where, first.rule) == ("error", "not-supported", "MSH-9.3", "message-structure")
    assert (first.text, first.clause, first.condition) == ("MSH-9.3 is not a structure of this profile", "HL7 table 0354", "200")
    assert len(issues) == 1 + len(ODD) + 1


def test_a_structure_that_was_left_out_is_the_one_of_the_event() -> None:
    assert found(profile(), structure="") == [*ODD, NAMED]


@pytest.mark.parametrize(
    ("policies", "refuses", "severity"),
    [
        ({}, (), "warning"),
        ({"odd-everywhere": quality("x")}, (), "warning"),
        ({"odd-everywhere": safety("x")}, (), "error"),
        ({"odd-everywhere": destination("x")}, (), "error"),
        ({}, ("odd-everywhere",), "error"),
        ({}, ("odd",), "warning"),
        ({}, ("named-by-itself",), "warning"),
        ({}, ("odd-everywhere@PID-7",), "error"),
        ({}, ("odd-everywhere@PID-8",), "warning"),
        ({}, ("named-by-itself@PID-7",), "warning"),
        ({}, ("other", "odd-everywhere"), "error"),
    ],
)
def test_policy_decides_the_severity(policies: dict[str, object], refuses: tuple[str, ...], severity: str) -> None:
    assert found(profile(policies=policies, refuses=refuses))[0] == ("odd-everywhere", "PID-7", severity)


@pytest.mark.parametrize("where", ["PID-7[2]", "PID[2]-7[1].1"])
def test_what_the_owner_raised_is_raised_for_the_field_or_for_the_exact_path(where: str) -> None:
    issue = Issue(severity="warning", code="value", where=where, text="odd", rule="r")
    severities = {
        raised: apply_policy(issue, {}, (raised,)).severity for raised in ("r", "r@PID-7", f"r@{where}", "r@PID-7.1", "r@PID")
    }
    assert severities == {"r": "error", "r@PID-7": "error", f"r@{where}": "error", "r@PID-7.1": "warning", "r@PID": "warning"}


def test_information_is_never_raised() -> None:
    issue = Issue(severity="information", code="value", where="PID-7", text="odd", rule="r")
    assert apply_policy(issue, {"r": safety("x")}, ("r",)) is issue


@pytest.mark.parametrize(
    ("where", "field"),
    [
        *(
            ("PID-7", "PID-7"),
            ("PID[2]-3[2].4", "PID-3"),
            ("PID-3.4.2", "PID-3"),
            ("OBX[12]-5[1]", "OBX-5"),
            ("PID-13", "PID-13"),
        ),
        *(("PV1", "PV1"), ("PV1[2]", "PV1"), ("", ""), ("PID-", "PID")),
    ],
)
def test_the_field_of_a_path(where: str, field: str) -> None:
    assert field_of(where) == field


def listed(**more: object) -> dict[str, tuple[str, str]]:
    return {each.rule: (each.text, each.severity) for each in profile(**more).listed()}


def test_the_sheet_lists_each_rule_once_with_its_severity() -> None:
    rows = listed(refuses=("odd-everywhere",))
    assert rows["odd-everywhere"] == ("Finds the same in each place.", "error, by the owner's decision")
    assert rows["other"] == ("Finds something else.", "warning")
    assert rows["version"] == ("MSH-12 is a version that the integration accepts", "error")
    assert [*rows][:5] == ["not-hl7", "version", "sender", "message-type", "message-structure"]
    assert "z-segment" in rows
    only_at = listed(refuses=("odd-everywhere@PID-7", "odd-everywhere@EVN-7"))
    assert only_at["odd-everywhere"][1] == "error at PID-7, EVN-7, by the owner's decision"
    everywhere = listed(refuses=("odd-everywhere@PID-7", "odd-everywhere"))
    assert everywhere["odd-everywhere"][1] == "error, by the owner's decision"


@pytest.mark.parametrize(("takes", "is_listed"), [((True, True), False), ((True, False), True), ((False, False), True)])
def test_z_segments_are_listed_unless_every_structure_lets_them_pass(takes: tuple[bool, bool], is_listed: bool) -> None:
    structures = {f"S{n}": Structure("MSH", z_segments=each) for n, each in enumerate(takes)}
    rows = [each.rule for each in Hl7Profile(name="x", structures=structures).listed()]
    assert ("z-segment" in rows) is is_listed
    assert "segment-unknown" in rows


def test_rules_can_be_raised_and_lowered() -> None:
    before = profile(refuses=("a", "b"))
    after = with_refuses(before, ("c",), ("a",))
    assert (before.refuses, after.refuses) == (("a", "b"), ("b", "c"))
    assert with_refuses(before, ("c",)).refuses == ("a", "b", "c")


def test_rules_of_both_formats_can_be_raised() -> None:
    both = EitherProfile(hl7=profile(refuses=("a",)), json=SchemaProfile("j", Path("x")))
    after = with_refuses(both, ("c",))
    assert (after.hl7.refuses, after.json.refuses) == (("a", "c"), ("c",))  # type: ignore[attr-defined]
