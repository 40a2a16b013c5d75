"""What a change does to messages: the samples and a recorded corpus through the version before it and the one after it."""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from integrations import CATALOGUE
from shared.compare.differences import Difference, compare
from shared.compare.tally import Group, Tally
from shared.privacy import shown
from toolkit.migrate.pairs import BrokenPairs, read
from toolkit.migrate.versions import Outcome, Request, outcomes, unpacked
from toolkit.say import ROOT

MARK = "<!-- impact -->"  # the first line of the comment, by which it is found again
WORDS = {
    "value": "other value",
    "missing": "no longer sent",
    "extra": "newly sent",
    "order": "other order",
    "null-for-absent": "a null is newly sent",
    "absent-for-null": "a null is no longer sent",
    "refused": "newly refused",
    "accepted": "newly accepted",
    "fault": "the hub fails",
    "warned": "new finding",
    "no-longer-warned": "finding gone",
}


class Impact(NamedTuple):
    """The differences of one integration, and how many messages were compared."""

    integration: str
    messages: int
    changed: int
    groups: list[Group]

    def face(self) -> dict[str, Any]:
        """As JSON: paths, causes, counts and names; never a value."""
        groups = [group.face(examples=False) for group in self.groups]
        return {"integration": self.integration, "messages": self.messages, "changed": self.changed, "differences": groups}


def impact(commit: str, corpus: Path | None = None) -> list[Impact]:
    """Per integration, what differs between a commit and the working tree. Raises ``NoVersion``, ``BrokenPairs``."""
    with unpacked(commit) as folder:
        requests = list(messages(folder, corpus))
        before, after = outcomes(folder, requests), outcomes(ROOT, requests)
    return list(compared(requests, before, after))


def messages(folder: Path, corpus: Path | None) -> Iterator[Request]:
    """Every sample of the working tree, those of the commit that are gone, and the corpus."""
    for name, module in CATALOGUE.items():
        seen: set[str] = set()
        for root in (ROOT, folder):
            for request in _recorded(name, root / module.replace(".", "/") / "samples"):
                if request.pair.name not in seen:
                    seen.add(request.pair.name)
                    yield request
        if corpus:
            yield from (each for kind in ("", ".jsonl") for each in _recorded(name, corpus / f"{name}{kind}"))
    if corpus and not any((corpus / f"{name}{kind}").exists() for name in CATALOGUE for kind in ("", ".jsonl")):
        raise BrokenPairs(f"{corpus} has no folder or .jsonl file named after an integration")


def _recorded(name: str, path: Path) -> Iterator[Request]:
    if path.exists():
        yield from (Request(name, pair) for pair in read(path))


def compared(requests: Iterable[Request], before: Iterable[Outcome], after: Iterable[Outcome]) -> Iterator[Impact]:
    """The differences of each integration that has any message; an integration that one version lacks is left out."""
    tallies: dict[str, Tally] = {}
    messages: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for each, old, new in zip(requests, before, after, strict=True):
        if old is None or new is None:
            continue
        found = list(differences(old, new))
        tallies.setdefault(each.integration, Tally()).add(shown("control", each.pair.name), found)
        messages[each.integration] += 1
        changed[each.integration] += bool(found)
    for name, tally in tallies.items():
        yield Impact(name, messages[name], changed[name], tally.sorted())


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    """How the outcome of one message changes: its verdict, its findings, what is sent and what that is routed by."""
    if new["fault"] and not old["fault"]:
        yield from (Difference(where, "fault", rule=rule) for where, rule, _ in new["fault"])
    elif old["accepted"] and not new["accepted"]:
        errors = [each for each in new["findings"] if each[0] in ("error", "fatal")]
        yield from (Difference(where, "refused", rule=rule) for _, rule, where in errors)
    elif new["accepted"] and not old["accepted"]:
        yield Difference("", "accepted")
    else:
        yield from _findings(old["findings"], new["findings"])
    if old["outputs"] and new["outputs"]:
        yield from _outputs(old, new)


def _findings(old: list[list[str]], new: list[list[str]]) -> Iterator[Difference]:
    was, now = {tuple(each) for each in old}, {tuple(each) for each in new}
    yield from (Difference(where, "warned", rule=rule) for _, rule, where in sorted(now - was))
    yield from (Difference(where, "no-longer-warned", rule=rule) for _, rule, where in sorted(was - now))


def _outputs(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for number, (one, other) in enumerate(zip_longest(old["outputs"], new["outputs"]), 1):
        before = f"body[{number}]:" if number > 1 else ""
        if one is None or other is None:
            yield Difference(f"body[{number}]", "extra" if one is None else "missing")
        elif one != other:
            found = compare(base64.b64decode(one), base64.b64decode(other))
            yield from (each._replace(path=before + each.path) for each in found)
    routed = [orjson.dumps(each["properties"]) for each in (old, new)]
    yield from (each._replace(path=f"property:{each.path}") for each in compare(*routed))


def comment(found: list[Impact], base: str) -> str:
    """Markdown for the pull request: that nothing changes, or what changes, with counts; never a value."""
    total, changed = sum(each.messages for each in found), sum(each.changed for each in found)
    if not changed:
        return (
            f"{MARK}\n### Impact: none\n\nAll {total} messages of {len(found)} integrations come out as before ({base[:12]}).\n"
        )
    lines = [MARK, f"### Impact: {changed} of {total} messages change", ""]
    lines += [f"Compared with {base[:12]}. Paths, causes and counts; no values.", ""]
    for each in found:
        if each.groups:
            lines += [f"**{each.integration}**: {each.changed} of {each.messages}", "", *_table(each.groups), ""]
    return "\n".join(lines)


def _table(groups: Iterable[Group]) -> Iterator[str]:
    yield "| Where | What changes | Rule | Messages | For example |"
    yield "|---|---|---|---|---|"
    for group in groups:
        cells = (f"`{group.path or '-'}`", WORDS[group.cause], group.rule and f"`{group.rule}`", str(len(group.messages)))
        yield f"| {' | '.join(cells)} | {', '.join(group.messages[:3])} |"
