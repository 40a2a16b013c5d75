"""Which integrations a change reaches: the matrix of a deployment, from the paths that differ between two commits.

Called by the workflows: ``python -m toolkit.release.changed BASE`` prints ``names=[...]`` and
``infra=true|false`` for the step's output.
"""

import json
import subprocess
import sys
from collections.abc import Iterable

from integrations import CATALOGUE

OPS = "ops"
# What is in every app, or decides how every app is made.
EVERYTHING = (
    "shared/",
    "function_app.py",
    "host.json",
    "requirements.txt",
    "requirements.lock",
    "toolkit/release/lock.py",
    "toolkit/release/package.py",
    "toolkit/commands/release/package.py",
)
ADDRESSES_NOTHING = ("samples/", "mapping_sheet.md")


def changed(paths: Iterable[str], catalogue: dict[str, str] = CATALOGUE) -> list[str]:
    """The apps to deploy: all of them for what they share, else those whose own folder changed; ops has every folder."""
    paths = [path for path in paths if not any(part in path for part in ADDRESSES_NOTHING)]
    if any(path.startswith(EVERYTHING) for path in paths):
        return [*sorted(catalogue), OPS]
    folders = {name: module.replace(".", "/") + "/" for name, module in catalogue.items()}
    touched = sorted(name for name, folder in folders.items() if any(path.startswith(folder) for path in paths))
    is_listed = any(path.startswith("integrations/") for path in paths)  # the catalogue, or a folder that went
    return [*touched, OPS] if touched or is_listed else []


def needs_infrastructure(paths: Iterable[str]) -> bool:
    """Whether the template must be deployed: it, its modules and parameters, and the manifest lie in infra/."""
    return any(path.startswith("infra/") for path in paths)


def differing(base: str) -> list[str]:
    """The paths that differ from a commit; all files when there is no such commit (a first deployment)."""
    known = subprocess.run(["git", "cat-file", "-e", f"{base}^{{commit}}"], capture_output=True, check=False).returncode == 0
    asked = ["git", "diff", "--name-only", base, "HEAD"] if known else ["git", "ls-files"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()


def main(base: str) -> None:
    paths = differing(base)
    print(f"names={json.dumps(changed(paths))}")
    print(f"infra={json.dumps(needs_infrastructure(paths))}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
