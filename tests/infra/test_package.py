"""The deployable zip holds one app and nothing else, and runs alone, with the local host, where the repository is not."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from integrations import CATALOGUE, load
from shared.destinations.kinds.kind import kind_of
from shared.integration import Http
from shared.storage.accounts import Account
from shared.storage.azure import AzureStore
from tests.conftest import free_ports
from tests.waiting import LONGEST, PATIENCE
from toolkit.local.simulated import Simulators
from toolkit.release.lock import locked
from toolkit.release.materials import FILE as BILL
from toolkit.release.package import OPS, RUNNING, VENDORED, compile_all, copy_app
from toolkit.samples import samples
from toolkit.say import ROOT

BUILT = os.environ.get("HUB_PACKAGE", "")  # a zip that is about to be deployed: it is the one that is looked at
SHOWN = ("lims-results-to-cdr", "phw-to-mpi")  # the first of them that delivers to another system
NAME = Path(BUILT).stem if BUILT else next(name for name in SHOWN if kind_of(load(name).destination).simulator)
# The interpreter below the virtual environment: it has what the zip brings, and nothing of the developer's machine.
PYTHON: str = getattr(sys, "_base_executable", "") or sys.executable
LIST_FUNCTIONS = "import function_app, json; print(json.dumps([f.get_function_name() for f in function_app.app.get_functions()]))"


def functions_of(folder: Path, wheels: str = "") -> set[str]:
    """The functions that the app in a folder registers, in a process that knows nothing else."""
    known = os.pathsep.join(filter(None, [str(folder), wheels]))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": known, "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    done = subprocess.run(
        [sys.executable, "-c", LIST_FUNCTIONS], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_an_app_holds_its_own_integration_alone(name: str, tmp_path: Path) -> None:
    """Its folder, shared/, a catalogue of one line; the other folders are not there to be imported."""
    stage = tmp_path / name
    copy_app(stage, {name: CATALOGUE[name]})
    folder = load(name).package
    assert {path.name for path in (stage / "integrations").iterdir()} == {"__init__.py", folder}
    assert not (stage / "toolkit").exists()
    assert [path.name for path in stage.rglob("samples/*") if ".in." not in path.name] == []
    shared = ("watchdog", "health", "ops", "docs")
    own = {each for each in functions_of(stage) if not each.startswith(shared)}
    assert own
    assert all(each.startswith(folder) for each in own)


def packaged(name: str, folder: Path) -> Path:
    """The zip, by the command as it is typed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "toolkit", "package", name, "--output", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / f"{name}.zip"


