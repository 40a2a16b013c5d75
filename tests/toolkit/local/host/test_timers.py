"""NCRONTAB and timers."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.toolkit.local.host.conftest import FakeWorker, other
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.triggers.ncrontab import parse
from toolkit.local.host.triggers.timers import TimerListener


@pytest.mark.parametrize(
    ("expression", "after", "then"),
    [
        ("0 */5 * * * *", "2026-05-01T10:03:20", "2026-05-01T10:05:00"),
        ("*/5 * * * *", "2026-05-01T10:03:20", "2026-05-01T10:05:00"),
        ("0 30 9 * * mon-fri", "2026-05-01T09:30:00", "2026-05-04T09:30:00"),
        ("0 0 0 1 jan *", "2026-05-01T00:00:00", "2027-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2026-05-01T00:00:00", "2028-02-29T00:00:00"),
        ("10-12 0 0 * * 7", "2026-05-01T00:00:00", "2026-05-03T00:00:10"),
    ],
)
def test_next_time(expression: str, after: str, then: str) -> None:
    assert parse(expression).next_after(datetime.fromisoformat(after)) == datetime.fromisoformat(then)


@pytest.mark.parametrize("expression", ["", "* * *", "60 * * * * *", "* * * 0 * *", "*/0 * * * * *", "5-1 * * * * *"])
def test_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        parse(expression)


def listener(worker: FakeWorker, folder: Path, **more: Any) -> TimerListener:
    return TimerListener(other("t", "timerTrigger", **{"schedule": "0 0 0 1 1 *", **more}), Invoker(worker), folder)


async def run_for(timer: TimerListener, seconds: float) -> None:
    running = asyncio.create_task(timer.run())
    await asyncio.sleep(seconds)
    await timer.stop()
    await running


async def test_every_second_and_at_start(tmp_path: Path) -> None:
    worker = FakeWorker(())
    await run_for(listener(worker, tmp_path, schedule="* * * * * *"), 1.2)
    assert len(worker.calls) in (1, 2)
    worker = FakeWorker(())
    await run_for(listener(worker, tmp_path / "b", runOnStartup=True), 0.05)
    assert len(worker.calls) == 1


async def test_a_missed_run_fires_as_past_due(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps({"last": "2020-06-01T00:00:00"}))
    worker = FakeWorker(())
    await run_for(listener(worker, tmp_path), 0.05)
    assert json.loads(worker.calls[0].value.value)["IsPastDue"] is True
    assert json.loads((tmp_path / "t.json").read_text())["last"] > "2026"


async def test_without_monitor_nothing_is_kept(tmp_path: Path) -> None:
    worker = FakeWorker(())
    await run_for(listener(worker, tmp_path, runOnStartup=True, useMonitor=False), 0.05)
    assert list(tmp_path.iterdir()) == []
