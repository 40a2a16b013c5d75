"""``./hub new``: what it writes works at once, and reads as the others do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import without
from toolkit.generate.scaffold import files, write

ROOT = Path(__file__).resolve().parent.parent.parent.parent
COPIED = ("integrations", "shared", "toolkit", "tests", "function_app.py", "pyproject.toml", "local.settings.sample.json")


@pytest.mark.slow
def test_a_new_integration_passes_its_sample_and_the_gates(tmp_path: Path) -> None:
    """In a copy of the repository."""
    for name in COPIED:
        source = ROOT / name
        ignored = without("node_modules")
        shutil.copytree(source, tmp_path / name, ignore=ignored) if source.is_dir() else shutil.copy(source, tmp_path / name)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, env=environment, capture_output=True, text=True)

    made = run("toolkit", "new", "lab-to-index")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "lab-to-index" in run("toolkit", "list", "--json").stdout
    assert "wrote integrations/lab_to_index/samples/a31_update.out.hl7\n" in made.stdout
    assert "wrote integrations/lab_to_index/mapping_sheet.md\n" in made.stdout
    golden = tmp_path / "integrations/lab_to_index/samples/a31_update.out.hl7"
    assert b"|INDEX|HUB|" in golden.read_bytes()
    assert "PID-3" in (golden.parent.parent / "mapping_sheet.md").read_text()
    settings = json.loads((tmp_path / "local.settings.sample.json").read_text())["Values"]
    assert {"INDEX__HOST", "INDEX__PORT"} <= set(settings)
    again = run("toolkit", "new", "lab-to-index")
    assert (again.returncode, again.stderr) == (2, "hub: there is an integration lab-to-index already\n")
    gates = run("ruff", "check", "integrations/lab_to_index"), run("ruff", "format", "--check", "integrations/lab_to_index")
    assert [gate.returncode for gate in gates] == [0, 0], [gate.stdout for gate in gates]


def test_the_catalogue_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "integrations").mkdir()
    catalogue = tmp_path / "integrations" / "__init__.py"
    catalogue.write_text('CATALOGUE: dict[str, str] = {\n    "a-to-b": "integrations.a_to_b",\n}\n')
    write("lab-to-cdr", tmp_path)
    assert '    "lab-to-cdr": "integrations.lab_to_cdr",\n}\n' in catalogue.read_text()
    with pytest.raises(FileExistsError):
        write("lab-to-cdr", tmp_path)


def test_samples_are_bytes_with_cr() -> None:
    assert files("lab-to-cdr")["lab_to_cdr/samples/a31_update.in.hl7"].count(b"\r") == 4
