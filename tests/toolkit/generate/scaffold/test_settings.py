"""The settings of a new destination are added once, for this machine, and nothing else changes."""

import json
from pathlib import Path

import pytest

from shared.destinations.event_grid import Topic
from shared.destinations.fhir_server import FhirServer
from shared.destinations.http import HttpEndpoint
from shared.destinations.mllp import Mllp
from shared.destinations.queue import QueueOf
from shared.destinations.soap import Soap
from shared.integration import Destination
from toolkit.generate.scaffold.settings import SAMPLE, add_settings

KINDS = (Topic, FhirServer, HttpEndpoint, Mllp, QueueOf, Soap)


@pytest.mark.parametrize(
    "destination", [each("NEW") for each in (Topic, FhirServer, HttpEndpoint, Mllp, QueueOf, Soap)], ids=type
)
def test_what_is_added_is_for_this_machine(destination: Destination, tmp_path: Path) -> None:
    (tmp_path / SAMPLE).write_text('{\n  "Values": {\n    "OTHER__URL": ""\n  },\n  "Host": {}\n}\n')
    added = add_settings(destination, tmp_path)
    held = json.loads((tmp_path / SAMPLE).read_text())
    assert list(held["Values"]) == ["OTHER__URL", *added]
    assert added
    assert all("127.0.0.1" in value for name, value in held["Values"].items() if "//" in value or name.endswith("HOST"))
    assert add_settings(destination, tmp_path) == []
