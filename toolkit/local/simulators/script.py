"""The next behaviours of a simulator, in order, then the usual one."""

from collections import deque
from collections.abc import Collection


class Script:
    """Behaviours by name, each with an optional number: ``late:2.5``."""

    def __init__(self, known: Collection[str], usual: str = "ok") -> None:
        self.known, self.usual = known, usual
        self._next: deque[str] = deque()

    def will(self, *behaviours: str) -> None:
        """Meet the next messages so, one each; ``ValueError`` for a behaviour that is not known."""
        self._next.extend(self._checked(behaviour) for behaviour in behaviours)

    def always(self, behaviour: str) -> None:
        """Meet every message so, once the row is used up."""
        self.usual = self._checked(behaviour)

    def forget(self) -> None:
        """Behave from now on."""
        self._next.clear()
        self.usual = "ok"

    def next(self) -> tuple[str, float]:
        """The behaviour for this message, and its number (0 when none was given)."""
        name, _, number = (self._next.popleft() if self._next else self.usual).partition(":")
        return name, float(number or 0)

    def _checked(self, behaviour: str) -> str:
        name, _, number = behaviour.partition(":")
        if name not in self.known:
            raise ValueError(f"no such behaviour: {name}; known: {', '.join(self.known)}")
        float(number or 0)
        return behaviour
