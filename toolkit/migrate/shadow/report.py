"""Recorded pairs through an integration: a report of how the hub's verdicts and outputs differ from the old engine's."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from integrations import load
from shared.compare.agreed import Agreed
from shared.compare.tally import Group, Tally, unused
from toolkit.migrate.pairs import Pair
from toolkit.migrate.shadow.rules import Decision, decisions
from toolkit.migrate.shadow.trial import Trial, try_pair
from toolkit.samples import RECEIVED_AT

FEW = 500  # pairs that one process handles in the time it takes to start another
CHUNK = 250
WITHOUT_VALUES = "This report holds paths, causes, counts and control ids. It holds no value from a message."
WITH_VALUES = (
    "This report holds values from messages, which may identify patients. Keep it on this machine, and delete it after use."
)


@dataclass(frozen=True)
class Report:
    """What a run of pairs showed. ``groups``: differences, those that no one agreed to first."""

    integration: str
    pairs: int
    same: int  # pairs with no difference at all
    agreed: int  # pairs whose differences are all agreed
    rewritten: int  # pairs whose outputs say the same in other bytes
    verdicts: dict[str, int]
    groups: list[Group]
    unused: list[Agreed]
    decisions: list[Decision]

    @property
    def open(self) -> list[Group]:
        """The groups that no one agreed to."""
        return [group for group in self.groups if group.agreed is None]

    def face(self, *, examples: bool) -> dict[str, Any]:
        """As JSON. Values are in it only with ``examples``, and it says which."""
        return {
            "notice": WITH_VALUES if examples else WITHOUT_VALUES,
            "holds_values": examples,
            "integration": self.integration,
            "pairs": self.pairs,
            "same": self.same,
            "agreed": self.agreed,
            "different": self.pairs - self.same - self.agreed,
            "rewritten": self.rewritten,
            "verdicts": self.verdicts,
            "differences": [group.face(examples=examples) for group in self.groups],
            "agreements_without_a_difference": [each._asdict() for each in self.unused],
            "what_if": [{**each._asdict(), "text": each.text} for each in self.decisions],
        }


def shadow(name: str, pairs: Sequence[Pair], agreements: Sequence[Agreed] = (), workers: int = 0) -> Report:
    """Run every pair; ``workers`` processes, 0 for one per core. Few pairs are run in this process."""
    return report(name, list(trials(name, pairs, workers)), agreements)


def trials(name: str, pairs: Sequence[Pair], workers: int = 0, received_at: str = RECEIVED_AT) -> Iterable[Trial]:
    """The trial of every pair, in their order."""
    count = workers or os.cpu_count() or 1
    if len(pairs) <= FEW or count == 1:
        return _chunk(name, received_at, pairs)
    chunks = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    with ProcessPoolExecutor(count) as pool:
        return [trial for chunk in pool.map(partial(_chunk, name, received_at), chunks) for trial in chunk]


def _chunk(name: str, received_at: str, pairs: Sequence[Pair]) -> list[Trial]:
    integration = load(name)
    return [try_pair(integration, pair, received_at) for pair in pairs]


def report(name: str, found: Sequence[Trial], agreements: Sequence[Agreed] = ()) -> Report:
    """Add up what became of each pair."""
    tally = Tally()
    for trial in found:
        tally.add(trial.control_id, trial.differences)
    groups = tally.sorted(agreements)
    silent = {(group.path, group.cause, group.rule) for group in groups if group.agreed}
    return Report(
        integration=name,
        pairs=len(found),
        same=sum(not trial.differences for trial in found),
        agreed=sum(bool(trial.differences) and Tally.keys(trial.differences) <= silent for trial in found),
        rewritten=sum(trial.rewritten for trial in found),
        verdicts={
            "both_accept": sum(each.old_accepts and each.new_accepts and each.reached for each in found),
            "both_refuse": sum(not each.old_accepts and not each.new_accepts for each in found),
            "only_hub_refuses": sum(each.old_accepts and not each.new_accepts for each in found),
            "only_hub_accepts": sum(not each.old_accepts and each.new_accepts and each.reached for each in found),
            "hub_fails": sum(not each.reached for each in found),
        },
        groups=groups,
        unused=unused(agreements, groups),
        decisions=decisions(load(name), found),
    )
