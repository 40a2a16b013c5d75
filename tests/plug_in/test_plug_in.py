"""A format, a destination and an integration that use them are added to a copy of the repository: new files and three lines.

``tree`` holds the new files. No other file of the copy changes, and the tools, the canary sweep and the tests of every format,
destination and integration work with them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import without
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
TREE = Path(__file__).with_name("tree")
COPIED = ("shared", "toolkit", "integrations", "tests", "docs", "infra", "relay")
LINES = {  # registry -> the line that it gets
    "shared/formats/__init__.py": ("FORMATS", '    "pairs": "shared.formats.pairs",\n'),
    "shared/destinations/kinds/__init__.py": ("DESTINATIONS", '    "carrier": "shared.destinations.carrier",\n'),
    "integrations/__init__.py": ("CATALOGUE", '    "pairs-to-carrier": "integrations.pairs_to_carrier",\n'),
}
SAMPLE = "integrations/pairs_to_carrier/samples/name.in.pairs"
OF_EVERY_THING = (
    "tests/test_samples.py",
    "tests/canary/test_core.py",
    "tests/shared/intake/test_request.py",
    "tests/shared/formats/test_facts.py",
    "tests/shared/destinations/kinds/test_kinds.py",
    "tests/shared/destinations/kinds/test_failures.py",
    "tests/toolkit/analyse/test_fate.py",
    "tests/toolkit/release/test_smoke.py",
)
DELIVERY = """
import asyncio, os
from integrations import load
from shared import check
from toolkit.local.demo_screen import _place
from toolkit.local.simulated import Simulators
from toolkit.samples import accepted

async def deliver():
    integration = load("pairs-to-carrier")
    simulators = Simulators([integration])
    await simulators.start()
    os.environ.update(simulators.settings)
    for outgoing in check.run(integration, accepted(integration)[0].envelope).outgoing:
        await integration.destination.deliver(outgoing)
    arrived = simulators.running["CARRIER"].path.read_text()
    await simulators.stop()
    print(_place(integration), arrived)

asyncio.run(deliver())
"""

PACKAGE = """
import sys
from pathlib import Path
from toolkit.release.package import copy_app

copy_app(Path(sys.argv[1]), {"pairs-to-carrier": "integrations.pairs_to_carrier"})
"""
IN_PACKAGE = """
from integrations import CATALOGUE, load
from shared import check
from shared.envelope import Envelope

