"""What tests share: Azurite, started once for a whole run when a test asks for it, and stopped politely."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from shared.fhir.definitions.tables import codes
from shared.issue import Issue
from shared.storage.accounts import KEY
from tests.real_fhir_server import real_fhir_server
from tests.waiting import PATIENCE
from toolkit.local import azurite as toolkit_azurite

__all__ = ["real_fhir_server"]  # a fixture: one server for all tests that ask for it

ROOT = Path(__file__).resolve().parent.parent
CONDITIONS = ("0", "100", "101", "102", "103", "200", "201", "202", "203", "204", "205", "206", "207")  # HL7 table 0357
SERVICES = ("blob", "queue", "table")

# No example has a time limit: a loaded machine is no fault of the product. The rest is as it is by default, in CI and elsewhere.
settings.register_profile("untimed", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """A run in the background of a shell ignores Ctrl-C, and so would every program that a test starts and ends with it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def connection_string(ports: list[int]) -> str:
    ends = ";".join(
        f"{name.capitalize()}Endpoint=http://127.0.0.1:{port}/devstoreaccount1"
        for name, port in zip(SERVICES, ports, strict=True)
    )
    return f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};{ends};"


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite of our own, in memory."""
    command = str(toolkit_azurite.program())
    ports = free_ports(3)
    flags = [flag for name, port in zip(SERVICES, ports, strict=True) for flag in (f"--{name}Port", str(port))]
    common = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    process = subprocess.Popen([command, *flags, *common], env=toolkit_azurite.environment(), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not all(map(listening, ports)):
            assert process.poll() is None, "Azurite did not start"
            assert time.monotonic() < deadline, "Azurite does not listen"
            time.sleep(0.05)
        yield connection_string(ports)
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def every_finding_says_what_is_wrong() -> Iterator[None]:
    """Whatever test meets a finding: it has a severity, a code of FHIR's issue-type and HL7's table 0357, and a text."""
    made = Issue.__new__

    def checked(cls: type[Issue], *values: Any, **named: Any) -> Issue:
        issue = made(cls, *values, **named)
        assert issue.severity in ("fatal", "error", "warning", "information"), issue
        assert issue.code in codes("issue-type"), issue
        assert issue.text.strip(), issue
        assert issue.condition in CONDITIONS, issue
        return issue

    Issue.__new__ = checked  # type: ignore[method-assign,assignment]
    yield
    Issue.__new__ = made  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the golden files; then read the diff")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))
