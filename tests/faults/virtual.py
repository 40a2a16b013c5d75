"""An event loop whose clock jumps: sleeping costs nothing, and the same seed gives the same run."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready; when nothing is, the clock goes to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self
        self.set_exception_handler(lambda loop, context: None)  # a crashed process ends without a word

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """At once: a thread has no virtual time, and would make each run another one."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 handed to who waits for the thread
            done.set_exception(problem)
        return done

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits for something that will never come")
        self._now += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no input and output here."""

    def _write_to_self(self) -> None:
        """No one sleeps, so no one is woken."""


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end; what is left over is dropped, as in a process that ends."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
