"""What a deployment would change, for people: the comment on a pull request, and a stop when data would go.

``python -m toolkit.release.what_if FILE ENVIRONMENT [--refuse-loss --allowed true|false]``; the file is
``az ... what-if --output json``.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

# What holds messages, secrets or the record of what happened.
HOLDS_DATA = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.KeyVault/vaults",
    "Microsoft.OperationalInsights/workspaces",
)
MARKS = {"Create": "+", "Delete": "-", "Modify": "~", "Deploy": "?", "Unsupported": "?"}
SILENT = ("NoChange", "Ignore")


class Change(NamedTuple):
    kind: str
    type: str
    name: str
    properties: tuple[str, ...]


def changes(result: dict[str, Any]) -> list[Change]:
    """Each resource that changes; a module's own deployment is none."""
    found = (change(each) for each in result.get("changes", []) if each["changeType"] not in SILENT)
    return [each for each in found if each.type != "Microsoft.Resources/deployments"]


def change(result: dict[str, Any]) -> Change:
    parts = result["resourceId"].split("/providers/")[-1].split("/")
    kind, name = "/".join([parts[0], *parts[1::2]]), "/".join(parts[2::2])
    return Change(result["changeType"], kind, name, tuple(paths(result.get("delta") or ())))


def paths(delta: Iterable[dict[str, Any]], above: str = "") -> Iterable[str]:
    """Names of the properties that change; never their values, which may be settings."""
    for each in delta:
        path = f"{above}.{each['path']}" if above else str(each["path"])
        children = each.get("children")
        yield from paths(children, path) if children else (path,)


def losses(found: Iterable[Change]) -> list[Change]:
    """What would be deleted and holds data: an account, a queue, a table, a vault, the workspace."""
    return [each for each in found if each.kind == "Delete" and each.type.startswith(HOLDS_DATA)]


def comment(found: list[Change], environment: str) -> str:
    """Markdown: how many of what, then each; the first line finds the comment again."""
    counted = ", ".join(f"{count} {kind.lower()}" for kind, count in sorted(Counter(each.kind for each in found).items()))
    lines = [f"<!-- what-if {environment} -->", f"### {environment}: {counted or 'nothing changes'}", ""]
    if lost := losses(found):
        lines += [f"**{len(lost)} of these hold data.** The label `deletes-data` lets them go.", ""]
    if found:
        lines += ["```diff", *map(line, found), "```"]
    return "\n".join(lines) + "\n"


def line(each: Change) -> str:
    changed = f"  ({', '.join(each.properties)})" if each.properties else ""
    return f"{MARKS.get(each.kind, '?')} {each.type} {each.name}{changed}"


def main(arguments: list[str]) -> int:
    found = changes(json.loads(Path(arguments[0]).read_bytes()))
    if "--refuse-loss" not in arguments:
        print(comment(found, arguments[1]), end="")
        return 0
    lost = losses(found)
    for each in lost:
        print(line(each))
    return int(bool(lost) and arguments[-1] != "true")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
