"""Queues, tables and containers that a change no longer names: they stay in Azure, with their data, until someone deletes them.

``python -m toolkit.release.removed BASE --allowed true|false`` exits with status 1 if there are any and it is not allowed. The
label ``deletes-data`` on the pull request is the record of the decision; docs/deployment.md says how to delete them.
"""

import json
import subprocess
import sys
from typing import Any

from toolkit.say import ROOT

MANIFEST = ROOT / "infra" / "manifest.json"
Manifest = dict[str, Any]
HOLD_DATA = ("queues", "poison", "replies", "tables", "containers")


def kept(manifest: Manifest) -> set[str]:
    """Kind and name of everything in a manifest that holds data.

    >>> sorted(kept({"sharedTables": ["hubshared"], "integrations": [{"queues": ["a-to-b-in"]}]}))
    ['queues a-to-b-in', 'tables hubshared']
    """
    whole = {f"tables {name}" for name in manifest.get("sharedTables", ())}
    whole |= {f"containers {name}" for name in manifest.get("containers", ())}
    return whole | {
        f"{'queues' if kind in ('poison', 'replies') else kind} {name}"
        for one in manifest.get("integrations", ())
        for kind in HOLD_DATA
        for name in one.get(kind, ())
    }


def removed(before: Manifest, after: Manifest) -> list[str]:
    """What the second manifest no longer names."""
    return sorted(kept(before) - kept(after))


def at(commit: str) -> Manifest:
    """The manifest of a commit; an empty one when it has none."""
    shown = f"{commit}:{MANIFEST.relative_to(ROOT)}"
    done = subprocess.run(["git", "show", shown], cwd=ROOT, capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def main(arguments: list[str]) -> int:
    found = removed(at(arguments[0]), dict(json.loads(MANIFEST.read_bytes())))
    for each in found:
        print(f"no longer in the catalogue, stays in Azure: {each}")
    return int(bool(found) and arguments[-1] != "true")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
