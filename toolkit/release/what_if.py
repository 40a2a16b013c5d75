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


# Days or seconds that something is kept: less than before deletes what is older.
KEPT_FOR = (
    "retentionInDays",
    "softDeleteRetentionInDays",
    "daysAfterModificationGreaterThan",
    "queueMessageTimeToLiveInSeconds",
)


class Change(NamedTuple):
    """One resource: what happens to it, which of its properties change, and which of them keep data for a shorter time."""

    kind: str
    type: str
    name: str
    properties: tuple[str, ...]
    shorter: tuple[str, ...] = ()


def changes(result: dict[str, Any]) -> list[Change]:
    """Each resource that changes; a module's own deployment is none."""
    found = (change(each) for each in result.get("changes", []) if each["changeType"] not in SILENT)
    return [each for each in found if each.type != "Microsoft.Resources/deployments"]


def change(result: dict[str, Any]) -> Change:
    parts = result["resourceId"].split("/providers/")[-1].split("/")
    kind, name = "/".join([parts[0], *parts[1::2]]), "/".join(parts[2::2])
    delta = result.get("delta") or ()
    return Change(result["changeType"], kind, name, tuple(paths(delta)), tuple(shorter(delta)))


def paths(delta: Iterable[dict[str, Any]], above: str = "") -> Iterable[str]:
    """Names of the properties that change; never their values, which may be settings."""
    for each in delta:
        path = f"{above}.{each['path']}" if above else str(each["path"])
        children = each.get("children")
        yield from paths(children, path) if children else (path,)


def shorter(delta: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Names of the properties that keep data for a shorter time than before."""
    for each in delta:
        yield from shorter(each.get("children") or ())
        before, after, name = each.get("before"), each.get("after"), str(each["path"]).rpartition(".")[2]
        if name in KEPT_FOR and isinstance(before, int) and isinstance(after, int) and after < before:
            yield name


def losses(found: Iterable[Change]) -> list[Change]:
    """What holds data and would be deleted, or would keep it for a shorter time.

    A deployment in incremental mode deletes no resource; ``toolkit.release.removed`` names what a change leaves behind.
    """
    return [each for each in found if each.shorter or (each.kind == "Delete" and each.type.startswith(HOLDS_DATA))]


def comment(found: list[Change], environment: str) -> str:
    """Markdown: how many of what, then each; the first line finds the comment again."""
    counted = ", ".join(f"{count} {kind.lower()}" for kind, count in sorted(Counter(each.kind for each in found).items()))
    lines = [f"<!-- what-if {environment} -->", f"### {environment}: {counted or 'nothing changes'}", ""]
    if lost := losses(found):
        lines += [f"**{len(lost)} of these hold data that would be deleted.** The label `deletes-data` allows it.", ""]
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
