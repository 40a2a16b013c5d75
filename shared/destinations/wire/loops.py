"""One value for each event loop: a connection belongs to the loop that made it, and a declaration outlives many loops."""

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One value for each running loop and key, made when it is first used."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: dict[tuple[AbstractEventLoop, object], T] = {}

    def get(self, key: object) -> T:
        """The value of this loop. Values of closed loops are removed."""
        self._held = {held: value for held, value in self._held.items() if not held[0].is_closed()}
        place = (get_running_loop(), key)
        if place not in self._held:
            self._held[place] = self._make()
        return self._held[place]

    def take(self, key: object) -> T | None:
        """Remove and return the value of this loop; ``None`` if there is none."""
        return self._held.pop((get_running_loop(), key), None)
