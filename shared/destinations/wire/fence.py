"""Whether a send may still begin. The destination checks this immediately before the first byte.

A process that was paused and resumed late must not send: by then another worker may hold the lane, and may have delivered a newer
message of the same patient. The caller sets how much time is left of the claim. A destination that first opens a connection or
gets a token checks again when it is about to write.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.problems import Interrupted

_LEFT: ContextVar[Callable[[], float]] = ContextVar("left")


class Late(Interrupted):
    """The claim on the lane has expired, so nothing may be sent."""


@contextmanager
def until(left: Callable[[], float]) -> Iterator[None]:
    """Sends inside the block may begin while ``left()``, in seconds, is above 0."""
    token = _LEFT.set(left)
    try:
        yield
    finally:
        _LEFT.reset(token)


def check() -> None:
    """Raises ``Late`` if no time is left. Outside ``until`` (a test, a command) a send may always begin."""
    left = _LEFT.get(None)
    if left is not None and left() <= 0:
        raise Late
