"""The relay as it is installed: the wheel alone, without the rest of the repository."""

import asyncio
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from shared.destinations.wire.framing import framed
from tests.relay.stand_in import StandIn, heard, message
from tests.waiting import LONGEST, PATIENCE

ROOT = Path(__file__).resolve().parents[2]
RELAY = ROOT / "relay"
PROJECT = tomllib.loads((RELAY / "pyproject.toml").read_text("utf-8"))
HELD = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]


def test_every_module_of_the_relay_is_in_the_package() -> None:
    assert {name for name in HELD if not name.startswith("../")} == {path.name for path in RELAY.glob("*.py")}
    assert all((RELAY / name).exists() for name in HELD)
    assert all(target == name.removeprefix("../") or target == f"relay/{name}" for name, target in HELD.items())


def test_every_module_of_the_library_that_the_relay_imports_is_in_the_package() -> None:
    """In a process of its own, from the repository: what is loaded there and is not in the package."""
    code = f"""
import importlib, sys
from pathlib import Path
for name in {sorted(path.stem for path in RELAY.glob("*.py"))!r}:
    importlib.import_module("relay" if name == "__init__" else f"relay.{{name}}")
print(*(one.__file__ for name, one in sys.modules.items() if name.startswith("shared") and one.__file__), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=LONGEST)
    loaded = [Path(line).relative_to(ROOT) for line in done.stdout.split()]
    held = {RELAY.joinpath(name).resolve().relative_to(ROOT) for name in HELD}
    assert loaded
    assert [str(path) for path in loaded if not held & {path, *path.parents}] == []


def test_its_requirements_have_the_versions_of_the_hub() -> None:
    pinned = (ROOT / "requirements.txt").read_text("utf-8") + (ROOT / "pyproject.toml").read_text("utf-8")
    needed = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["entra"]]
    assert [one for one in needed if one not in pinned] == []


def test_the_image_copies_what_the_package_needs() -> None:
    """There is no container engine in the tests: this holds what can be read; the pull request builds the image."""
    text = (RELAY / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (\S+) \./", text, re.M)
    assert copied == ["pyproject.toml", "shared", "relay"]
    assert {f"!{name}" for name in copied} <= set((RELAY / "Dockerfile.dockerignore").read_text("utf-8").split())
    assert 'ENTRYPOINT ["python", "-m", "relay"]' in text
    assert re.search(r"^USER (?!0|root)", text, re.M)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(RELAY)]
    subprocess.run(build, check=True, timeout=LONGEST)
    (wheel,) = folder.glob("integration_hub_relay-*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.slow
async def test_the_wheel_alone_relays_a_message(installed: Path, hub: StandIn, tmp_path: Path, unused_tcp_port: int) -> None:
    settings = tmp_path / "relay.toml"
    base, _, name = hub.url.partition("/api/v1/")
    settings.write_text(
        f'[hub]\nurl = "{base}"\n[[listener]]\nname = "pas"\nintegration = "{name}"\nport = {unused_tcp_port}\n', "utf-8"
    )
    command = (sys.executable, "-P", "-m", "relay", str(settings))
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        while b"MLLP on" not in (line := await asyncio.wait_for(process.stdout.readline(), PATIENCE)):
            assert line, "it ended"
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(framed(message()))
        assert await heard(reader) == ("AA", "A1")
        writer.close()
    finally:
        process.terminate()
        rest, _ = await process.communicate()
    assert process.returncode == 0
    assert b"1 answered, 0 not answered" in rest


@pytest.mark.slow
def test_every_module_in_the_wheel_can_be_imported(installed: Path) -> None:
    """What the package holds of the library imports nothing that it does not hold, except what is said here."""
    names = sorted(".".join(path.relative_to(installed).with_suffix("").parts) for path in installed.rglob("*.py"))
    relay = [name for name in names if name.startswith("relay") and not name.endswith("__init__")]
    code = "import sys, importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in relay)
    subprocess.run(
        [sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONPATH": str(installed)}, check=True, timeout=LONGEST
    )
