"""docs/operations.md: a section for each alert (its commands are run by tests/end_to_end/test_documented_commands.py)."""

import re

import pytest

from tests.infra.world import OPERATIONS, world
from toolkit import bicep

TEXT = OPERATIONS.read_text("utf-8")
SECTIONS = dict(re.findall(r"^### Alert: ([a-z-]+)\n(.*?)(?=^##)", TEXT, re.M | re.S))


@pytest.mark.parametrize("name", SECTIONS)
def test_section_says_what_it_means_how_to_see_and_what_to_do(name: str) -> None:
    assert [part for part in ("**Means:**", "**See:**", "**Do:**") if part not in SECTIONS[name]] == []


@pytest.mark.parametrize("environment", bicep.ENVIRONMENTS)
def test_every_alert_has_its_section_and_every_section_its_alert(environment: str) -> None:
    seen = world(environment)
    kinds = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts")
    named = {re.search(r"#alert-([a-z-]+)$", r["properties"]["description"])[1] for kind in kinds for r in seen.of(kind)}  # type: ignore[index]
    assert named - SECTIONS.keys() == set()
    assert SECTIONS.keys() - named <= {"unavailable"}  # asked from outside only where an app is public


def test_links_lead_somewhere() -> None:
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
