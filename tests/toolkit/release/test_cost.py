"""The bill: it follows what was counted, and a spike costs no more than its share."""

import re
import subprocess
import sys

import pytest

from toolkit.release.cost import Load, active_seconds, containers, hub, prices, total
from toolkit.release.counting import Counted
from toolkit.say import ROOT

BUSY = Counted(1, 9.3, 2, 0, 0, 3600, 3.1, 4400)
IDLE = Counted(1, 16.2, 0, 0, 0, 1560, 0.3, 100)


@pytest.mark.parametrize("messages", [1e4, 1e6, 1e8, 1e9])
@pytest.mark.parametrize("ready", [0, 1])
def test_twice_the_messages_cost_at_most_twice(messages: float, ready: int) -> None:
    once, twice = (total(hub(Load(n, always_ready=ready), BUSY, IDLE, prices())) for n in (messages, 2 * messages))
    assert once < twice <= 2 * once


def test_messages_that_come_together_share_an_instance() -> None:
    """A second each when they are rare, their processor time when there are many."""
    assert active_seconds(Load(1000), BUSY) == pytest.approx(1000, rel=0.01)
    assert active_seconds(Load(1e10), BUSY) == pytest.approx(1e10 * 0.0031 / 0.7, rel=0.01)


def test_what_is_counted_reaches_the_bill() -> None:
    """Twice the table operations or logs, more money; a price list is dated."""
    base = total(hub(Load(1e8), BUSY, IDLE, prices()))
    assert total(hub(Load(1e8), BUSY._replace(table_operations=18.6), IDLE, prices())) > base
    assert total(hub(Load(1e8), BUSY._replace(log_bytes=7200), IDLE, prices())) > base + 100
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", prices()["dated"])


def test_free_grants_are_not_billed() -> None:
    lines = {line.what: line.amount for line in hub(Load(1000, always_ready=0), BUSY, IDLE, prices())}
    assert lines["Executions"] == 0


def test_containers_are_paid_for_when_nothing_comes() -> None:
    assert total(containers(Load(1), BUSY, prices())) > 500


@pytest.mark.slow
def test_command_prints_a_table_with_what_was_counted_and_assumed() -> None:
    command = [sys.executable, "-m", "toolkit", "cost", "--messages", "1e6", "--size", "2k"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "", "COLUMNS": "120"})
    for word in ("1,000,000 messages", "Table operations", "A month", "broker", "Counted", "Assumed", "2026-11-25"):
        assert word in done.stdout
    assert re.search(r"[1-9]\d*\.\d table and", done.stdout)
