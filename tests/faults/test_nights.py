"""Nights in the laboratory: every promise after each, and the figures. ``HUB_FAULTS_MESSAGES`` makes one of them long."""

import os
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.faults.night import HOSTS, Night, Plan
from tests.faults.promises import ELSEWHERE, PROMISES, broken
from tests.faults.virtual import run

ROOT = Path(__file__).resolve().parent.parent.parent
MESSAGES = int(os.environ.get("HUB_FAULTS_MESSAGES", "1500"))
KINDS = (Plan(300), Plan(300, calm=True), Plan(300, apart=150), Plan(300, calm=True, takes=12))
OTHERS = (
    *(Plan(300, seed) for seed in (2, 3)),
    Plan(300, seed=2, calm=True),
    *(Plan(300, seed, apart=150) for seed in (2, 3)),
)


@cache
def night(plan: Plan) -> Night:
    return run(Night(plan).live())


@pytest.mark.parametrize("plan", [*KINDS, *(pytest.param(plan, marks=pytest.mark.slow) for plan in OTHERS)], ids=str)
def test_a_short_night(plan):
    assert broken(night(plan)) == {}


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_long_night(capsys):
    began, figures, wrong = time.monotonic(), Counter(), {}
    for seed, apart in ((11, 3.0), (12, 150.0)):
        one = night(Plan(MESSAGES // 2, seed, apart))
        figures += one.figures + Counter({"messages": len(one.messages), "deliveries": len(one.took)})
        wrong |= broken(one)
    with capsys.disabled():
        summary = ", ".join(f"{count} {what}" for what, count in sorted(figures.items()))
        print(f"\nnights: {summary} in {time.monotonic() - began:.0f} s")  # noqa: T201
        for promise in PROMISES:
            print(f"  {'BROKEN' if promise.sentence in wrong else 'held'}: {promise.sentence}")  # noqa: T201
    assert wrong == {}


def test_a_night_is_the_same_again():
    first, again = (night.__wrapped__(Plan(120, 5)) for _ in range(2))
    assert (first.took, first.figures) == (again.took, again.figures)


@pytest.mark.slow
def test_a_disturbed_night_is_disturbed():
    seeds = range(1, 7)
    figures = sum((night(Plan(300, seed)).figures for seed in seeds), Counter())
    assert figures["hosts"] > len(seeds) * HOSTS
    assert all(figures[what] for what in ("kills", "stops", "faults", "outages", "storage in trouble", "dead letters", "replays"))


def test_every_rule_of_the_design_is_held_somewhere():
    assert {promise.rule for promise in PROMISES} | ELSEWHERE.keys() == set(range(1, 16))
    for where in ELSEWHERE.values():
        file, _, name = where.partition("::")
        assert f"def {name or 'test_'}" in (ROOT / file).read_text()
