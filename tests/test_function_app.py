"""What the app registers, seen from outside: each integration's functions, bound as bytes, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations import CATALOGUE, load
from shared.integration import EventGrid, Http, Queue

ROOT = Path(__file__).resolve().parent.parent
INDEX = """
import json, function_app
found = [[json.loads(b) for b in f.get_raw_bindings()] + [f.get_function_name()] for f in function_app.app.get_functions()]
print(json.dumps(found))
"""
EACH = {"status", "in", "in_poison", "work", "work_poison"}
BY_TRIGGER = {Http: {"http"}, Queue: set(), EventGrid: {"event"}}
ALL_KINDS = EACH.union(*BY_TRIGGER.values())
SHARED = {"watchdog", "health", "docs"}


def functions(**settings: str) -> dict[str, Any]:
    """Trigger binding by function name, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    ran = subprocess.run([sys.executable, "-c", INDEX], capture_output=True, text=True, env=environment, check=True)
    return {one[-1]: one[0] for one in json.loads(ran.stdout)}


def test_every_integration_of_the_catalogue() -> None:
    found = functions()
    for integration in map(load, CATALOGUE):
        kinds = EACH.union(*(BY_TRIGGER[type(trigger)] for trigger in integration.triggers))
        own = {name for name in found if name.removeprefix(f"{integration.package}_") in ALL_KINDS}
        assert own == {f"{integration.package}_{kind}" for kind in kinds}
        if "http" in kinds:
            assert found[f"{integration.package}_http"]["route"] == f"v1/{integration.name}"
        assert found[f"{integration.package}_in"]["queueName"] == f"{integration.name}-in"
    assert set(found) >= SHARED
    assert {one["dataType"] for one in found.values() if one["type"] == "queueTrigger"} == {"BINARY"}


def test_one_integration_alone() -> None:
    found = functions(HUB_INTEGRATIONS="phw-to-mpi")
    assert {name for name in found if not name.startswith("phw_to_mpi_")} - {"ops"} == SHARED


def test_every_instance_writes_its_own_counts() -> None:
    """The watchdog's timer may run on another instance than the doors."""
    run_in_the_app("assert app.hub().on_count")


def test_a_process_that_is_asked_for_its_health_has_a_pulse() -> None:
    """So that the loss of storage is reported by a process that needs no lease, even if no message comes."""
    run_in_the_app("begun = []; app.pulse.begin = begun.append; await app.health(None); assert begun == app._hub")


def run_in_the_app(statements: str) -> None:
    """Run these in a process of the app, in an event loop as the worker has one."""
    code = f"import asyncio, function_app as app\nasync def main():\n    {statements}\nasyncio.run(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_the_ops_app_has_no_integrations() -> None:
    assert set(functions(HUB_ROLE="ops")) - {"ops"} == SHARED - {"docs"}


def test_a_key_vault_reference_that_was_not_resolved_stops_the_app() -> None:
    """As the hash key it would be a text that anyone can guess; the log names the setting and never its value."""
    reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/hash-key)"
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        functions(HUB_HASH_KEY=reference, MPI__KEY=f" {reference}".lower())
    assert "did not resolve: HUB_HASH_KEY, MPI__KEY" in stopped.value.stderr
    assert "vault.example" not in stopped.value.stderr
