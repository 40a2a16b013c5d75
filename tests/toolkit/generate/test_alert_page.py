"""The table of failures: nothing that is emitted or deployed is missing, and each rule that does not hold has a reason."""

import pytest

from toolkit.generate.alerts import code
from toolkit.generate.alerts.classes import FAILURES, UNREAD
from toolkit.generate.alerts.failure import Failure

NAMES = [each.name for each in FAILURES]
PAGES = (0, 1)  # severities that page


def soonest(failure: Failure) -> int:
    """Minutes of the faster way; 0 if none is measured."""
    return min((path.minutes for path in (failure.first, failure.second) if path and path.minutes), default=0)


def missing(failure: Failure) -> str:
    """What a failure lacks if it has no reason."""
    if failure.first is None:
        return "no alert"
    if not 0 < soonest(failure) <= 5:
        return "not within five minutes"
    if code.severity(failure.first.alert) in PAGES and failure.second is None:
        return "no second way"
    return ""


@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_a_failure_has_an_alert_in_five_minutes_and_a_second_way_or_the_reason_why_not(failure: Failure) -> None:
    assert not missing(failure) or failure.reason


@pytest.mark.parametrize("failure", FAILURES, ids=NAMES)
def test_the_two_ways_are_independent(failure: Failure) -> None:
    if failure.first and failure.second:
        assert not failure.second.event, "the second way may not need the logs"
        assert failure.second.alert != failure.first.alert


@pytest.mark.parametrize("failure", [each for each in FAILURES if each.first and each.first.event], ids=lambda each: each.name)
def test_the_product_emits_the_event_and_the_alert_reads_it(failure: Failure) -> None:
    assert failure.first
    wanted = failure.first
    assert [call for call in code.emitted() if call.event == wanted.event and call.can_be(dict(wanted.keys))]
    assert wanted.event in code.reads(wanted.alert)


def test_every_alert_is_of_a_failure() -> None:
    named = {path.alert for each in FAILURES for path in (each.first, each.second) if path}
    assert code.severities().keys() | code.BY_AZURE.keys() == named


def test_every_event_is_read_by_an_alert_or_has_the_reason_why_not() -> None:
    read = {name for alert in code.severities() for name in code.reads(alert)}
    assert set(code.events()) - read == UNREAD.keys()


def test_no_alert_reads_an_event_that_nothing_emits() -> None:
    assert {name for alert in code.severities() for name in code.reads(alert)} <= set(code.events())


def test_every_failure_is_another() -> None:
    assert len(NAMES) == len(set(NAMES))
