"""The Bicep compiler: where it is, and its diagnostics for ``infra/``. Offline: nothing here calls Azure."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
INFRA = ROOT / "infra"
ENVIRONMENTS = ("dev", "test", "prod")
NOWHERE = "00000000-0000-0000-0000-000000000000"  # a snapshot names no real subscription
ABSENT = "the Bicep compiler is not installed: put bicep on the PATH to compile and to refresh the snapshots of infra/"


@cache
def compiler() -> str:
    """The compiler: next to the repository, else on the PATH; empty when there is none."""
    neighbour = ROOT.parent / "shared" / "tools" / "bicep"
    return str(neighbour) if neighbour.exists() else shutil.which("bicep") or ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the compiler."""
    environment = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1")
    return subprocess.run([compiler(), *arguments], capture_output=True, text=True, env=environment, check=False)


def build(infra: Path = INFRA) -> tuple[dict[str, Any], list[str]]:
    """The compiled template, and every diagnostic: a warning of a type fault leaves the exit code at 0."""
    done = run("build", str(infra / "main.bicep"), "--stdout")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (json.loads(done.stdout) if done.stdout.strip() else {}), lines


def snapshot(environment: str, mode: str = "validate", infra: Path = INFRA) -> list[str]:
    """Evaluate the template of an environment and write the outcome, or compare it with what is in git; return its output."""
    group = f"inthub-{environment}"
    where = ["--subscription-id", NOWHERE, "--tenant-id", NOWHERE, "--resource-group", group, "--location", "uksouth"]
    done = run("snapshot", str(infra / "environments" / f"{environment}.bicepparam"), "--mode", mode, *where)
    lines = (done.stdout + done.stderr).splitlines()
    if mode == "overwrite" and done.returncode == 0:
        _settle(path_of(environment, infra))
    return [line for line in lines if line.strip()] or ([] if done.returncode == 0 else [f"exit {done.returncode}"])


def resources(environment: str, infra: Path = INFRA) -> list[dict[str, Any]]:
    """Every resource of an environment, from its snapshot: names, loops, conditions and modules resolved."""
    predicted: list[dict[str, Any]] = json.loads(path_of(environment, infra).read_bytes())["predictedResources"]
    return predicted


def path_of(environment: str, infra: Path = INFRA) -> Path:
    """Path of an environment's snapshot."""
    return infra / "environments" / f"{environment}.snapshot.json"


def _settle(path: Path) -> None:
    """The outputs by name: the compiler writes them in another order each time, which is no difference."""
    read = json.loads(path.read_bytes())
    read["outputs"] = dict(sorted(read["outputs"].items()))
    path.write_text(json.dumps(read, indent=2, ensure_ascii=False), "utf-8")
