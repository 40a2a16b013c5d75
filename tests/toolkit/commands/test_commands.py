"""``./hub list``, ``check`` and ``run``: what others rely on."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from toolkit.cli import COMMANDS
from toolkit.commands.develop.check import read

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SAMPLES = ROOT / "integrations" / "phw_to_mpi" / "samples"


def hub(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-m", "toolkit", *arguments], input=stdin, capture_output=True, env=environment)


def answer(*arguments: str, stdin: bytes = b"") -> Any:
    ran = hub(*arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_catalogue() -> None:
    rows = answer("list", "--json")
    assert {"name", "summary", "owner", "format", "triggers", "destination"} <= set(rows[0])
    assert "phw-to-mpi" in [row["name"] for row in rows]


def test_a_verdict() -> None:
    taken = answer("check", "phw-to-mpi", str(SAMPLES / "a31_null.in.hl7"), "--json")
    assert (taken["acknowledgement"], taken["accepted"]) == ("AA", True)
    refused = answer("check", "phw-to-mpi", "-", "--json", stdin=(SAMPLES / "rejected_two_findings.in.hl7").read_bytes())
    assert (refused["acknowledgement"], refused["accepted"]) == ("AE", False)
    assert [issue["where"] for issue in refused["issues"]] == ["PID-5", "PID-7"]
    assert set(refused["issues"][0]) == {"severity", "rule", "code", "where", "text"}


def test_a_run_gives_what_would_leave() -> None:
    ran = answer("run", "phw-to-mpi", str(SAMPLES / "a31_null.in.hl7"), "--json")
    [outgoing] = ran["outgoing"]
    assert outgoing["body"].encode() == (SAMPLES / "a31_null.out.hl7").read_bytes()
    assert isinstance(ran["fate"], list)
    assert answer("run", "phw-to-mpi", str(SAMPLES / "rejected_no_pid.in.hl7"), "--json")["outgoing"] == []


def lines(count: int) -> bytes:
    bodies = [base64.b64encode((SAMPLES / f"{name}.in.hl7").read_bytes()).decode() for name in ("a31_null", "a31_latin1")]
    return "\n".join(json.dumps({"name": f"m{n}", "body_base64": bodies[n % 2]}) for n in range(count)).encode()


@pytest.mark.slow
def test_a_thousand_messages_in_one_process() -> None:
    ran = hub("run", "phw-to-mpi", "--jsonl", stdin=lines(1000))
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert [result["name"] for result in results] == [f"m{n}" for n in range(1000)]
    assert all(result["accepted"] and len(result["outgoing"]) == 1 for result in results)
    latin = results[1]["outgoing"][0]
    assert base64.b64decode(latin["body_base64"]) == (SAMPLES / "a31_latin1.out.hl7").read_bytes()


def test_an_invalid_line_is_reported_and_the_rest_answered() -> None:
    ran = hub("check", "phw-to-mpi", "--jsonl", stdin=b"{}\n" + lines(1))
    first, second = (json.loads(line) for line in ran.stdout.splitlines())
    assert (ran.returncode, "error" in first, second["accepted"]) == (1, True, True)


NO_HUB = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "no-such"), b"hub: no integration is called no-such: ./hub list shows the catalogue\n"),
        (("check", "phw-to-mpi", "/no/such/file"), b"hub: cannot read /no/such/file: No such file or directory\n"),
        (("send", "phw-to-mpi", "-", "--url", NO_HUB), f"hub: no hub answers at {NO_HUB}: start it with ./hub up\n".encode()),
    ],
)  # fmt: skip
def test_one_clear_line(arguments: tuple[str, ...], said: bytes) -> None:
    ran = hub(*arguments, stdin=b"MSH|^~\\&|")
    assert ran.returncode != 0
    assert ran.stderr == said


def test_strict_tells_by_its_exit_code() -> None:
    assert hub("check", "phw-to-mpi", str(SAMPLES / "rejected_no_pid.in.hl7"), "--strict").returncode == 1
    assert hub("check", "phw-to-mpi", str(SAMPLES / "a31_null.in.hl7"), "--strict").returncode == 0


def test_a_port_in_use_is_one_line() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = hub("up", "--port", str(port))
    assert ran.returncode == 1
    assert ran.stderr.decode().startswith(f"hub: port {port} (the hub) is in use")
    assert ran.stderr.count(b"\n") == 1


HEAVY = ("aiohttp", "azure.core", "rich.console", "fhir.resources")
RUN = """
import sys
from toolkit.cli import main
try:
    main()
except SystemExit:
    print([name for name in %r if name in sys.modules], file=sys.stderr)
"""


def test_a_run_is_quick() -> None:
    """No SDK, no host, no web server is loaded for it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN % (HEAVY,), "run", "phw-to-mpi", str(SAMPLES / "a31_null.in.hl7"), "--json"]
    assert subprocess.run(command, capture_output=True, text=True, env=environment).stderr.strip() == "[]"


def test_only_the_command_that_is_called_is_loaded() -> None:
    """A check loads neither the demo nor the package builder; help still lists every command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    unwanted = ("toolkit.commands.develop.demo", "toolkit.commands.release.package", "toolkit.commands.operate.send")
    command = [sys.executable, "-c", RUN % (unwanted,), "check", "phw-to-mpi", str(SAMPLES / "a31_null.in.hl7")]
    assert subprocess.run(command, capture_output=True, text=True, env=environment).stderr.strip() == "[]"
    listed = hub("--help").stdout.decode()
    assert all(name in listed for name in COMMANDS)


@pytest.mark.parametrize(("is_terminal", "said"), [(True, "hub: no file is named: type or paste the message"), (False, "")])
def test_a_command_that_waits_for_a_person_says_so(
    is_terminal: bool, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a word it would seem to hang; in a pipe it says nothing."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: is_terminal, buffer=io.BytesIO(b"MSH|")))
    assert read("-") == b"MSH|"
    printed = capsys.readouterr().err
    assert printed.startswith(said) if said else printed == ""
