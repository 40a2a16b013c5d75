"""What an environment has not got yet: the matrix of a deployment, from the paths that differ since each app was last deployed.

The tag ``deployed/ENVIRONMENT/APP`` is the commit that an environment has (``infrastructure`` is one of the apps). Compared with
that, a run that GitHub cancels loses nothing: the next one still finds the change. Called by the workflows:
``python -m toolkit.release.changed ENVIRONMENT... [--everything]`` prints ``ENVIRONMENT_names=[...]`` and
``ENVIRONMENT_infra=true|false`` for each, and ``names=[...]`` for all of them together, as outputs of a step.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping

from integrations import CATALOGUE

OPS, INFRASTRUCTURE = "ops", "infrastructure"
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
    """Whether the template must be deployed: it, its modules and parameters, and the manifest are in infra/."""
    return any(path.startswith("infra/") for path in paths)


def differing(base: str) -> list[str]:
    """The paths that differ from a commit; all files when there is no such commit (a first deployment)."""
    known = bool(base) and _git("cat-file", "-e", f"{base}^{{commit}}").returncode == 0
    arguments = ("diff", "--name-only", base, "HEAD") if known else ("ls-files",)
    return _git(*arguments, check=True).stdout.splitlines()


def outstanding(deployed: Mapping[str, str], catalogue: dict[str, str] = CATALOGUE) -> tuple[list[str], bool]:
    """The apps to deploy, and whether the template is; ``deployed`` is app -> commit, without those never deployed."""
    since = {commit: differing(commit) for commit in {"", *deployed.values()}}
    names = [name for name in (*sorted(catalogue), OPS) if name in changed(since[deployed.get(name, "")], catalogue)]
    return names, needs_infrastructure(since[deployed.get(INFRASTRUCTURE, "")])


def deployed(environment: str) -> dict[str, str]:
    """App -> the commit that an environment has, from the tags of this clone."""
    prefix = f"refs/tags/deployed/{environment}/"
    listed = _git("for-each-ref", "--format=%(refname) %(objectname)", prefix, check=True).stdout.splitlines()
    return {name.removeprefix(prefix): commit for name, commit in (line.split() for line in listed)}


def _git(*words: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", *words], capture_output=True, text=True, check=check)


def main(environments: list[str], everything: bool) -> None:
    """``names`` is what any of the environments needs: what is built."""
    built: set[str] = set()
    for environment in environments:
        names, infra = outstanding({} if everything else deployed(environment))
        built |= set(names)
        print(f"{environment}_names={json.dumps(names)}")
        print(f"{environment}_infra={json.dumps(infra)}")
    print(f"names={json.dumps([name for name in (*sorted(CATALOGUE), OPS) if name in built])}")


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if not word.startswith("--")], "--everything" in sys.argv)
