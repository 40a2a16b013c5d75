"""The bill: it follows the template and what was counted, and a spike costs no more than its share."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from toolkit.release import bicep
from toolkit.release.cost import Load, active_seconds, containers, dominates, hub, prices, total
from toolkit.release.counting import Counted
from toolkit.release.estate import Estate, estate
from toolkit.say import ROOT

BUSY = Counted(1, 9.3, 4, 2, 0, 0, 3600, 3.1, 4400)
IDLE = Counted(1, 16.2, 16, 0, 0, 0, 1560, 0.3, 100)
SMALL, WARM = Estate(), Estate(ready_instances=1, ready_for_http=True)

needs_the_compiler = pytest.mark.skipif(not bicep.compiler(), reason=bicep.ABSENT)


def bill(load: Load, has: Estate = SMALL, busy: Counted = BUSY) -> float:
    return total(hub(load, has, busy, IDLE, prices()))


@pytest.mark.parametrize("messages", [1e4, 1e6, 1e8, 1e9])
@pytest.mark.parametrize("has", [SMALL, WARM], ids=["cold", "warm"])
def test_twice_the_messages_cost_at_most_twice(messages: float, has: Estate) -> None:
    once, twice = (bill(Load(n), has) for n in (messages, 2 * messages))
    assert once < twice <= 2 * once


def test_messages_that_come_together_share_an_instance() -> None:
    """A second each when they are rare, their processor time when there are many."""
    assert active_seconds(Load(1000), SMALL, BUSY) == pytest.approx(1000, rel=0.01)
    assert active_seconds(Load(1e10), SMALL, BUSY) == pytest.approx(1e10 * 0.0031 / 0.7, rel=0.01)


def test_what_is_counted_reaches_the_bill() -> None:
    """Twice the table operations or logs, more money; a price list is dated."""
    base = bill(Load(1e8))
    assert bill(Load(1e8), busy=BUSY._replace(table_operations=18.6)) > base
    assert bill(Load(1e8), busy=BUSY._replace(log_bytes=7200)) > base + 100
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", prices()["dated"])


@pytest.mark.parametrize(
    ("more", "least"),
    [
        ({"ready_instances": 89 * 2}, 3600),
        ({"test_runs": 600_000.0}, 350),
        ({"rules_1min": 20}, 29),
        ({"endpoints": 24}, 170),
        ({"nat_gateways": 1}, 30),
        ({"gateways": 1}, 300),
        ({"audits_tables": True}, 0.1),
        ({"metric_sources": 20}, 9),
        ({"zones": 6}, 2.9),
        ({"defender_plans": 2}, 19),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_template_has_is_on_the_bill(more: dict[str, float], least: float) -> None:
    """Two instances of 2 GB in each of 89 groups cost about 3,700 a month, as Azure bills zone redundancy."""
    assert bill(Load(1e6), replace(SMALL, **more)) - bill(Load(1e6)) >= least  # type: ignore[arg-type]


def test_free_grants_are_not_billed() -> None:
    price = prices()
    line = next(line for line in hub(Load(1000), SMALL, BUSY, IDLE, price) if line.what == "Executions")
    paid = line.quantity - price["flex"]["free_executions"]
    assert 0 < paid < line.quantity
    assert line.amount == pytest.approx(paid * price["flex"]["executions_per_million"] / 1e6)


def test_containers_are_paid_for_when_nothing_comes() -> None:
    assert total(containers(Load(1), SMALL, BUSY, prices())) > 500


def test_the_dearest_line_comes_first_and_dominates() -> None:
    lines = hub(Load(1e6), replace(SMALL, ready_instances=100), BUSY, IDLE, prices())
    assert lines == sorted(lines, key=lambda line: -line.amount)
    assert dominates(lines).startswith("Always-ready instances: 100")


@pytest.mark.slow
@needs_the_compiler
@pytest.mark.parametrize("environment", [*bicep.ENVIRONMENTS, bicep.RECOVERY])
def test_an_environment_costs_no_more_than_its_budget(environment: str) -> None:
    """At a million messages a month; the parameters of an environment and its budget belong together."""
    manifest = json.loads((bicep.INFRA / "manifest.json").read_bytes())
    has = estate(bicep.resources(environment), manifest)
    assert has.budget / 4 <= bill(Load(1e6), has) <= has.budget


@pytest.mark.slow
@needs_the_compiler
def test_an_estate_is_what_the_template_has() -> None:
    manifest = json.loads((bicep.INFRA / "manifest.json").read_bytes())
    has = estate(bicep.resources("prod"), manifest)
    kinds = [each["type"] for each in bicep.resources("prod")]
    assert has.rules_1min + has.rules_5min + has.rules_15min == kinds.count("Microsoft.Insights/scheduledQueryRules")
    assert has.endpoints == kinds.count("Microsoft.Network/privateEndpoints") > 20
    assert has.integrations == len(manifest["integrations"])
    assert has.ready_instances >= has.integrations
    assert has.audits_tables


@pytest.mark.slow
@needs_the_compiler
def test_command_prints_a_table_for_each_environment_and_what_dominates() -> None:
    command = [sys.executable, "-m", "toolkit", "cost", "--messages", "1e6", "--size", "2k"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "", "COLUMNS": "120"})
    for word in ("1,000,000 messages", "Table operations", "A month", "broker", "Counted", "Assumed", "2026-11-25"):
        assert word in done.stdout
    assert done.stdout.count("Dominates:") == 3
    assert re.search(r"[1-9]\d*\.\d table and", done.stdout)
