"""``run`` and ``check`` do not look like success when the hub's own output would fail its check."""

import base64
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import integrations
from integrations import load
from shared.integration import Integration
from toolkit.cli import app
from toolkit.samples import accepted

RUN = CliRunner()


def without_names(integration: Integration) -> Integration:
    """The integration with a mapping that loses the patient's name, and one that breaks."""
    return replace(integration, transform=lambda message: type(message)(_nameless(message), message.encoding))


def _nameless(message) -> list[str]:
    return ["|".join([*line.split("|")[:5], ""]) if line.startswith("PID") else line for line in message.lines]


def broken(integration: Integration) -> Integration:
    return replace(integration, transform=lambda message: 1 // 0)


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> bytes:
    """A message that is accepted, by an integration whose mapping is wrong."""
    sound = load("paris-to-mpi")
    body = accepted(sound)[0].body
    wrong = request.param(sound)
    monkeypatch.setattr(integrations, "load", lambda name: wrong)
    return body


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("sample", "rule", "where", "says"),
    [(without_names, "patient-name", "PID-5", "not accepted"), (broken, "fault", "", "accepted, but would fail")],
    indirect=["sample"],
)
def test_the_fault_its_path_and_the_exit_code(command: str, sample: bytes, rule: str, where: str, says: str) -> None:
    """Output that fails its check is refused at the door; a mapping that breaks is accepted, and would be a dead letter."""
    result = RUN.invoke(app, [command, "paris-to-mpi", "--json"], input=sample)
    payload = json.loads(result.stdout)
    assert result.exit_code == 1
    assert payload["accepted"] is (rule == "fault")
    assert ("not-sendable" in [issue["rule"] for issue in payload["issues"]]) is (rule != "fault")
    assert [(each["rule"], each["where"]) for each in payload["faults"]] == [(rule, where)]
    assert not payload.get("outgoing")
    text = RUN.invoke(app, [command, "paris-to-mpi"], input=sample)
    assert text.exit_code == 1
    assert says in text.stdout
    assert f"({rule})" in text.stdout


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("sample", [without_names], indirect=True)
def test_one_line_of_many_names_its_fault_and_all_are_answered(command: str, sample: bytes) -> None:
    line = json.dumps({"name": "one", "body_base64": base64.b64encode(sample).decode()})
    result = RUN.invoke(app, [command, "paris-to-mpi", "--jsonl"], input=f"{line}\n{line}\n")
    assert result.exit_code == 0
    assert [len(json.loads(each)["faults"]) for each in result.stdout.splitlines()] == [1, 1]


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_message_that_passes_has_no_faults(command: str) -> None:
    result = RUN.invoke(app, [command, "paris-to-mpi", "--json"], input=accepted(load("paris-to-mpi"))[0].body)
    assert result.exit_code == 0
    assert "faults" not in json.loads(result.stdout)
