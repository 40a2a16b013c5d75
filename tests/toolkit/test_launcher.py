"""The launcher: which Python counts, and what it says when there is none."""

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The launcher as a module, with its virtual environment in a folder of the test."""
    loader = SourceFileLoader("hub_launcher", str(ROOT / "hub"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    module.VENV = tmp_path / "venv"
    module.PYTHON = module.VENV / "bin" / "python"
    module.STAMP = module.VENV / ".installed"
    return module


def shim(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_shim_that_refuses_does_not_count(hub: ModuleType, tmp_path: Path) -> None:
    refusing = shim(tmp_path, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    assert hub.version_of(str(refusing)) == ""
    assert hub.version_of(str(tmp_path / "absent")) == ""
    assert hub.version_of(sys.executable) == HERE


def test_the_best_version_comes_first(hub: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.11", "3.12"):
        shim(tmp_path, f"python{version}", f"echo {version}")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hub, "VERSIONS", ["3.12", "3.11"])
    monkeypatch.setattr(hub, "VERSION_FOLDERS", ())
    found = [python for python in hub.candidates() if python != sys.executable]
    assert found == [str(tmp_path / "python3.12"), str(tmp_path / "python3.11")]


def test_version_folders_of_a_manager_are_looked_into(hub: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.11.4", "3.11.9"):
        shim(tmp_path / version, "python", "echo 3.11") if (tmp_path / version).mkdir() is None else None
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(hub, "VERSION_FOLDERS", (f"{tmp_path}/{{v}}*/python",))
    assert list(hub.places("3.11"))[1:] == [str(tmp_path / "3.11.9" / "python"), str(tmp_path / "3.11.4" / "python")]


@pytest.mark.slow
def test_a_python_that_cannot_make_an_environment_is_passed_over(
    hub: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lame = shim(tmp_path, "lame", f'case "$*" in *venv*) echo "ensurepip is not available"; exit 1;; *) echo {HERE};; esac')
    monkeypatch.setattr(hub, "candidates", lambda: [str(lame), sys.executable])
    hub.make_venv()
    assert hub.version_of(str(hub.PYTHON)) == HERE


def test_no_python_at_all_is_one_line(
    hub: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hub, "candidates", list)
    with pytest.raises(SystemExit):
        hub.make_venv()
    assert capsys.readouterr().err == (
        "hub: Python 3.13 or 3.12 or 3.11 is needed, and no installed Python can create a virtual environment\n"
    )


def test_no_network_is_one_line(hub: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        hub.explain("WARNING: Retrying ... NewConnectionError ...\nERROR: No matching distribution found for x")
    assert capsys.readouterr().err.startswith("hub: no network:")
    assert capsys.readouterr().err.count("\n") == 0


def test_installed_once_until_the_pins_change(hub: ModuleType, tmp_path: Path) -> None:
    hub.PYTHON.parent.mkdir(parents=True)
    hub.PYTHON.touch()
    hub.STAMP.write_text(hub.fingerprint())
    assert hub.is_ready()
    hub.STAMP.write_text("another")
    assert not hub.is_ready()


def test_the_shell_finds_a_python_when_the_first_refuses(tmp_path: Path) -> None:
    """``python3`` may be a shim that refuses: the next one is taken."""
    shim(tmp_path, "python3", "exit 127")
    shim(tmp_path, "python3.13", 'if [ "$1" = "-c" ]; then exit 0; fi; echo "started $1"')
    printed = subprocess.run(
        ["/bin/sh", str(ROOT / "hub"), "list"], env={"PATH": str(tmp_path), "HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert printed.stdout == f"started {ROOT / 'hub'}\n"


@pytest.mark.skipif(os.name == "nt", reason="shell")
def test_the_launcher_parses_on_an_old_python() -> None:
    """No syntax newer than Python 3.5: it has to say which Python is needed, not fail."""
    import ast

    ast.parse((ROOT / "hub").read_text(), feature_version=(3, 5))
