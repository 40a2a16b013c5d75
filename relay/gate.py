"""Whether the hub can take a message now. While it cannot, one message at a time tries, and no sender is read."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Literal

State = Literal["open", "busy", "away", "refuses", "fails", "large"]
Question = Callable[[], Awaitable[bytes]]
LONGEST_WAIT = 300  # seconds; a hub that asks for more is asked again all the same
LEAST_WAIT = 1  # second that a large message waits before it is tried again, or is given back to its sender
_RANDOM = random.SystemRandom()


class Unavailable(Exception):
    """The hub gave no verdict on this message.

    Args:
        state: why: it is busy (429), away, refuses the relay itself (its key, its address), fails on this one message, or has no
            memory for this one now (429 to a large message).
        wait: seconds that the hub asks to wait; 0 if it does not say.
    """

    def __init__(self, state: State, wait: float = 0) -> None:
        super().__init__(state)
        self.state, self.wait = state, wait


class Gate:
    """One for each address of the hub, used by all connections to it. Times are seconds of the event loop.

    Args:
        patience: for how long a message is tried; 0: once.
        longest_pause: between two tries. The first pause is one second, each one after it twice as long.
    """

    def __init__(self, patience: float, longest_pause: float) -> None:
        self.state: State = "open"
        self._patience, self._longest = patience, longest_pause
        self._failures = 0
        self._until = 0.0
        self._first = asyncio.Lock()

    async def ready(self) -> None:
        """Wait while the hub is to be left alone, before the next message of a sender is read."""
        if self.state != "open" and not self._is_over():
            await asyncio.sleep(self._until - _now())

    async def ask(self, question: Question) -> bytes:
        """The hub's answer. Raises ``Unavailable`` if it fails on this message, refuses the relay, or the patience ends.

        A message may be tried again although an earlier try may have reached the hub: the hub knows it by its control id, and
        gives its first answer.
        """
        deadline = _now() + self._patience
        while True:
            try:
                answer = await (question() if self.state == "open" else self._after_the_pause(question, deadline))
            except Unavailable as problem:
                self._close(problem)
                if problem.state == "large":
                    # The hub may have room for all smaller ones, so only this one waits.
                    if not await self._has_waited(problem.wait, deadline):
                        raise
                elif problem.state in ("refuses", "fails") or _now() >= deadline:
                    raise
            else:
                if answer is not None:
                    return answer

    async def _after_the_pause(self, question: Question, deadline: float) -> bytes | None:
        """The answer to the first one after a pause; ``None``: another was first, look again.

        One at a time, so that a hub that comes back is not met by every sender in the same moment.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self.ready()
                await self._first.acquire()
        except TimeoutError:
            raise Unavailable("away" if self.state == "open" else self.state) from None
        try:
            if self.state == "open" or not self._is_over():
                return None
            answer = await question()
            self.state, self._failures = "open", 0
            return answer
        finally:
            self._first.release()

    async def _has_waited(self, asked: float, deadline: float) -> bool:
        """Wait before a large message is tried again. False: its patience ends before that, and it is given back.

        It waits a little even without patience: a sender that sends again at once would send it to the hub without end.
        """
        pause, left = min(max(asked, LEAST_WAIT) * _RANDOM.uniform(1, 1.2), LONGEST_WAIT), deadline - _now()
        await asyncio.sleep(min(pause, max(left, LEAST_WAIT)))
        return pause < left

    def _is_over(self) -> bool:
        """Whether the last pause is over. A timer may wake a moment early."""
        return _now() + 0.001 >= self._until

    def _close(self, problem: Unavailable) -> None:
        """Leave the hub alone for a while. Failures of messages that were sent together count as one."""
        if problem.state in ("fails", "large") or not self._is_over():
            return
        self.state = problem.state
        pause = self._longest if problem.state == "refuses" else min(2.0**self._failures, self._longest)
        self._failures = min(self._failures + 1, 16)
        self._until = _now() + max(pause * _RANDOM.uniform(0.8, 1.2), min(problem.wait, LONGEST_WAIT))


def _now() -> float:
    return asyncio.get_running_loop().time()
