"""Connections belong to the event loop that made them; a declaration outlives many loops."""

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One value per running loop and key, made when first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: dict[tuple[AbstractEventLoop, object], T] = {}

    def get(self, key: object) -> T:
        """The value of this loop; those of loops that are closed are forgotten."""
        self._held = {held: value for held, value in self._held.items() if not held[0].is_closed()}
        place = (get_running_loop(), key)
        if place not in self._held:
            self._held[place] = self._make()
        return self._held[place]

    def take(self, key: object) -> T | None:
        """The value of this loop, which is then forgotten."""
        return self._held.pop((get_running_loop(), key), None)
