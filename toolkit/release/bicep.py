"""The Bicep compiler: its diagnostics for ``infra/``, the compiled template, and the resources of each environment.

Offline: nothing here calls Azure. What the compiler made is kept in ``.hub/infra/`` under the digest of the whole folder, so
that a second reader pays nothing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from toolkit.say import HOME, ROOT

INFRA = ROOT / "infra"
ENVIRONMENTS = ("dev", "test", "prod")
RECOVERY = "recovery"  # production again, in a second region
LOCATIONS = {RECOVERY: "ukwest"}
NOWHERE = "00000000-0000-0000-0000-000000000000"  # what is evaluated here names no real subscription
KEPT = 200  # files in .hub/infra/
ABSENT = "the Bicep compiler is not installed: put bicep on the PATH to check infra/ and to estimate its cost"

Json = dict[str, Any]


class Refused(Exception):
    """The compiler has something to say about the template; the text is its diagnostics."""


@cache
def compiler() -> str:
    """The compiler: next to the repository, else on the PATH; empty when there is none."""
    neighbour = ROOT.parent / "shared" / "tools" / "bicep"
    return str(neighbour) if neighbour.exists() else shutil.which("bicep") or ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the compiler."""
    return subprocess.run([compiler(), *arguments], capture_output=True, text=True, env=environment(), check=False)


def environment() -> dict[str, str]:
    """The environment of the compiler: no measuring of its own code for later, which costs a third of its time."""
    return dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1", DOTNET_TieredPGO="0")


def build(infra: Path = INFRA) -> tuple[Json, list[str]]:
    """The compiled template, and every diagnostic: a warning of a type fault leaves the exit code at 0."""
    done = run("build", str(infra / "main.bicep"), "--stdout")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (json.loads(done.stdout) if done.stdout.strip() else {}), lines


def compiled(infra: Path) -> Json:
    """The template, compiled now. Raises ``Refused``."""
    built, diagnostics = build(infra)
    if diagnostics or not built:
        raise Refused("\n".join(diagnostics) or "no template")
    return built


def template(infra: Path = INFRA, compile: Callable[[Path], Json] = compiled) -> Json:
    """The compiled template, with its modules nested and their dependencies spelt out. Raises ``Refused``."""
    return _kept(f"template-{digest(infra)}", lambda: compile(infra))


def evaluated(environment: str, infra: Path) -> Json:
    """An environment, evaluated now. The compiler writes its outcome next to the parameters, hence a copy. Raises ``Refused``."""
    group = f"inthub-{environment}"
    where = [
        "--subscription-id",
        NOWHERE,
        "--tenant-id",
        NOWHERE,
        "--resource-group",
        group,
        "--location",
        LOCATIONS.get(environment, "uksouth"),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        copied = Path(scratch) / "infra"
        shutil.copytree(infra, copied)
        done = run("snapshot", str(copied / "environments" / f"{environment}.bicepparam"), "--mode", "overwrite", *where)
        diagnostics = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        if diagnostics or done.returncode:
            raise Refused("\n".join(diagnostics) or f"exit {done.returncode}")
        read: Json = json.loads((copied / "environments" / f"{environment}.snapshot.json").read_bytes())
    if read["diagnostics"]:
        raise Refused(json.dumps(read["diagnostics"]))
    return read


def resources(environment: str, infra: Path = INFRA, evaluate: Callable[[str, Path], Json] = evaluated) -> list[Json]:
    """Every resource of an environment: names, loops, conditions and modules resolved. Raises ``Refused``.

    Args:
        evaluate: makes the compiler's outcome of an environment and a folder, if it is not kept.
    """
    found: list[Json] = _kept(f"{environment}-{digest(infra)}", lambda: evaluate(environment, infra))["predictedResources"]
    return found


def digest(infra: Path) -> str:
    """Sixteen hexadecimal digits over the name and content of every file of the folder."""
    whole = hashlib.sha256()
    for path in sorted(path for path in infra.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(infra)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def _kept(name: str, make: Callable[[], Json]) -> Json:
    """What was made before of the same files, else made now. Written under another name first: workers run side by side."""
    path = HOME / "infra" / f"{name}.json"
    if not path.exists():
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(made), "utf-8")
        partial.replace(path)
        _forget(path.parent)
    read: Json = json.loads(path.read_bytes())
    return read


def _forget(folder: Path) -> None:
    """Keep the newest: each change of ``infra/`` leaves files that nothing asks for again."""
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT:]:
        path.unlink(missing_ok=True)
