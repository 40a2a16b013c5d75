"""A real FHIR server, if there is one next to the repository: started once for a test session, stopped by its process."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.reference_validator import java_environment

LAUNCHER = Path(__file__).resolve().parents[2] / "shared" / "tools" / "fhir-server"
PATIENCE = 420  # seconds; about 40 on an idle machine
FIRST = {"resourceType": "Patient", "active": True}  # the first resource that is validated takes many seconds


@pytest.fixture(scope="session")
def real_fhir_server() -> Iterator[str]:
    """The base URL of a HAPI FHIR server that validates what it gets."""
    if not LAUNCHER.exists():
        pytest.skip(f"no real FHIR server: {LAUNCHER} is absent; the simulated one is tested alone")
    if not shutil.which("java"):
        pytest.skip("no real FHIR server: it needs Java 17, and there is no java on the path; the simulated one is tested alone")
    with _running(_free_port()) as url:
        yield url


@contextmanager
def _running(port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}/fhir"
    command = [str(LAUNCHER), str(port), "--hapi.fhir.validation.requests_enabled=true"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=java_environment(), start_new_session=True
    )
    try:
        _wait(process, f"{url}/metadata")
        _validate_first(url)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail("the FHIR server did not come up")


def _validate_first(url: str) -> None:
    """Let the server load its definitions: otherwise the first transaction of a test waits for that, and may time out."""
    headers = {"Content-Type": "application/fhir+json"}
    request = urllib.request.Request(f"{url}/Patient/$validate", data=json.dumps(FIRST).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
