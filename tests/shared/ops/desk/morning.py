"""A hub in memory on a bad morning: messages that wait, dead letters, and a paused delivery. What the pages act on."""

import random
from collections.abc import Callable
from typing import Any

from shared.delivery.dead import dead_letters
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Delivery
from shared.ops.access import person
from shared.ops.desk import routes
from shared.ops.frame import Request, sign
from shared.ops.ledger import LedgerFacts
from shared.ops.page import answer
from shared.problems import Undelivered
from shared.storage.memory import MemoryStore
from tests.ledger_world import NOW, Remembering, envelope, integration, note

PATIENT = Delivery(attempts=50, first_wait=3000, longest_wait=3000, breaker_failures=99)
TEST, SECOND = "notes-to-test", "second-to-test"


def refuse(kind: Any, code: str) -> Callable[[dict[str, Any]], None]:
    def behave(read: dict[str, Any]) -> None:
        raise Undelivered(kind=kind, code=code, text="refused")

    return behave


class Morning:
    """Two integrations on one store; ``clock`` is their time."""

    def __init__(self) -> None:
        self.clock = NOW
        self.destinations = {name: Remembering() for name in (TEST, SECOND)}
        made = {name: integration(one, name, delivery=PATIENT) for name, one in self.destinations.items()}
        emit = lambda name, **keys: None  # noqa: E731
        self.hub = Hub(MemoryStore(self.now), made, self.now, random.Random(1), emit)

    def now(self) -> float:
        return self.clock

    async def happens(self) -> "Morning":
        """Three dead letters, then two lanes that wait, one with a message behind, and one lane of the other integration."""
        self.destinations[TEST].behave = refuse("permanent", "ack-AR")
        for control in ("D1", "D2", "D3"):
            await self.send(TEST, control, control)
        self.destinations[TEST].behave = refuse("transient", "ack-AE")
        self.destinations[SECOND].behave = refuse("transient", "http-503")
        for name, control, lane in ((TEST, "W1", "A"), (TEST, "W2", "A"), (TEST, "W3", "B"), (SECOND, "W4", "C")):
            await self.send(name, control, lane)
            self.clock += 400
        return self

    async def send(self, name: str, control: str, lane: str) -> None:
        await accept(self.hub.integrations[name], envelope(note(control, lane=lane, name="<b>Canary</b>"), name), self.hub)
        await self.settled()

    async def settled(self) -> None:
        while self.hub.tasks:
            await next(iter(self.hub.tasks))

    async def dead(self, name: str = TEST) -> dict[str, str]:
        """The ids of the dead letters by control id."""
        return {one["control"]: one["id"] for one in await dead_letters(name, self.hub)}

    async def ask(
        self, method: str, path: str, *, query: dict[str, str] | None = None, role: str = "admin", **form: str
    ) -> Answer:
        """A call of the page on a developer's machine, in a role; a form has the token of its page."""
        headers = {"cookie": f"hub-sample-role={role}"}
        made = Request(method, path, query or {}, headers, form, secret=b"s", day="d", on_developers_machine=True)
        who = person(headers, on_developers_machine=True)
        assert who is not None
        return await self.answer(
            Request(
                method,
                path,
                made.query,
                headers,
                {"token": sign(made, who)} | form,
                secret=b"s",
                day="d",
                on_developers_machine=True,
            )
        )

    async def answer(self, request: Request) -> Answer:
        """As the door answers it."""
        if routes.is_here(request):
            return await routes.answer(request, self.hub)
        return await answer(request, LedgerFacts(self.hub))
