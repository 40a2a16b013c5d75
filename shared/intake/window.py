"""Members of a batch that are taken at the same time, in the order of the file wherever the result depends on it.

Taken one after the other, the members of a file would wait for two round trips of storage each. In the order of the file are
members of one lane, a merge and the lane that it waits for, and members with one control id. When a member is not stored, those
behind it in that order are not stored either: it would be stored after them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from shared.intake.decide import Decision, InOrder
from shared.storage.store import Away

MOST = 8  # members: with more, a slow storage has only more requests at once
BYTES = 256 * 1024  # of their bodies together; a larger member is taken alone

Take = Callable[[InOrder], Coroutine[Any, Any, None]]
"""Takes one member into the ledger."""


@dataclass(eq=False, repr=False)
class Place:
    """The place of one member among those that are taken: after the last one of each of its names.

    ``last``: by name, whether the last member of that name is in the ledger, once that is known.
    """

    last: dict[str, asyncio.Future[bool]]
    known: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ended: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def keep(self, take: Take) -> None:
        """Take the member. Those that come after it learn whether it is in the ledger."""
        is_stored = False
        try:
            await take(self.turn)
            is_stored = True
        finally:
            self.ended.set_result(is_stored)
            for name in [name for name, ended in self.last.items() if ended is self.ended]:
                del self.last[name]

    async def turn(self, decision: Decision) -> None:
        """Wait for the members before this one. Raises ``Away``: one of them is not in the ledger, so this one must wait too."""
        names = order_names(decision)
        before = {self.last[name] for name in names if name in self.last}
        self.last |= dict.fromkeys(names, self.ended)
        self.known.set_result(None)
        if before:
            await asyncio.wait(before)
        if not all(each.result() for each in before):
            raise Away


def order_names(decision: Decision) -> set[str]:
    """What a member has its order by: its lane, the lane that it waits for, and its control id."""
    control = decision.who.control_id
    lanes = (decision.lane, decision.after)
    return {*(f"lane {lane}" for lane in lanes if lane), *([f"control {control}"] if control else [])}


@dataclass(eq=False, repr=False)
class Member:
    """A member that is being taken. ``size``: bytes of its body."""

    number: int
    size: int
    task: asyncio.Task[None]


class Window:
    """The members that are being taken, oldest first. ``most``: how many at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._members: deque[Member] = deque()
        self._last: dict[str, asyncio.Future[bool]] = {}

    def __len__(self) -> int:
        return len(self._members)

    def has_room(self, size: int) -> bool:
        """Whether a member of so many bytes may begin now; none does behind one that failed."""
        if not self._members:
            return True
        together = size + sum(each.size for each in self._members)
        return len(self._members) < self.most and together <= BYTES and not any(map(_has_failed, self._members))

    async def begin(self, number: int, size: int, take: Take) -> None:
        """Begin to take a member, and wait until its place among the others is known: they are decided one after the other."""
        place = Place(self._last)
        task = asyncio.ensure_future(place.keep(take))
        task.add_done_callback(_seen)
        self._members.append(Member(number, size, task))
        await asyncio.wait((task, place.known), return_when=asyncio.FIRST_COMPLETED)

    async def end_oldest(self) -> int:
        """The number of the oldest member, once it is in the ledger. Raises what it raised."""
        oldest = self._members[0]
        await asyncio.wait((oldest.task,))
        oldest.task.result()
        self._members.popleft()
        return oldest.number

    def cancel(self) -> None:
        for each in self._members:
            each.task.cancel()

    async def ended(self) -> None:
        """Wait for those that are left. What they raise is not needed: a member that is not counted as done is taken again."""
        if self._members:
            await asyncio.wait([each.task for each in self._members])


def _has_failed(member: Member) -> bool:
    return member.task.done() and (member.task.cancelled() or member.task.exception() is not None)


def _seen(task: asyncio.Task[None]) -> None:
    """Take the error of a task: asyncio would log the text of one that no one takes."""
    if not task.cancelled():
        task.exception()
