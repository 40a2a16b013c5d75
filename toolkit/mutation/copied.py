"""A copy of the tracked files, in which all runs: the working tree may be edited meanwhile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Without rewritten assertions: pytest would read a module with doctests from its file, and not with the mutant.
# Without the time-out of a test, which counts the time of other processes too.
QUIET = ("-q", "-p", "no:cacheprovider", "-m", "not slow", "--assert=plain", "--timeout=0")


def copy(root: Path, folder: Path) -> None:
    """The files that git knows or would, and links to what is installed for tests."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(
        command,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, tracked.split("\0")):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    for installed in (root / ".hub").glob("*"):
        if installed.name in (".for-tests", "azurite", "node_modules"):
            (folder / ".hub").mkdir(exist_ok=True)
            (folder / ".hub" / installed.name).symlink_to(installed.resolve())


def environment(folder: Path) -> dict[str, str]:
    """Of a process in the copy. It is none of the processes of xdist, even if it was started by one."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    return {**inherited, "PYTHONPATH": str(folder)}


def python(folder: Path, *arguments: str, seconds: float) -> int:
    """What Python exits with in the copy; -1 when it does not end in time."""
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command, cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds
        ).returncode
    except subprocess.TimeoutExpired:
        return -1
