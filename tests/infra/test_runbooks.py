"""docs/runbooks.md: a section for each alert (its commands are run by tests/end_to_end/test_documented_commands.py)."""

import re

import pytest

from shared.delivery import breaker, load
from shared.integration import Delivery, Retention
from tests.infra.resources import HEALTH_ALERT, LOG_ALERT, METRIC_ALERT
from tests.infra.world import RUNBOOKS, world
from toolkit.release import bicep

TEXT = RUNBOOKS.read_text("utf-8")
SECTIONS = dict(re.findall(r"^### Alert: ([a-z-]+)\n(.*?)(?=^##)", TEXT, re.M | re.S))


@pytest.mark.parametrize("name", SECTIONS)
def test_section_has_means_see_and_do(name: str) -> None:
    assert [part for part in ("**Means:**", "**See:**", "**Do:**") if part not in SECTIONS[name]] == []


@pytest.mark.parametrize("environment", bicep.ENVIRONMENTS)
def test_every_alert_has_its_section_and_every_section_its_alert(environment: str) -> None:
    seen = world(environment)
    kinds = (LOG_ALERT, METRIC_ALERT, HEALTH_ALERT)
    named = {re.search(r"#alert-([a-z-]+)$", r["properties"]["description"])[1] for kind in kinds for r in seen.of(kind)}  # type: ignore[index]
    assert named - SECTIONS.keys() == set()
    assert SECTIONS.keys() - named <= {"unavailable", "expiring"}  # where an app is public; in a subscription of Event Grid


def test_figures_are_those_of_the_code() -> None:
    delivery, retention, spelt = Delivery(), Retention(), {5: "five", 7: "seven"}
    sentences = (
        f"Failures in {spelt[delivery.breaker_failures]} lanes in a row",
        f"probes the destination with one message every {delivery.breaker_wait:g} seconds",
        f"probes the destination with one message every {breaker.LONGEST_PAUSE:g} seconds",
        f"more than {load.LONGEST_WAIT:g} seconds for its first attempt",
        f"({spelt[int(delivery.expires / 86400)]} days by default)",
        f"Content is kept for {retention.dead_content:g} days unless",
    )
    whole = " ".join(TEXT.split())
    assert [each for each in sentences if each not in whole] == []


def test_panels_that_are_named_are_those_of_the_workbook() -> None:
    titles = re.findall(r"title: '([^']*)'", (bicep.INFRA / "modules" / "workbook.bicep").read_text("utf-8"))
    named = re.findall(r"panel \*([^*]+)\*|\*([^*]+)\* in the workbook", " ".join(TEXT.split()))
    assert named
    assert [name for name in map("".join, named) if not any(title.startswith(name) for title in titles)] == []
