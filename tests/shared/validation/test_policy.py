"""The class of a rule, and how the interface sheet lists rules: by id, by function, raised by the owner's decision."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.issue import Issue
from shared.validation import policy
from shared.validation.policy import Listed, Policy, destination, quality, rule_functions, safety, shared_rules


@pytest.mark.parametrize(
    ("make", "rule_class", "refuses"), [(safety, "safety", True), (destination, "destination", True), (quality, "quality", False)]
)
def test_a_policy_has_its_class_its_reason_and_an_example(make: Any, rule_class: str, refuses: bool) -> None:
    made = make("why", "what")
    assert made == Policy(rule_class=rule_class, reason="why", example="what")  # type: ignore[arg-type]
    assert make("why").example == ""
    assert made.refuses == refuses
    assert Policy("quality", "why").example == ""


def one_rule(content: Any) -> Iterator[Issue]:
    """The first sentence
    over two lines.

    A second paragraph, which the sheet does not show.
    """
    yield from ()


def undocumented(content: Any) -> Iterator[Issue]:
    yield from ()


def observation_value(content: Any) -> Iterator[Issue]:
    """A rule function whose issues have other ids."""
    yield from ()


OWN = {"one-rule": safety("ours", "an example"), "date": destination("the receiver needs it")}


def listed(*rules: Any, refuses: tuple[str, ...] = ()) -> list[Listed]:
    return list(rule_functions(rules, OWN, refuses))


def test_a_rule_function_is_listed_by_its_name_and_the_first_paragraph_of_its_text() -> None:
    (found,) = listed(one_rule)
    assert found == Listed(rule="one-rule", text="The first sentence over two lines.", policy=OWN["one-rule"], severity="error")
    assert listed(undocumented) == [Listed(rule="undocumented", text="", policy=policy.OTHER, severity="warning")]


def test_a_function_with_several_ids_is_listed_by_each_of_them() -> None:
    found = listed(observation_value)
    assert [(each.rule, each.text, each.severity) for each in found] == [
        ("date", policy.TEXTS["date"], "error"),
        ("number", policy.TEXTS["number"], "warning"),
    ]
    assert (found[0].policy, found[1].policy) == (OWN["date"], policy.SHARED["number"])


@pytest.mark.parametrize(
    ("refuses", "severity"),
    [
        ((), "warning"),
        (("length",), "warning"),
        (("number",), "error, by the owner's decision"),
        (("number@PID-1",), "error at PID-1, by the owner's decision"),
        (("number@PID-1", "number@OBX-1"), "error at PID-1, OBX-1, by the owner's decision"),
        (("number@PID-1", "number"), "error, by the owner's decision"),
    ],
)
def test_a_rule_that_the_owner_raises_is_listed_so(refuses: tuple[str, ...], severity: str) -> None:
    (found,) = shared_rules(["number"], {}, refuses)
    assert found.severity == severity
    assert listed(observation_value, refuses=refuses)[1].severity == severity


@pytest.mark.parametrize("refuses", [(), ("one-rule",), ("one-rule@PID-1",)])
def test_a_rule_that_refuses_is_an_error_whatever_is_raised(refuses: tuple[str, ...]) -> None:
    assert [each.severity for each in listed(one_rule, refuses=refuses)] == ["error"]


def test_every_shared_rule_without_a_function_has_a_text_and_a_policy() -> None:
    ids = {*policy.FRONT_DOOR_RULES, *policy.STRUCTURE_RULES, *(each for group in policy.SEVERAL.values() for each in group)}
    for found in shared_rules(sorted(ids)):
        assert found.text == policy.TEXTS[found.rule]
        assert found.policy is policy.SHARED[found.rule]
        assert found.policy.reason


def test_every_shared_rule_has_a_reason_and_an_example() -> None:
    assert not [rule for rule, each in policy.SHARED.items() if not each.reason or not each.example]
