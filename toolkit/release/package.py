"""The deployable zip of one integration: its folder, ``shared/``, a catalogue of its own, the run-time wheels."""

import compileall
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from py_compile import PycInvalidationMode

from shared.version import FILE
from toolkit.release.lock import LOCK, lines
from toolkit.release.materials import FILE as BILL
from toolkit.release.materials import bill
from toolkit.say import HOME, ROOT, say, stop

OPS = "ops"
VENDORED = Path(".python_packages", "lib", "site-packages")
APP_FILES = ("function_app.py", "host.json", "requirements.txt", "requirements.lock")
LEFT_OUT = {"__pycache__", "mapping_sheet.md", "tests"}
SAMPLES = "samples"
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")  # what a Flex Consumption app runs on
EPOCH = (1980, 1, 1, 0, 0, 0)
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def package(name: str, folders: dict[str, str], output: Path, python: str = RUNNING) -> Path:
    """Make ``NAME.zip``, its SHA-256 and its bill of materials; ``folders`` maps the integrations in it to their modules."""
    with tempfile.TemporaryDirectory() as scratch:
        stage = Path(scratch) / name
        copy_app(stage, folders)
        (stage / FILE).write_text(f"{commit()}\n", "utf-8")
        shutil.copytree(wheels(python), stage / VENDORED)
        materials = bill(stage / VENDORED, name, commit())
        (stage / BILL).write_text(materials, "utf-8")
        compile_all(stage, python)
        output.mkdir(parents=True, exist_ok=True)
        target = output / f"{name}.zip"
        write_zip(stage, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_suffix(".zip.cdx.json").write_text(materials, "utf-8")
    target.with_suffix(".zip.sha256").write_text(f"{digest}  {target.name}\n", "utf-8")
    return target


def commit() -> str:
    """The commit, marked when the tree differs from it; ``unknown`` where there is no repository."""
    head, state = (
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{head or 'unknown'}{'+changed' if state else ''}"


def copy_app(stage: Path, folders: dict[str, str]) -> None:
    """The code: what every app has, and these integrations alone."""
    stage.mkdir(parents=True)
    for name in APP_FILES:
        shutil.copy2(ROOT / name, stage / name)
    shutil.copytree(ROOT / "shared", stage / "shared", ignore=left_out)
    for module in folders.values():
        shutil.copytree(ROOT / module.replace(".", "/"), stage / module.replace(".", "/"), ignore=left_out)
    (stage / "integrations" / "__init__.py").parent.mkdir(exist_ok=True)
    (stage / "integrations" / "__init__.py").write_text(catalogue(folders), "utf-8")


def left_out(folder: str, names: list[str]) -> Iterable[str]:
    """What is not deployed. Of the samples only the messages are: ``GET /api/docs`` offers them to partners."""
    is_output = Path(folder).name == SAMPLES
    return [name for name in names if name in LEFT_OUT or name.endswith(".pyc") or (is_output and ".in." not in name)]


def catalogue(folders: dict[str, str]) -> str:
    """``integrations/__init__.py`` with these lines alone in its catalogue."""
    source = (ROOT / "integrations" / "__init__.py").read_text("utf-8")
    lines = "".join(f'    "{name}": "{module}",\n' for name, module in folders.items())
    changed, count = re.subn(r"(CATALOGUE: dict\[str, str\] = )\{[^{}]*\n\}", rf"\1{{\n{lines}}}", source, count=1)
    if not count:
        stop("integrations/__init__.py has no CATALOGUE that can be read")
    return changed


def wheels(python: str) -> Path:
    """The run-time wheels for Azure, unpacked: made once for each version of requirements.lock, in .hub/."""
    made = HOME / "wheels" / f"{python}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not made.exists():
        building = made.with_name(f"{made.name}.{os.getpid()}")
        install(building, python)
        building.rename(made)
    return made


def install(target: Path, python: str) -> None:
    """pip, for the machine that will run it, not for this one: from the lock alone, and only what has its hash.

    No source is built, so the tested zip is the deployed zip.
    """
    say(f"fetching the run-time wheels for Python {python} (once) ...")
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    for_azure = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "packages.txt"
        listed.write_text("\n".join(lines(python)), "utf-8")
        from_lock = ["--no-deps", "--require-hashes", "--requirement", str(listed), "--target", str(target)]
        done = subprocess.run([*pip, *for_azure, *from_lock], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        stop("pip could not fetch the wheels: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1])
    for name in ("bin", "share"):
        shutil.rmtree(target / name, ignore_errors=True)


def compile_all(stage: Path, python: str) -> None:
    """Byte code that needs no look at its source: a cold start compiles nothing."""
    if python != RUNNING:
        say(f"not compiled: this is Python {RUNNING}, the package is for {python}, so cold starts will be slower")
        return
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(stage, quiet=2, invalidation_mode=mode, stripdir=str(stage), workers=1)


def write_zip(stage: Path, target: Path) -> None:
    """Sorted, with one date and one mode, so that the same commit gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(each for each in stage.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(stage).as_posix(), EPOCH)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
