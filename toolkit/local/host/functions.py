"""What the host knows of a function, what it hands to one, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

Binding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as its decorators declare it (the members of a ``function.json``)."""

    name: str
    bindings: tuple[Binding, ...]
    id: str = ""

    @property
    def trigger(self) -> Binding:
        return next(binding for binding in self.bindings if binding["type"].lower().endswith("trigger"))

    @property
    def kind(self) -> str:
        """``httpTrigger``, ``queueTrigger``, ``eventGridTrigger`` or ``timerTrigger``."""
        return str(self.trigger["type"])


class Value(NamedTuple):
    """A value on its way to a function: ``kind`` is ``string``, ``bytes``, ``json`` or ``http``."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation."""

    id: str
    function: Function
    value: Value
    metadata: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    details: str = ""
    traceparent: str = ""
    tracestate: str = ""


class Reply(NamedTuple):
    """An HTTP answer as the function gave it."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes


class Done(NamedTuple):
    """How an invocation ended; ``error`` is the exception's text as the worker reports it, ``stack`` its traceback."""

    ok: bool
    returned: Value | None = None
    error: str = ""
    stack: str = ""


class Worker(Protocol):
    """Who loads the app and runs its functions."""

    functions: tuple[Function, ...]

    async def invoke(self, call: Call) -> Done: ...
