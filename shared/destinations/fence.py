"""Whether a send may still begin: looked at right before the first byte, by the destination itself.

A process that was stopped and woke up late must not send: the lane may be another worker's by then, and a newer message of the
same patient may have been delivered. The pipeline says how much of the claim is left; a destination that opens connections or
asks for tokens first looks again when it is about to write.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.problems import Interrupted

_LEFT: ContextVar[Callable[[], float]] = ContextVar("left")


class Late(Interrupted):
    """The claim under which this was to be sent has ended: nothing may be sent any more."""


@contextmanager
def until(left: Callable[[], float]) -> Iterator[None]:
    """Sends inside the block may begin while ``left()``, in seconds, is above 0."""
    token = _LEFT.set(left)
    try:
        yield
    finally:
        _LEFT.reset(token)


def check() -> None:
    """Raises ``Late``; without a pipeline around it (a test, a command) a send may always begin."""
    left = _LEFT.get(None)
    if left is not None and left() <= 0:
        raise Late