sent = Envelope(integration="pairs-to-carrier", body=b"id=A1\\nward=W1\\nname=Prawf\\n", received_at="2026-05-01T09:30:00.000Z")
print(list(CATALOGUE), check.run(load("pairs-to-carrier"), sent).outgoing[0].body)
"""
PAGE = ROOT / "docs" / "source-format.md"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the new files and the three lines; its generated files written again."""
    place = tmp_path_factory.mktemp("copy") / "hub"
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name, ignore=without("plug_in"))
    for path in (*ROOT.glob("*.lock"), *ROOT.glob("*.toml"), *ROOT.glob("*.json"), *ROOT.glob("*.py"), *ROOT.glob("*.txt")):
        shutil.copy(path, place)
    shutil.copytree(TREE, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (registry, line) in LINES.items():
        with_line(place / name, registry, line)
    for command in (["sheet", "pairs-to-carrier", "--write"], ["docs", "--write"], ["manifest"]):
        hub(place, *command)
    return place


def with_line(file: Path, registry: str, line: str) -> None:
    """Add a line at the end of a registry."""
    before, declared, rest = file.read_text("utf-8").partition(f"\n{registry}: ")
    head, end, tail = rest.partition("\n}\n")
    file.write_text(f"{before}{declared}{head}\n{line.rstrip()}{end}{tail}", "utf-8")


def run(place: Path, *arguments: str) -> str:
    """Python in the copy; its output."""
    environment = {**os.environ, "PYTHONPATH": str(place), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=place, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def hub(place: Path, *arguments: str) -> str:
    return run(place, "-m", "toolkit", *arguments)


@pytest.mark.slow
def test_check_and_run_read_the_format(copy: Path) -> None:
    assert json.loads(hub(copy, "check", "pairs-to-carrier", SAMPLE, "--json"))["accepted"] is True
    ran = json.loads(hub(copy, "run", "pairs-to-carrier", SAMPLE, "--json"))
    assert ran["outgoing"][0]["content_type"] == "text/x-pairs"
    assert {"path": "name", "fate": "copied", "to": ["name"], "reason": ""} in ran["fate"]


@pytest.mark.slow
def test_sheet_and_documents_show_format_and_destination(copy: Path) -> None:
    assert "| `ward` |  | the carrier serves one ward |" in (copy / "integrations/pairs_to_carrier/mapping_sheet.md").read_text()
    generated = copy / "docs" / "generated"
    document = json.loads((generated / "openapi.json").read_text())
    [(kind, shown)] = document["components"]["requestBodies"]["pairs-to-carrier"]["content"].items()
    sample = (copy / SAMPLE).read_text()
    assert kind == "text/x-pairs"
    assert sample in [each["value"] for each in shown["examples"].values()]
    assert "pairs: Messages of one ward" in (generated / "interfaces/pairs-to-carrier.md").read_text()
    assert "| `no-carrier` |" in (generated / "delivery-failures.md").read_text()
    assert "## carrier\n\nSimulated" in (generated / "destination-settings.md").read_text()
    manifest = json.loads((copy / "infra/manifest.json").read_text())
    (entry,) = [each for each in manifest["integrations"] if each["name"] == "pairs-to-carrier"]
    assert entry["destination"] == {"name": "CARRIER", "kind": "carrier"}


@pytest.mark.slow
def test_the_simulator_is_started_and_the_demo_names_the_destination(copy: Path) -> None:
    assert run(copy, "-c", DELIVERY).startswith("carrier CARRIER id=A1\nname=Prawf\n")


@pytest.mark.slow
def test_canary_door_smoke_and_every_other_general_test(copy: Path) -> None:
    options = ("-o", "addopts=--import-mode=importlib --strict-markers", "-p", "no:cacheprovider", "-v", "-k", "pairs or carrier")
    lines = run(copy, "-m", "pytest", *options, *OF_EVERY_THING).splitlines()
    passed = [line for line in lines if " PASSED" in line]
    assert {name for name in OF_EVERY_THING if not any(line.startswith(name) for line in passed)} == set()


@pytest.mark.slow
def test_the_package_of_the_integration_holds_the_format(copy: Path, tmp_path: Path) -> None:
    """The code of the package alone: the wheels are the same for every integration."""
    stage = tmp_path / "stage"
    run(copy, "-c", PACKAGE, str(stage))
    assert run(stage, "-c", IN_PACKAGE) == "['pairs-to-carrier'] b'id=A1\\nname=Prawf\\n'\n"


def test_the_page_shows_the_files_of_the_example() -> None:
    text = PAGE.read_text("utf-8")
    for file in ("__init__.py", "source.py"):
        assert (TREE / "shared/formats/pairs" / file).read_text("utf-8").rstrip() in text


@pytest.mark.slow
def test_no_other_file_of_the_copy_changed(copy: Path) -> None:
    new = {path.relative_to(TREE).as_posix() for path in TREE.rglob("*") if path.is_file()}
    generated = ("docs/generated/", "infra/manifest.json", "integrations/pairs_to_carrier/")
    changed = {
        name
        for path in copy.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not (name := path.relative_to(copy).as_posix()).startswith(".")
        if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != path.read_bytes()
    }
    assert {name for name in changed - new if not name.startswith(generated)} == set(LINES)
    for name, (_, line) in LINES.items():
        assert (copy / name).read_text("utf-8").replace(line, "") == (ROOT / name).read_text("utf-8")
