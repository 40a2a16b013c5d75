"""The timer trigger: one loop for each timer; its last run is kept in a file, so that a missed one fires as past due."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from toolkit.local.host.functions import Function, Value
from toolkit.local.host.invoker import Invoker
from toolkit.local.host.settings import resolved
from toolkit.local.host.triggers.ncrontab import Schedule, parse

log = logging.getLogger("host.timers")
REASON = "Timer fired at {}"


class TimerListener:
    """Runs one timer function by its schedule, never two at once."""

    def __init__(self, function: Function, invoker: Invoker, folder: Path) -> None:
        trigger = function.trigger
        self.function, self.invoker = function, invoker
        self.schedule: Schedule = parse(resolved(str(trigger["schedule"])))
        self.at_start = bool(trigger.get("runOnStartup"))
        self.monitor = folder / f"{function.name}.json" if trigger.get("useMonitor", True) else None
        self._stopping = asyncio.Event()
        self._running = asyncio.Lock()

    async def run(self) -> None:
        due = self._missed()
        if due or self.at_start:
            await self.fire(past_due=due)
        while not self._stopping.is_set():
            next_time = self.schedule.next_after(_now())
            if not await self._sleep((next_time - _now()).total_seconds()):
                await self.fire(past_due=False)

    async def fire(self, past_due: bool) -> None:
        """One run."""
        now = _now()
        status = {"Last": self._last(), "Next": self.schedule.next_after(now).isoformat(), "LastUpdated": now.isoformat()}
        info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
        async with self._running:
            await self.invoker.invoke(self.function, Value("json", json.dumps(info)), REASON.format(now.isoformat()))
        self._remember(now)

    async def stop(self) -> None:
        self._stopping.set()
        async with self._running:
            return

    async def _sleep(self, seconds: float) -> bool:
        """Whether the host is stopping."""
        try:
            await asyncio.wait_for(self._stopping.wait(), max(seconds, 0.001))
        except TimeoutError:
            return False
        return True

    def _missed(self) -> bool:
        last = self._last()
        return bool(last) and self.schedule.next_after(datetime.fromisoformat(last)) < _now()

    def _last(self) -> str:
        return str(json.loads(self.monitor.read_text())["last"]) if self.monitor and self.monitor.exists() else ""

    def _remember(self, at: datetime) -> None:
        if self.monitor:
            self.monitor.parent.mkdir(parents=True, exist_ok=True)
            self.monitor.write_text(json.dumps({"last": at.isoformat()}))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