@pytest.fixture(scope="module")
def unzipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unzipped next to a copy of the local host, outside the repository."""
    folder = tmp_path_factory.mktemp("machine")
    made = Path(BUILT).resolve() if BUILT else packaged(NAME, folder / "dist")
    with zipfile.ZipFile(made) as archive:
        archive.extractall(folder / "app")
    (folder / "tools" / "toolkit" / "local").mkdir(parents=True)
    (folder / "tools" / "toolkit" / "__init__.py").touch()
    (folder / "tools" / "toolkit" / "local" / "__init__.py").touch()
    shutil.copytree(ROOT / "toolkit" / "local" / "host", folder / "tools" / "toolkit" / "local" / "host")
    return folder


@pytest.mark.slow
def test_wheels_are_vendored_and_compiled(unzipped: Path) -> None:
    vendored = unzipped / "app" / VENDORED
    assert {"azure", "aiohttp", "orjson"} <= {path.name for path in vendored.iterdir()}
    assert list((vendored / "aiohttp").glob("*.so")), "a wheel for Linux"
    app = unzipped / "app"
    for source in (app / "function_app.py", app / "shared" / "check.py", vendored / "azure" / "functions" / "__init__.py"):
        assert bytecode(source)[4] == 1, "unchecked hash: a cold start looks at no source"


def bytecode(source: Path) -> bytes:
    return (source.parent / "__pycache__" / f"{source.stem}.cpython-{RUNNING.replace('.', '')}.pyc").read_bytes()


def test_the_bytecode_of_the_app_and_of_its_wheels_is_used_without_a_look_at_the_source(tmp_path: Path) -> None:
    """The zip gives every file the same date, so bytecode that compares dates would be compiled at each cold start."""
    sources = [tmp_path / "function_app.py", tmp_path / VENDORED / "wheel" / "__init__.py"]
    for source in sources:
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("name = __file__\n", "utf-8")
    compile_all(tmp_path, RUNNING)
    for source in sources:
        compiled = bytecode(source)
        assert compiled[4] == 1
        assert str(tmp_path).encode() not in compiled
        source.write_text("raise ImportError('compiled again')\n", "utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(tmp_path), str(tmp_path / VENDORED)])}
    subprocess.run([PYTHON, "-c", "import function_app, wheel"], check=True, env=environment, cwd=tmp_path)


@pytest.mark.slow
def test_the_zip_holds_its_lock_and_its_bill_of_materials(unzipped: Path) -> None:
    """The bill lists every package that is there, each of them in the lock at this version; what is scanned is what runs."""
    app = unzipped / "app"
    listed = {(each["name"], each["version"]) for each in json.loads((app / BILL).read_bytes())["components"]}
    pinned = {(each.name, each.version) for each in locked((app / "requirements.lock").read_text("utf-8")) if each.holds(RUNNING)}
    assert listed == pinned
    assert len(listed) == len(list((app / VENDORED).glob("*.dist-info")))


class Running(NamedTuple):
    """An app that is up, alone: its address, what it said of its health, the systems at its other end."""

    url: str
    health: dict[str, str]
    simulators: Simulators


@asynccontextmanager
async def running(name: str, app: Path, machine: Path, storage: str) -> AsyncIterator[Running]:
    """The app of a folder, run by the local host in a process whose path holds the vendored wheels first."""
    simulators = Simulators([load(name)] if name != OPS else [])
    await simulators.start()
    port = free_ports(1)[0]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(machine / "app" / VENDORED), str(machine / "tools")]),
        "AzureWebJobsStorage": storage,
        "HUB_INTEGRATIONS": "" if name == OPS else name,
        "HUB_ROLE": "ops" if name == OPS else "",
        **simulators.settings,
    }
    command = [PYTHON, "-m", "toolkit.local.host", "--port", str(port), "--app", str(app), "--quiet"]
    process = subprocess.Popen(command, cwd=machine, env=environment)  # noqa: ASYNC220 - not of this loop
    try:
        url = f"http://127.0.0.1:{port}"
        yield Running(url, await asyncio.to_thread(wait_for, f"{url}/api/health", process), simulators)
    finally:
        process.terminate()
        process.wait(LONGEST)
        await simulators.stop()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        assert process.poll() is None, "the host ended"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return dict(json.load(answer))
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the host does not answer")


@pytest.mark.slow
async def test_the_zip_runs_alone(unzipped: Path, azurite: str) -> None:
    """Its health names the commit of the zip; a sample goes in through its own door and arrives: checked, mapped, sent."""
    async with running(NAME, unzipped / "app", unzipped, azurite) as app:
        assert app.health == {"status": "up", "version": (unzipped / "app" / "version.txt").read_text("utf-8").strip()}
        await (the_page_opens(app) if NAME == OPS else one_message_arrives(NAME, app, azurite))


@pytest.mark.slow
@pytest.mark.skipif(bool(BUILT), reason="one zip is looked at")
@pytest.mark.parametrize("name", [each for each in (*CATALOGUE, OPS) if each != NAME], ids=lambda name: name.replace("-", "_"))
async def test_every_other_app_runs_alone(name: str, unzipped: Path, tmp_path: Path, azurite: str) -> None:
    """What its zip would hold of code, with the wheels of the zip that was made: they are the same for all.

    Its id has no hyphens, so that ``./hub test -k NAME`` makes no zip and stays quick.
    """
    copy_app(tmp_path / "app", dict(CATALOGUE) if name == OPS else {name: CATALOGUE[name]})
    async with running(name, tmp_path / "app", unzipped, azurite) as app:
        await (the_page_opens(app) if name == OPS else one_message_arrives(name, app, azurite))


async def the_page_opens(app: Running) -> None:
    with await asyncio.to_thread(urllib.request.urlopen, f"{app.url}/api/ops", timeout=PATIENCE) as page:
        text = page.read().decode()
    assert [name for name in CATALOGUE if name not in text] == []


async def one_message_arrives(name: str, app: Running, storage: str) -> None:
    integration = load(name)
    sample = next(each for each in samples(integration) if not each.name.startswith("rejected"))
    if any(isinstance(trigger, Http) for trigger in integration.triggers):
        headers = {"Content-Type": sample.envelope.content_type}
        request = urllib.request.Request(f"{app.url}/api/v1/{name}", sample.body, headers)
        with await asyncio.to_thread(urllib.request.urlopen, request, timeout=PATIENCE) as answer:
            assert answer.status in (200, 202)
    else:
        store = AzureStore(Account(storage))
        await store.send(f"{name}-in", base64.b64encode(sample.body))
        await store.close()
    destination = app.simulators.running[integration.destination.name]
    for _ in range(300):
        if destination.received:
            break
        await asyncio.sleep(0.1)
    assert destination.received


@pytest.fixture
def other_integrations() -> list[str]:
    return [name for name in CATALOGUE if name != NAME]


@pytest.mark.slow
@pytest.mark.skipif(NAME == OPS, reason="the ops app holds them all")
def test_other_integrations_are_not_in_it(unzipped: Path, other_integrations: list[str]) -> None:
    names = {path.name for path in (unzipped / "app" / "integrations").iterdir()}
    assert not names & {load(name).package for name in other_integrations}
