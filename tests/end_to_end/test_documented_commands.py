"""Every ``./hub`` command that the documents name is run as it is written, against a hub that is up.

Placeholders (NAME, FILE, MESSAGE, ...) are filled in; a command that the command line does not know, or that fails, is
red. What writes into the tree runs in a second copy of it.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from shared.storage.accounts import KEY
from tests.conftest import free_ports
from tests.copies import without
from tests.processes import ended, neighbours, started
from tests.waiting import LONGEST, PATIENCE
from toolkit.cli import app
from toolkit.commands.develop.setup import _fingerprint as installed
from toolkit.local.azurite import program
from toolkit.local.drops import halves
from toolkit.say import HOME, ROOT

pytestmark = pytest.mark.slow
OTHERS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
DOCUMENTS = (*OTHERS, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "decisions").glob("*.md")))
NAME = "phw-to-mpi"
SAMPLE = ROOT / "integrations" / "phw_to_mpi" / "samples" / "a31_null.in.hl7"
CLINIC = ROOT / "integrations" / "clinic_appointments_to_cdr" / "samples"
LETTER = ROOT / "integrations" / "documents_to_cdr" / "samples" / "minimal.in.json"
WRITES = {"new", "test", "sheet", "docs", "manifest", "lock"}  # into the tree: in a copy of its own
RUN_BY_ANOTHER_TEST = {
    "demo": "tests/end_to_end/test_demo.py",
    "impact --corpus CORPUS": "tests/toolkit/migrate/test_impact.py",  # needs the commits, which a copy does not have
    "impact": "tests/toolkit/migrate/test_impact.py",
    "watch NAME": "tests/toolkit/watch/test_watch.py",  # stays until Ctrl-C
    "package NAME": "tests/infra/test_package.py",
    "guide-coverage": "tests/toolkit/test_guide_coverage.py",  # takes minutes
    "mutate --paths shared/hl7/ack.py": "tests/toolkit/test_mutation.py",  # needs the commits
    "build-fhir-tables --definitions DIR": "tests/toolkit/generate/test_build_fhir_tables.py",  # needs the national definitions
    "build-fhir-tables --definitions DIR --new-definitions": "tests/toolkit/generate/test_build_fhir_tables.py",
    "cost": "tests/toolkit/release/test_cost.py",  # needs the Bicep compiler
    "cost --environment prod": "tests/toolkit/release/test_cost.py",
    "rehearse 503": "tests/end_to_end/test_credentials.py",  # the other commands need the storage
    "rehearse off": "tests/end_to_end/test_credentials.py",
    "test -k NAME --accept": "tests/end_to_end/test_documented_commands.py",  # with another name, of README.md
    "site": "tests/toolkit/test_site.py",
    "test": "tests/end_to_end/test_documented_commands.py",  # with words behind it, and in .ci/run
}
# What stays until Ctrl-C: the words that it prints when it is ready, and what keeps it off the ports of this machine.
LASTING = {"up": "The hub is up", "relay": "MLLP on"}
# A benchmark exits with status 1 when this machine misses a goal; here a short one has to end and print its figures.
SHORT_BENCH = {
    "HUB_BENCH_SECONDS": "1",
    "HUB_BENCH_IDLE": "1",
    "HUB_BENCH_BACKLOG": "10",
    "HUB_BENCH_MESSAGES": "8",
    "HUB_BENCH_BATCH": "8",
    "HUB_BENCH_WAY": "SOAP",
}
SETTLED = {"replay": "delivered", "dead discard": "discarded"}  # what became of the dead letter that the command was given
NOT_COPIED = without(".git", ".hub", ".venv", "node_modules", "dist", ".*_cache", "tests.*")
# Half of all tests, which say nothing of one integration: they would only be collected, for half a minute of every whole run.
OF_THE_HUB = ("faults", "fuzz", "infra", "relay", "shared", "toolkit")


def documented() -> list[str]:
    """The commands of the documents in order, each once, without the remark behind it."""
    texts = [path.read_text("utf-8") for path in DOCUMENTS]
    found = [words.split("  #")[0].strip() for text in texts for words in re.findall(r"(?:`|^\s*)\./hub +([^`\n]*)", text, re.M)]
    return list(dict.fromkeys(re.sub(r" +", " ", words) for words in found))


def takes_arguments(text: str) -> bool:
    """Whether a command was only named: ``./hub check`` in a sentence, which needs more words to run."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(text)
    while words and hasattr(command, "commands"):
        command = command.commands.get(words.pop(0))
    required = [one for one in getattr(command, "params", []) if one.required]
    return bool(required) and not words


