"""What a draft is worth: every pair through the drafted integration, what no rule explains, and reasons for what is dropped.

``python -m toolkit.migrate.learn.proof NAME PAIRS`` completes the folder of a draft and prints the result as JSON. It runs in a
process of its own, because the integration has just been written.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from integrations import load
from shared.check import check
from shared.compare.tally import Group
from shared.compare.trees import leaves, place, tree
from shared.integration import Integration
from toolkit.generate.sheet import all_fates
from toolkit.migrate.learn.draft import DROPPED
from toolkit.migrate.pairs import Pair, read
from toolkit.migrate.shadow.report import shadow
from toolkit.samples import ROOT, samples

REASON = "not in the replaced engine's output"
LATER = re.compile(r"\[\d+\]")
VERDICTS = ("refused", "accepted", "fault")


class Proof(NamedTuple):
    """How many target paths the pairs have, and which of them the draft does not make in every pair."""

    pairs: int
    paths: int
    unexplained: dict[str, int]  # path -> pairs in which it differs
    groups: list[Group]

    @property
    def share(self) -> float:
        """The share of target paths that the draft makes in every pair."""
        return 1 - len(self.unexplained) / max(1, self.paths)


def proof(name: str, pairs: Sequence[Pair]) -> Proof:
    """Every pair that the old engine took through the integration."""
    taken = [pair for pair in pairs if pair.accepted]
    return measured(taken, shadow(name, taken).groups)


def measured(pairs: Sequence[Pair], groups: list[Group]) -> Proof:
    """The proof from the differences that these pairs show."""
    paths = target_paths(pairs)
    wrong = _wrong(groups, paths)
    return Proof(len(pairs), len(paths | wrong.keys()), dict(sorted(wrong.items())), groups)


def target_paths(pairs: Sequence[Pair]) -> set[str]:
    """Every path, without indices, that holds something in an output of the old engine's."""
    bodies = {body for pair in pairs for body in pair.outputs or ()}
    return {place(path) for body in bodies for path, _ in leaves(tree(body))}


def _wrong(groups: Iterable[Group], paths: set[str]) -> dict[str, int]:
    """The paths that differ, with the number of pairs; a missing segment is all of its paths, a refused message all of all."""
    found: dict[str, set[str]] = {}
    for group in groups:
        inside = [path for path in paths if path == group.path or (path.startswith(group.path) and path[len(group.path)] in ".-")]
        for path in paths if group.cause in VERDICTS else (inside or [group.path]):
            found.setdefault(path, set()).update(group.messages)
    return {path: len(messages) for path, messages in found.items()}


def page(name: str, found: Proof) -> str:
    """``unexplained.md``: what no rule explains, with its support; no value."""
    lines = [f"# What no rule of the draft of {name} explains", ""]
    lines += [f"{found.paths - len(found.unexplained)} of {found.paths} target paths are explained by all {found.pairs} pairs."]
    if not found.groups:
        return "\n".join([*lines, ""])
    lines += ["Each row needs a decision or a better rule; `./hub shadow` shows the values.", ""]
    lines += ["| Where | Cause | Rule | Pairs that differ | Explained |", "|---|---|---|---|---|"]
    for group in found.groups:
        count = len(group.messages)
        lines.append(
            f"| `{group.path or '-'}` | {group.cause} | {group.rule} | {count} | {found.pairs - count} of {found.pairs} |"
        )
    return "\n".join([*lines, ""])


def complete(name: str) -> None:
    """Name samples by what becomes of them, and give each path that reaches nothing its reason."""
    integration = load(name)
    for sample in samples(integration):
        refused = not check(integration, sample.envelope).verdict.accepted
        if refused != sample.name.startswith("rejected_"):
            sample.path.rename(sample.path.with_name(f"rejected_{sample.path.name}" if refused else f"taken_{sample.path.name}"))
    lost = dict.fromkeys(_lost(integration))
    rows = "".join(f"    {json.dumps(path)}: REASON,\n" for path in lost)
    if lost:
        head = DROPPED.partition("DROPPED:")[0]
        text = f"{head}REASON = {json.dumps(REASON)}\n\nDROPPED: dict[str, str] = {{\n{rows}}}\n"
        (ROOT / integration.package / "dropped.py").write_text(text, "utf-8")


def _lost(integration: Integration) -> Iterator[str]:
    """The paths that reach nothing, as ``dropped`` names them: ``[2]`` is every repetition after the first."""
    yield from (LATER.sub("[2]", fate.path) for _, fate in all_fates(integration) if fate.fate == "lost")


def main(name: str, pairs: Path) -> dict[str, Any]:
    complete(name)
    found = proof(name, read(pairs))
    (ROOT / load(name).package / "unexplained.md").write_text(page(name, found), "utf-8")
    return {"pairs": found.pairs, "paths": found.paths, "share": round(found.share, 3), "unexplained": found.unexplained}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
