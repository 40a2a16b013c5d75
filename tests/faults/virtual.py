"""An event loop whose clock jumps: sleeping costs nothing, and the same seed gives the same run.

It has only what the hub needs of a loop: asyncio's own looks after signals, threads, sockets and a debug mode at each step, and
the laboratory does millions of steps. The order is asyncio's own: what is ready runs in rounds; a timer joins the next round.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heappop, heappush
from itertools import count
from typing import Any

RESOLUTION = 1e-9  # seconds: timers so near to each other are due together


class Call:
    """A callback that is to run, soon or at a time."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "time")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, time: float) -> None:
        self.callback = callback
        self.args = args
        self.time = time
        self.context = copy_context() if context is None else context  # a context without variables is false
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self.time


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs what is ready; when nothing is, the clock goes to the next timer."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[Call] = deque()
        self._timers: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self._is_closed = False

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        call = Call(callback, args, context, self._now)
        self._ready.append(call)
        return call

    call_soon_threadsafe = call_soon  # there is one thread

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        when = self._now + delay
        call = Call(callback, args, context, when)
        heappush(self._timers, (when, next(self._numbers), call))
        return call

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        call = Call(callback, args, context, when)
        heappush(self._timers, (when, next(self._numbers), call))
        return call

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **named: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **named)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """At once: a thread has no virtual time, and would make each run another one."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 handed to who waits for the thread
            done.set_exception(problem)
        return done

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A crashed process ends without a word."""

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        self._is_closed = True
        self._ready.clear()
        self._timers.clear()

    def run_until_complete(self, future: Any) -> Any:
        """Run rounds until the coroutine or future is done; ``RuntimeError`` where nothing is left that could end it."""
        main = asyncio.ensure_future(future, loop=self)
        ended: list[object] = []
        main.add_done_callback(ended.append)
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._end_generator)
        asyncio._set_running_loop(self)
        try:
            self._rounds(ended)
        finally:
            asyncio._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
        return main.result()

    def _end_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """A generator that is dropped before its end has its clean-up, as with asyncio's loop."""
        self.call_soon(self.create_task, generator.aclose())

    def _rounds(self, ended: list[object]) -> None:
        """Until it has ended: what is ready now, and no more. What a callback makes ready runs in the next round."""
        timers, ready = self._timers, self._ready
        while not ended:
            while timers and timers[0][2].is_cancelled:
                heappop(timers)
            if not ready:
                if not timers:
                    raise RuntimeError("everything waits for something that will never come")
                self._now += max(0.0, timers[0][0] - self._now)
            end = self._now + RESOLUTION
            while timers and timers[0][0] < end:
                ready.append(heappop(timers)[2])
            for _ in range(len(ready)):
                call = ready.popleft()
                if call.is_cancelled:
                    continue
                try:
                    call.context.run(call.callback, *call.args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as problem:  # noqa: BLE001 as asyncio: a callback that fails ends no other
                    self.call_exception_handler({"exception": problem})


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
