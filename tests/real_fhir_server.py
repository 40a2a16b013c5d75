"""A real FHIR server, if there is one next to the repository: started once for a test session, stopped by its process."""

import os
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

LAUNCHER = Path(__file__).resolve().parents[2] / "shared" / "tools" / "fhir-server"
PATIENCE = 420  # seconds; about 40 on an idle machine


@pytest.fixture(scope="session")
def real_fhir_server() -> Iterator[str]:
    """The base URL of a HAPI FHIR server that validates what it gets."""
    if not LAUNCHER.exists():
        pytest.skip("there is no real FHIR server next to this repository")
    with _running(_free_port()) as url:
        yield url


@contextmanager
def _running(port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}/fhir"
    command = [str(LAUNCHER), str(port), "--hapi.fhir.validation.requests_enabled=true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(process, f"{url}/metadata")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=60):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail("the FHIR server did not come up")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