class Machine(NamedTuple):
    """A hub that is up, run from a copy of the tree; the simulated index behaves as configured."""

    folder: Path
    url: str
    control: str
    environment: dict[str, str]

    def run(self, *words: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
        where = folder or self.folder
        environment = {**self.environment, "PYTHONPATH": str(where)}
        command = [sys.executable, "-m", "toolkit", *words]
        return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)

    def outcome(self, where: str) -> str:
        with urllib.request.urlopen(self.url + where, timeout=PATIENCE) as answer:
            return str(json.load(answer)["outcome"])

    def settled(self, where: str, expected: str) -> bool:
        deadline = time.monotonic() + PATIENCE
        while self.outcome(where) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.outcome(where) == expected

    def sent(self, body: bytes) -> str:
        """Where its status is asked for."""
        request = urllib.request.Request(f"{self.url}/api/v1/{NAME}", body, {"Content-Type": "application/hl7-v2"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return str(answer.headers["Location"])


def copied(folder: Path) -> Path:
    """The tree, with what this machine has installed for it already."""
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    program()
    (HOME / "wheels").mkdir(parents=True, exist_ok=True)
    (folder / ".hub").mkdir()
    for path in (HOME / "azurite", HOME / "wheels", HOME / "node_modules"):
        if path.exists():
            (folder / ".hub" / path.name).symlink_to(path)
    if (ROOT / "node_modules").exists():
        (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    (folder / ".hub" / ".for-tests").write_text(f"{installed().split()[0]} 0", "utf-8")
    return folder


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """``./hub up`` itself is the hub that the other commands meet; it must end well too."""
    folder = copied(tmp_path_factory.mktemp("machine") / "hub")
    ports, [own] = neighbours(), free_ports(1)
    blob, queue, table = (f"http://127.0.0.1:{port}/devstoreaccount1" for port in ports)
    storage = f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
    storage += f"BlobEndpoint={blob};QueueEndpoint={queue};TableEndpoint={table};"
    base = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CI")}
    index, printed = started(
        ["-m", "toolkit.local.simulators.mpi", "--port", "0", "--control-port", "0"], "listening on", folder, base
    )
    port, control = re.findall(r"\d+", printed)
    base |= {"MPI__HOST": "127.0.0.1", "MPI__PORT": port}
    up = ["-m", "toolkit", "up", "--port", str(own), "--storage-port", str(ports[0])]
    try:
        hub, _ = started(up, LASTING["up"], folder, base)
        url = f"http://127.0.0.1:{own}"
        settings = {"AzureWebJobsStorage": storage, "HUB_URL": url, "COLUMNS": "200"} | SHORT_BENCH
        yield Machine(folder, url, f"http://127.0.0.1:{control}", base | settings)
        assert ended(hub) == 0
    finally:
        ended(index)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree that commands may write into."""
    folder = copied(tmp_path_factory.mktemp("desk") / "hub")
    for path in chain.from_iterable((folder / "tests" / each).rglob("test_*.py") for each in OF_THE_HUB):
        path.unlink()
    return folder


@pytest.fixture(scope="module")
def fresh() -> Callable[[], tuple[str, bytes]]:
    """A control id and a message under it, of a patient of its own."""
    numbers = count(1)
    body = SAMPLE.read_bytes()

    def make() -> tuple[str, bytes]:
        n = next(numbers)
        control_id = f"DOC{n:05}"
        return control_id, body.replace(b"PHW000007", control_id.encode()).replace(b"SCR100006", b"SCR%06d" % n)

    return make


@pytest.fixture
def file(fresh: Callable[[], tuple[str, bytes]], tmp_path: Path) -> Path:
    path = tmp_path / "my-message.hl7"
    path.write_bytes(fresh()[1])
    return path


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A PDF and its sidecar in the same folder."""
    for extension, body in halves(LETTER.read_bytes(), "json").items():
        (tmp_path / f"letter.{extension}").write_bytes(body)
    return tmp_path / "letter.pdf"


@pytest.fixture
def control_id(machine: Machine, fresh: Callable[[], tuple[str, bytes]]) -> str:
    """Of a message that was delivered."""
    known, body = fresh()
    assert machine.settled(machine.sent(body), "delivered")
    return known


@pytest.fixture
def dead(machine: Machine, fresh: Callable[[], tuple[str, bytes]]) -> str:
    """Where a message that the index refused for good is asked for."""
    urllib.request.urlopen(f"{machine.control}/will", b"AR", timeout=PATIENCE).close()
    where = machine.sent(fresh()[1])
    assert machine.settled(where, "dead")
    return where


def filled(text: str, request: pytest.FixtureRequest) -> list[str]:
    """The words of a command, each placeholder made and put in."""
    words = shlex.split(text)
    made: dict[str, Callable[[], str]] = {
        "NAME": lambda: NAME,
        "PAIRS": lambda: str(SAMPLE.parent),
        "FOLDER": lambda: str(SAMPLE.parent),
        "REPORT": lambda: str(request.getfixturevalue("tmp_path") / "report.html"),
        "FAILING": lambda: str(SAMPLE.with_name("rejected_no_name.in.hl7")),
        "TEXT": lambda: "rehearsal of the runbook",
        "FILE": lambda: str(request.getfixturevalue("file")),
        "my-message.hl7": lambda: str(request.getfixturevalue("file")),
        "list.csv": lambda: str(CLINIC / "attended.in.csv"),
        "letter.pdf": lambda: str(request.getfixturevalue("letter")),
        "CONTROL_ID": lambda: request.getfixturevalue("control_id"),
        "MY-CONTROL-ID": lambda: request.getfixturevalue("control_id"),
        "MESSAGE": lambda: request.getfixturevalue("dead").rsplit("/", 1)[1],
    }
    return [made[word]() if word in made else word for word in words]


SHORT = [text for text in documented() if text.split()[0] not in LASTING and text not in RUN_BY_ANOTHER_TEST]


def id_of(text: str) -> str:
    """As the id of a test: a name in it must not be found by ``./hub test -k NAME``."""
    return text.replace("-", "_")


LONG = [text for text in documented() if text.split()[0] in LASTING]


@pytest.mark.parametrize("text", [text for text in SHORT if text.split()[0] not in WRITES], ids=id_of)
def test_command_of_a_hub_that_is_up(text: str, machine: Machine, request: pytest.FixtureRequest) -> None:
    where = request.getfixturevalue("dead") if {"--all", "MESSAGE"} & set(text.split()) else ""
    ran = machine.run(*filled(text, request), *(["--help"] if takes_arguments(text) else []))
    missed_goal = ran.returncode == 1 and text.startswith("bench ") and "goal" in ran.stdout.strip().rpartition("\n")[2]
    assert ran.returncode == 0 or missed_goal, ran.stdout + ran.stderr
    for words, expected in SETTLED.items():
        if where and text.startswith(words):
            assert machine.settled(where, expected)


@pytest.mark.parametrize("text", [text for text in SHORT if text.split()[0] in WRITES], ids=id_of)
def test_command_that_writes(text: str, machine: Machine, desk: Path, request: pytest.FixtureRequest) -> None:
    ran = machine.run(*filled(text, request), *(["--help"] if takes_arguments(text) else []), folder=desk)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("text", LONG, ids=id_of)
def test_command_that_stays(text: str, machine: Machine) -> None:
    """``up`` is the hub of the other tests; a relay listens and leaves in order."""
    if text.startswith("up"):
        assert urllib.request.urlopen(f"{machine.url}/api/health", timeout=PATIENCE).status == 200
        return
    words = ["-m", "toolkit", *shlex.split(text), "--port", "0"]
    process, _ = started(words, LASTING["relay"], machine.folder, machine.environment)
    assert ended(process) == 0


def test_what_another_test_runs_is_run_there() -> None:
    for text, path in RUN_BY_ANOTHER_TEST.items():
        assert f'"{text.split()[0]}"' in (ROOT / path).read_text("utf-8")


def test_a_command_that_does_not_exist_is_red(machine: Machine) -> None:
    assert machine.run("replay", NAME, "--everything").returncode != 0
