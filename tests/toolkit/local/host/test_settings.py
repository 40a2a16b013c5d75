"""Settings, host.json and connections."""

import json
from pathlib import Path

import pytest

from toolkit.local.host.settings import (
    AZURITE,
    SettingError,
    apply_local_settings,
    connection,
    host_json,
    is_disabled,
    resolved,
    timespan,
)


def test_the_environment_wins_over_local_settings(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(
        json.dumps({"Values": {"A": "file", "B": "file"}, "Host": {"LocalHttpPort": 8000}})
    )
    environment = {"A": "own"}
    assert apply_local_settings(tmp_path, environment) == {"LocalHttpPort": 8000}
    assert environment == {"A": "own", "B": "file", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}


def test_values_must_be_strings(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"A": 1}}))
    with pytest.raises(SettingError, match="A must be a string"):
        apply_local_settings(tmp_path, {})


def test_any_key_of_host_json_can_be_overridden(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": {"batchSize": 16}}}))
    environment = {"AzureFunctionsJobHost__extensions__Queues__batchSize": "1", "AzureFunctionsJobHost__functionTimeout": "-1"}
    document = host_json(tmp_path, environment)
    assert (document["extensions"]["queues"]["batchSize"], document["functionTimeout"]) == ("1", "-1")


def test_the_version_must_be_2(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        host_json(tmp_path, {})


def test_connections() -> None:
    assert connection("X", {"AzureWebJobsX": "first", "X": "second"}) == "first"
    assert connection("X", {"X": "second"}) == "second"
    assert connection("", {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}) == AZURITE
    assert connection("X", {"X__queueServiceUri": "u", "X__clientId": "c"}) == {"queueServiceUri": "u", "clientId": "c"}
    with pytest.raises(SettingError, match="'X' does not exist"):
        connection("X", {})


def test_percent_names() -> None:
    assert resolved("a-%B%-c", {"B": "b"}) == "a-b-c"
    with pytest.raises(SettingError, match="%B%"):
        resolved("%B%", {})


def test_disabled() -> None:
    assert is_disabled("f", {"AzureWebJobs.f.Disabled": "True"})
    assert not is_disabled("f", {"AzureWebJobs.f.Disabled": "0"})


def test_a_time_span_that_is_none() -> None:
    with pytest.raises(SettingError):
        timespan("five minutes")
