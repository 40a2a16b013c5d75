"""The relay's own deployment: it compiles, and says the same as the settings of the relay."""

import json
import re
import tomllib
from typing import Any

import pytest

from relay.settings import settings
from toolkit.release import bicep

TEMPLATE, PARAMETERS = bicep.INFRA / "relay.bicep", bicep.INFRA / "environments" / "relay-test.bicepparam"
TOML = (bicep.ROOT / "relay" / "relay.toml").read_text("utf-8")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not bicep.compiler(), reason=bicep.ABSENT)]


def compiled(verb: str, path: str) -> Any:
    done = bicep.run(verb, path, "--stdout")
    assert (done.returncode, done.stderr.strip()) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def template() -> Any:
    return compiled("build", str(TEMPLATE))


@pytest.fixture(scope="module")
def parameters() -> dict[str, Any]:
    read = json.loads(compiled("build-params", str(PARAMETERS))["parametersJson"])["parameters"]
    return {name: one["value"] for name, one in read.items()}


def resource(template: Any, kind: str) -> Any:
    (found,) = [one for one in template["resources"].values() if one["type"] == kind]
    return found["properties"]


def test_it_has_the_ports_and_the_files_of_its_settings(parameters: dict[str, Any]) -> None:
    listeners = settings(tomllib.loads(TOML)).listeners
    assert parameters["settings"] == TOML
    assert parameters["ports"] == [one.port for one in listeners]
    assert {one["file"] for one in parameters["secretFiles"]} == set(
        re.findall(r"^\w[^#\n]*\"/run/secrets/([\w.-]+)\"", TOML, re.M)
    )


def test_its_settings_let_the_platform_and_the_senders_in(template: Any) -> None:
    made = settings(tomllib.loads(TOML))
    (container,) = resource(template, "Microsoft.App/containerApps")["template"]["containers"]
    assert made.health
    assert made.health.host == "0.0.0.0"
    assert {probe["httpGet"]["port"] for probe in container["probes"]} == {made.health.port}
    assert {one.host for one in made.listeners} == {"0.0.0.0"}


def test_no_address_outside_the_network(template: Any) -> None:
    network = resource(template, "Microsoft.App/managedEnvironments")["vnetConfiguration"]
    assert network["internal"] is True


def test_two_instances_and_time_to_answer(template: Any) -> None:
    app = resource(template, "Microsoft.App/containerApps")["template"]
    longest = max(one.endpoint.timeout + one.endpoint.patience for one in settings(tomllib.loads(TOML)).listeners)
    assert template["parameters"]["instances"]["minValue"] == 2
    assert app["terminationGracePeriodSeconds"] > longest
