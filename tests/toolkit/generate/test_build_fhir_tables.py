"""``./hub build-fhir-tables``: its inputs are pinned, a missing one is one line, and it reproduces the committed tables."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from toolkit.cli import hub
from toolkit.commands.generate.fhir_tables import TABLES
from toolkit.generate import definitions
from toolkit.generate.build_fhir_tables import write_folder
from toolkit.generate.definitions import NATIONAL, PACKAGE, R4, pinned, r4_folder
from toolkit.say import ROOT

# Where this team keeps the national definitions, or the folder that you name.
FOLDER = Path(os.environ.get("HUB_FHIR_DEFINITIONS", ROOT.parent / "shared" / "tools" / "fhir-definitions"))


def run(*arguments: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    ran = CliRunner().invoke(hub(["build-fhir-tables"]), ["build-fhir-tables", *arguments])
    return ran.exit_code, ran.output


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


@pytest.mark.slow
def test_it_reproduces_the_committed_tables_byte_for_byte(tmp_path: Path) -> None:
    absent = [name for name in NATIONAL if not (FOLDER / name).is_file()]
    if absent:
        pytest.skip(f"{', '.join(absent)} not in {FOLDER}: set HUB_FHIR_DEFINITIONS to the folder of the national definitions")
    try:
        base = r4_folder()
    except SystemExit:
        pytest.skip("the FHIR R4 definitions cannot be installed: npm or the network is missing")
    code, printed = run("--definitions", str(FOLDER), "--r4", str(base), "--target", str(tmp_path))
    assert code == 0, printed
    built, committed = everything(tmp_path), everything(TABLES)
    assert built.keys() == committed.keys()
    assert [name for name in built if built[name] != committed[name]] == []


def test_the_package_is_pinned_by_version_and_checksum() -> None:
    """Without the address of a registry: npm uses the one that the machine is set up for."""
    declared = json.loads((PACKAGE / "package.json").read_bytes())["dependencies"]
    locked = json.loads((PACKAGE / "package-lock.json").read_bytes())["packages"]
    assert {f"node_modules/{name}": version for name, version in declared.items()} == {
        name: each["version"] for name, each in locked.items() if name
    }
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for name, each in locked.items() if name)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "hub: give the folder of uk-core-stu1.json and wales.json: --definitions DIR (docs/contributing.md, section 5)"),
        (("--definitions", "none"), "hub: uk-core-stu1.json is missing in none: give its folder by --definitions"),
    ],
)
def test_a_missing_input_is_one_line(arguments: tuple[str, ...], line: str, tmp_path: Path) -> None:
    code, printed = run(*arguments, "--target", str(tmp_path))
    assert code == 1
    assert printed.startswith(line)
    assert printed.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_changed_input_is_refused_until_its_change_is_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(SystemExit):
        pinned(tmp_path, {"a.json": "0" * 64}, option="--definitions")
    assert "a.json has another checksum than the pinned one" in capsys.readouterr().err
    assert pinned(tmp_path, {"a.json": "0" * 64}, option="--definitions", is_new=True) == [tmp_path / "a.json"]
    assert f'"a.json": "{hashlib.sha256(b"{}").hexdigest()}",' in capsys.readouterr().err


def test_a_package_that_cannot_be_installed_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = subprocess.CompletedProcess([], returncode=1, stdout="", stderr="npm error code E404\nnpm error 404 Not Found\n")
    monkeypatch.setattr(definitions, "HOME", tmp_path)
    monkeypatch.setattr(definitions, "INSTALLED", tmp_path / "definitions")
    monkeypatch.setattr(definitions, "npm", lambda: "npm")
    monkeypatch.setattr(definitions.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit):
        r4_folder()
    assert "npm could not install the FHIR R4 definitions: npm error code E404" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_an_earlier_build_does_not_stay(tmp_path: Path) -> None:
    write_folder(tmp_path, {"Patient": {}, "Location": {}})
    write_folder(tmp_path, {"Patient": {}})
    assert [path.name for path in tmp_path.iterdir()] == ["Patient.json"]


def test_every_pinned_file_has_a_checksum() -> None:
    assert all(len(checksum) == 64 for checksum in (R4 | NATIONAL).values())
