"""What a person can correct is one line that says what to do, and the exit status is not 0."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import free_ports
from tests.processes import neighbours
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = "integrations/phw_to_mpi/samples/a31_null.in.hl7"
NO_STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9"}


def started(*words: str, folder: Path = ROOT, **environment: str) -> "subprocess.Popen[str]":
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "toolkit", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("demo", "nosuch"), "no integration is called nosuch"),
        (("demo", "phw-to-mpi", "mpi-to-wis"), "name both: ./hub demo mpi-outbound mpi-to-wis"),
        (("bench", "floors"), "benchmarks: cold, csv_rows, fhir, first, host, memory, parse, path, throughput, v2, v2xml, xml"),
        (("bench", "memory"), "the setting HUB_BENCH_DOCUMENT is not a number"),
        (("up", "nosuch"), "no integration is called nosuch"),
        (("up", "--misbehave", "MPI"), "--misbehave is DESTINATION=BEHAVIOUR"),
        (("up", "--misbehave", "MPI=nosuch"), "no such behaviour: nosuch"),
        (("simulate", "NOSUCH"), "no destination called NOSUCH"),
        (("simulate", "MPI", "late,nosuch"), "no such behaviour: nosuch"),
        (("trace", "x", "--by", "nosuch"), "'nosuch' is not one of"),
        (("trace", "x", "--since", "nosuch"), "use an age such as"),
        (("trace", "x", "--outcome", "nosuch"), "use one of delivered"),
        (("send", "phw-to-mpi", SAMPLE, "--url", "nonsense"), "nonsense is not an address"),
        (("thresholds", "nosuch"), "name an integration of the catalogue"),
        (("nosuch",), "No such command"),
        (("check",), "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line(words: tuple[str, ...], said: str) -> None:
    process = started(*words, **NO_STORAGE, HUB_BENCH_DOCUMENT="abc")
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode in (1, 2)
    assert said in errors
    assert (output, errors.count("\n")) == ("", 1)


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = started("simulate")
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.wait(PATIENCE)


def in_time(process: "subprocess.Popen[str]", line: str) -> list[str]:
    """Its lines up to this one; the process is ended if the line does not come."""
    assert process.stdout
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    read = []
    for each in process.stdout:
        read.append(each)
        if line in each:
            break
    timer.cancel()
    return read


@pytest.mark.slow
def test_a_setting_that_stops_the_host_is_one_line() -> None:
    [port], [storage, *_] = free_ports(1), neighbours()
    words = ("up", "phw-to-mpi", "--port", str(port), "--storage-port", str(storage))
    _, errors = started(*words, HUB_MEMORY="abc").communicate(timeout=PATIENCE)
    begun, why = errors.splitlines()
    assert "starting storage" in begun
    assert "the setting HUB_MEMORY is not a number" in why


@pytest.mark.slow
def test_ctrl_c_at_any_moment_ends_in_order_and_a_second_hub_does_not_start(tmp_path: Path) -> None:
    [port], [storage, *_] = free_ports(1), neighbours()
    words = ("up", "phw-to-mpi", "--port", str(port), "--storage-port", str(storage), "--misbehave", "MPI=never*")
    first = started(*words)
    try:
        read = in_time(first, "The hub is up")
        assert read, first.communicate()
        assert "The hub is up" in read[-1]
        second = started("up", "--port", "0", "--storage-port", str(neighbours()[0]))
        assert "another ./hub up runs in this folder" in second.communicate(timeout=PATIENCE)[1]
        assert second.returncode == 1
        state = started("simulate", "MPI", "AE")
        assert "received" in state.communicate(timeout=PATIENCE)[0]
    finally:
        first.send_signal(signal.SIGINT)
        _, errors = first.communicate(timeout=PATIENCE)
    assert (first.returncode, "Traceback" in errors) == (0, False)
    early = started(*words)
    assert early.stderr
    assert "starting storage" in early.stderr.readline()
    early.send_signal(signal.SIGINT)
    assert "stopped" in early.communicate(timeout=PATIENCE)[1]
    assert early.returncode == 0


@pytest.mark.slow
def test_storage_that_is_stopped_before_it_runs_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by Ctrl-C: the start is in a thread of its own, and the stop comes before it has a process."""
    from toolkit.local import azurite

    storage = azurite.Azurite(tmp_path / "storage")
    found = azurite.program()
    monkeypatch.setattr(azurite, "program", lambda: (storage.stop(), found)[1])
    with pytest.raises(SystemExit):
        storage.start()
    assert storage.process
    assert storage.process.poll() is not None
