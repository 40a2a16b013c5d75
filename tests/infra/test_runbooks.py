"""docs/operations.md: a section for each alert, and no command that does not exist."""

import re
from typing import Any

import pytest
import typer.main

from tests.infra.world import OPERATIONS, world
from toolkit import bicep
from toolkit.cli import app

TEXT = OPERATIONS.read_text("utf-8")
SECTIONS = dict(re.findall(r"^### Alert: ([a-z-]+)\n(.*?)(?=^##)", TEXT, re.M | re.S))
COMMANDS = sorted(set(re.findall(r"\./hub ([^`\n]*)", TEXT)))


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


@pytest.mark.slow
@pytest.mark.parametrize("text", COMMANDS)
def test_command_exists_with_its_options(text: str) -> None:
    command: Any = typer.main.get_command(app)
    words = text.split()
    while words and hasattr(command, "commands"):
        word = words.pop(0)
        assert word in command.commands, f"./hub has no {word}"
        command = command.commands[word]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known


def test_links_lead_somewhere() -> None:
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
